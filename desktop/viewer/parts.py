"""The viewer's parts and how they lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from desktop.backend import Backend
from desktop.viewer.canvas import Canvas
from desktop.viewer.card import Card
from desktop.viewer.decision_bar import DecisionBar
from desktop.viewer.facts_panel import FactsPanel
from desktop.viewer.loupe import Loupe
from desktop.viewer.path_line import PathLine
from desktop.viewer.pointer import Pointer
from desktop.viewer.reader import PictureReader
from desktop.viewer.strip import Strip
from desktop.viewer.top_bar import TopBar
from desktop.viewer.versions import VersionsBar

if TYPE_CHECKING:
    from desktop.photos.pictures import PictureLoader


class Parts:
    """The widgets that make up the viewer, children of `owner`."""

    def __init__(
        self,
        owner: QWidget,
        backend: Backend,
        reader: PictureReader,
        pictures: PictureLoader | None,
    ) -> None:
        self.canvas = Canvas(reader, owner)
        self.pointer = Pointer(self.canvas)
        self.loupe = Loupe(self.canvas, reader)
        self.card = Card(self.canvas)
        self.top = TopBar(owner)
        self.decisions = DecisionBar(owner)
        self.line = PathLine(owner)
        self.facts = FactsPanel(owner)
        self.versions = VersionsBar(backend, pictures)
        self.strip = Strip(pictures, _tr("Neighbours"), captions=False)
        self.working = QProgressBar(owner)
        self.working.setTextVisible(False)
        self.working.setFixedHeight(3)
        keep = self.working.sizePolicy()
        keep.setRetainSizeWhenHidden(True)
        self.working.setSizePolicy(keep)
        self.working.setAccessibleName(_tr("Progress of this photograph"))
        self._lay_out(owner)
        for part in (self.facts, self.versions, self.strip, self.working):
            part.hide()

    def _lay_out(self, owner: QWidget) -> None:
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.canvas, 1)
        middle.addWidget(self.facts)
        column = QVBoxLayout(owner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.top)
        column.addWidget(self.working)
        column.addLayout(middle, 1)
        column.addWidget(self.line)
        column.addWidget(self.versions)
        column.addWidget(self.decisions)
        column.addWidget(self.strip)


def _tr(text: str) -> str:
    return QCoreApplication.translate("viewer", text)
