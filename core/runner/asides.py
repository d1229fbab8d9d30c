"""What is asked of the render process besides batches: previews, devices, being ready."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from core.engine.host import Died, Pictured
from core.engine.messages import DevicesFound, EngineFailed, MakePreview, ModelLoaded
from core.engine.messages import PreviewTrouble as Trouble
from core.errors import CoreError
from core.events import DevicesDetected, ModelLoading, ModelReady, PreviewFailed, PreviewPart
from core.models.spec import BUILTIN_ID, ModelRegistry, ModelSpec
from core.personal import Personal, personal
from core.recipe import EditSettings
from core.runner.engine import Engine, cannot_start
from core.runner.previews import PreviewRequest
from core.runner.report import Report

_log = logging.getLogger(__name__)

Aside = Pictured | Trouble | DevicesFound


class Asides:
    """Asked from any thread; all else is the runner's thread's.

    Args:
        max_pixels: larger photographs are refused.
        personal: says what a recipe means for one photograph.
    """

    def __init__(
        self,
        engine: Engine,
        registry: ModelRegistry,
        report: Report,
        max_pixels: int,
        personal: Personal = personal,
    ) -> None:
        self._engine = engine
        self._registry = registry
        self._report = report
        self._max_pixels = max_pixels
        self._personal = personal
        self._asking = threading.Lock()
        self._wanted: PreviewRequest | None = None
        self._newest = -1
        self._detect = self._warm_up = False
        self._orders: list[Callable[[], None]] = []

    def use(self, engine: Engine) -> None:
        """Ask another render process from now on; on the runner's thread."""
        self._engine = engine

    # from any thread

    def preview(self, request: PreviewRequest) -> None:
        """Want a preview; one that was wanted before is forgotten."""
        with self._asking:
            self._wanted, self._newest = request, request.request

    def detect(self) -> None:
        """Want to know the devices."""
        self._detect = True

    def warm_up(self) -> None:
        """Want the built-in model to be ready."""
        self._warm_up = True

    def do(self, act: Callable[[], None]) -> None:
        """Want something to be done on the runner's thread."""
        with self._asking:
            self._orders.append(act)

    # on the runner's thread

    def pump(self, *, busy: bool) -> None:
        """Hand over what is wanted and can be had now; `busy`: photographs are in work."""
        self._obey()
        if self._detect:
            self._detect = False
            self._start(self._engine.detect)
        if self._warm_up and not busy:
            self._warm_up = False
            if BUILTIN_ID in self._registry.specs and not self._engine.has_any:
                self._load(self._registry.specs[BUILTIN_ID])
        wanted = self._wanted
        if wanted is not None:
            self._pump_preview(wanted, busy=busy)

    def hear(self, message: Aside) -> None:
        """Tell of an answer."""
        if isinstance(message, DevicesFound):
            self._report.emit(DevicesDetected(message.devices))
        elif isinstance(message, Trouble):
            self._fail(message.request, message.message, message.hint)
        elif message.message.request == self._newest:
            picture = message.message
            self._report.emit(
                PreviewPart(
                    request=picture.request,
                    kind=picture.shows,
                    box=picture.box,
                    width=picture.width,
                    height=picture.height,
                    jpeg=message.jpeg,
                    step=picture.step,
                    steps=picture.steps,
                    facts=picture.facts,
                    seconds=picture.seconds,
                )
            )

    def model_loaded(self, message: ModelLoaded) -> None:
        """A model that no batch asked for is there."""
        self._report.emit(ModelReady(message.model, message.device, message.dtype, message.seconds))

    def load_failed(self, message: EngineFailed) -> None:
        """A model that no batch asked for cannot be had; a batch that wants it will say so."""
        _log.warning("no model for previews: %s", message.message)
        self._fail_wanted(message.message, message.hint)

    def died(self, died: Died) -> None:
        """The process ended: what it was to show is not shown; the next request starts it again."""
        words = f"The render process {died.death.describe()} while it made the preview."
        if died.preview is not None:
            self._fail(died.preview, words, "Try again; a batch says more about the photograph.")
        elif died.death.native or died.hung:
            self._fail_wanted(words, "Try again, or see the log.")

    def _obey(self) -> None:
        with self._asking:
            orders, self._orders = self._orders, []
        for order in orders:
            order()

    def _pump_preview(self, wanted: PreviewRequest, *, busy: bool) -> None:
        try:
            spec = self._registry.get(wanted.edit.model)
            edit = self._personal(wanted.edit, wanted.source)
        except CoreError as error:
            self._fail_wanted(error.message, error.hint)
            return
        if self._engine.has(spec):
            self._take(wanted)
            self._start(lambda: self._engine.preview(self._message(wanted, spec, edit)))
        elif self._engine.loading:
            return
        elif busy:
            self._fail_wanted(
                "Another model is at work on a batch.", "The preview is made when that is done."
            )
        else:
            self._load(spec)

    def _message(self, wanted: PreviewRequest, spec: ModelSpec, edit: EditSettings) -> MakePreview:
        return MakePreview(
            request=wanted.request,
            model=spec.id,
            source=wanted.source,
            edit=edit,
            box=wanted.box,
            max_side=wanted.max_side,
            stages=wanted.stages,
            max_pixels=self._max_pixels,
        )

    def _load(self, spec: ModelSpec) -> None:
        self._report.emit(ModelLoading(spec.id))
        self._start(lambda: self._engine.warm_up(spec))

    def _start(self, act: Callable[[], None]) -> None:
        """Do what may have to start the process first."""
        try:
            act()
        except OSError as error:
            stopped = cannot_start(error)
            _log.warning("%s %s", stopped.message, stopped.hint)
            self._fail_wanted(stopped.message, stopped.hint)

    def _take(self, wanted: PreviewRequest) -> None:
        with self._asking:
            if self._wanted is wanted:
                self._wanted = None

    def _fail_wanted(self, message: str, hint: str) -> None:
        wanted = self._wanted
        if wanted is not None:
            self._take(wanted)
            self._fail(wanted.request, message, hint)

    def _fail(self, request: int, message: str, hint: str) -> None:
        if request == self._newest:
            self._report.emit(PreviewFailed(request, message, hint))
