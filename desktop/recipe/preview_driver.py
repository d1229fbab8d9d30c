"""When to ask for a preview while dials move: at once, then the latest, never faster than it is."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from core.events import Box, PreviewFailed, PreviewKind, PreviewPart
from core.recipe import EditSettings

if TYPE_CHECKING:
    from core.runner.previews import PreviewRequest

_PATIENCE_MS = 400
"""How long a newer wish waits for the first picture of the one that is being made."""

_RESULTS = (PreviewKind.DRAFT, PreviewKind.FULL)


class PreviewDriver(QObject):
    """Turns what is shown and dialed into PreviewRequests, and their answers into pictures.

    A first wish is sent at once. While it has no picture yet, later wishes wait and only the last
    of them is sent: a dial that moves all the time would otherwise never show anything.
    """

    request = Signal(object)
    """A PreviewRequest for the rendering thread."""
    picture = Signal(object)
    """A PreviewPart that shows the result: DRAFT, then FULL."""
    stage = Signal(object)
    """A PreviewPart of the filmstrip: NOISY or GUESS."""
    started = Signal(object)
    """The PreviewRequest whose pictures come next: what the filmstrip shows is old."""
    failed = Signal(object)
    """A PreviewFailed for what is shown now."""
    busy_changed = Signal(bool)
    noise_found = Signal(float, float)
    """The noise that was found in the photograph and how much of it in colour, of 255."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._numbers = itertools.count(1)
        self._source: Path | None = None
        self._edit: EditSettings | None = None
        self._box: Box | None = None
        self._max_side = 1600
        self._stages = self._on = False
        self._sent: PreviewRequest | None = None
        self._waits = self._answered = self._busy = False
        self._patience = QTimer(self, interval=_PATIENCE_MS, singleShot=True)
        self._patience.timeout.connect(self._send_waiting)

    @property
    def busy(self) -> bool:
        """Whether the full picture of the latest wish is still to come."""
        return self._busy

    @Slot(bool)
    def set_on(self, on: bool) -> None:
        """Ask for previews, or stop asking."""
        if on != self._on:
            self._on = on
            self._want()

    @Slot(object)
    def set_source(self, source: Path | None) -> None:
        """Preview this photograph; the part of the one before is forgotten."""
        if source != self._source:
            self._source, self._box = source, None
            self._want(at_once=True)

    @Slot(object)
    def set_edit(self, edit: EditSettings) -> None:
        """Preview with these settings."""
        if edit != self._edit:
            self._edit = edit
            self._want()

    @Slot(object)
    def set_box(self, box: Box | None) -> None:
        """Preview this part, in the photograph's upright pixels; None: all of it."""
        if box != self._box:
            self._box = box
            self._want()

    @Slot(int)
    def set_max_side(self, side: int) -> None:
        """Bound the pictures that come back."""
        if side != self._max_side:
            self._max_side = side
            self._want()

    @Slot(bool)
    def set_stages(self, stages: bool) -> None:
        """Ask for the noisy pictures and the guesses too."""
        if stages != self._stages:
            self._stages = stages
            if stages:
                self._want()

    @Slot(object)
    def take(self, event: object) -> None:
        """Take an event of the rendering thread; what belongs to no wish of now is dropped."""
        if isinstance(event, PreviewPart) and self._concerns(event.request):
            self._take_part(event)
        elif isinstance(event, PreviewFailed) and self._concerns(event.request):
            self._answered = True
            self._set_busy(False)
            self.failed.emit(event)
            self._send_waiting()

    def _take_part(self, part: PreviewPart) -> None:
        if part.kind not in _RESULTS:
            self.stage.emit(part)
            return
        self._answered = True
        noise = part.facts.get("noise")
        if isinstance(noise, int | float):
            chroma = part.facts.get("noise_chroma", 0.0)
            self.noise_found.emit(float(noise), float(chroma))
        if part.kind is PreviewKind.FULL:
            self._set_busy(False)
        self.picture.emit(part)
        self._send_waiting()

    def _concerns(self, request: int) -> bool:
        """Say whether it is the latest wish that was sent and still shows what is looked at."""
        sent = self._sent
        return sent is not None and request == sent.request and sent.source == self._source

    def _want(self, *, at_once: bool = False) -> None:
        if not self._on or self._source is None or self._edit is None:
            self._waits = False
            self._set_busy(False)
            return
        self._waits = True
        if at_once or not self._patience.isActive() or self._answered:
            self._send_waiting()

    @Slot()
    def _send_waiting(self) -> None:
        if not self._waits or self._source is None or self._edit is None:
            return
        # The runner brings SQLAlchemy with it, which the window loads after it is painted.
        from core.runner.previews import PreviewRequest

        self._waits = self._answered = False
        self._sent = PreviewRequest(
            request=next(self._numbers),
            source=self._source,
            edit=self._edit,
            box=self._box,
            max_side=self._max_side,
            stages=self._stages,
        )
        self._patience.start()
        self._set_busy(True)
        self.started.emit(self._sent)
        self.request.emit(self._sent)

    def _set_busy(self, busy: bool) -> None:
        if busy != self._busy:
            self._busy = busy
            self.busy_changed.emit(busy)
