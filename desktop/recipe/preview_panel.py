"""The preview's stages below the viewer: a line on how far it is, and the filmstrip."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from core.events import PreviewFailed, PreviewKind, PreviewPart
from desktop.recipe import words
from desktop.recipe.filmstrip import Filmstrip
from desktop.theme import tokens

if TYPE_CHECKING:
    from core.runner.previews import PreviewRequest


class PreviewPanel(QWidget):
    """Shows the stages of the preview that is being made; asks for them only while it is seen."""

    stage_chosen = Signal(object)
    """The PreviewPart to be shown large."""
    stages_wanted = Signal(bool)
    """Whether stages are to be made: whether the panel is seen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(words.tr("Preview"))
        self.strip = Filmstrip()
        self.strip.chosen.connect(self.stage_chosen)
        self._title = QLabel(words.tr("Stages"))
        self._title.setObjectName("heading")
        self._line = QLabel()
        self._line.setObjectName("small")
        self._empty = QLabel(
            words.tr("Move a dial to see how the picture comes about, step by step.")
        )
        self._empty.setObjectName("muted")
        self._fresh = False
        self._lay_out()
        self._show_empty(True)

    @property
    def said(self) -> str:
        """The line on how far the preview is, or how it ended."""
        return self._line.text()

    @Slot(object)
    def begin(self, request: PreviewRequest) -> None:
        """Another preview is being made; its stages take the place of those that are shown."""
        self._fresh = True
        if request.stages:
            self._line.setText(words.tr("Working…"))

    @Slot(object)
    def take(self, part: PreviewPart) -> None:
        """Show a stage, or how the preview ended."""
        if part.kind in (PreviewKind.NOISY, PreviewKind.GUESS):
            if self._fresh:
                self.strip.clear()
                self._fresh = False
            self.strip.add(part)
            self._show_empty(False)
            self._line.setText(words.tr("Step {0} of {1}").format(part.step, part.steps))
        elif part.kind is PreviewKind.FULL:
            self._end(part)

    @Slot(object)
    def take_failure(self, failed: PreviewFailed) -> None:
        """Say why there is no preview."""
        self._line.setText(f"{failed.message} {failed.hint}".strip())

    def showEvent(self, event: QShowEvent) -> None:
        """Start asking for stages."""
        super().showEvent(event)
        self.stages_wanted.emit(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop asking for stages."""
        super().hideEvent(event)
        self.stages_wanted.emit(False)

    def _end(self, part: PreviewPart) -> None:
        note = part.facts.get("note")
        took = words.tr("{0} s").format(f"{part.seconds:.1f}")
        self._line.setText(f"{note}, {took}" if note else took)
        if self._fresh:
            # Nothing was done to the picture, so there are no stages.
            self.strip.clear()
            self._show_empty(True)

    def _show_empty(self, empty: bool) -> None:
        self._empty.setVisible(empty)
        self._rows.setVisible(not empty)
        self._scroll.setVisible(not empty)

    def _lay_out(self) -> None:
        space = tokens().space
        head = QHBoxLayout()
        head.addWidget(self._title)
        head.addSpacing(space)
        head.addWidget(self._line, 1)
        self._rows = self._names()
        self._scroll = QScrollArea()
        self._scroll.setWidget(self.strip)
        self._scroll.viewport().setAutoFillBackground(False)
        self.strip.setAutoFillBackground(False)
        self._scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setFixedHeight(self.strip.sizeHint().height() + 14)
        body = QHBoxLayout()
        body.setSpacing(space // 2)
        body.addWidget(self._rows)
        body.addWidget(self._scroll, 1)
        body.addWidget(self._empty, 1, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(space + 2, space // 2, space, space // 2)
        column.setSpacing(2)
        column.addLayout(head)
        column.addLayout(body)

    def _names(self) -> QWidget:
        """Return the rows' names, at the height of their rows."""
        names = QWidget()
        column = QVBoxLayout(names)
        top = round(self.strip.cell((0, 1)).top())
        column.setContentsMargins(0, top, 0, 14)
        for text, sentence in (
            (words.tr("Given"), words.tr("The noisy picture that the model is given.")),
            (words.tr("Guess"), words.tr("What the model takes the finished picture for so far.")),
        ):
            label = QLabel(text)
            label.setObjectName("small")
            label.setToolTip(sentence)
            column.addWidget(label, 1)
        return names
