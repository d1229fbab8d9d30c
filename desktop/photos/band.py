"""The rubber band that is drawn from a gap between photographs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QPoint, QRect
from PySide6.QtWidgets import QRubberBand

from desktop.photos.selecting import ranges

if TYPE_CHECKING:
    from desktop.photos.view import GridView

_FLAG = QItemSelectionModel.SelectionFlag
_EDGE = 24
"""Nearer than this to the upper or lower edge, the grid scrolls."""


class GapBand:
    """Selects what it touches, beside what was selected when it was begun with a key held."""

    def __init__(self, view: GridView) -> None:
        self._view = view
        self._band = QRubberBand(QRubberBand.Shape.Rectangle, view.viewport())
        self._begun: QPoint | None = None
        self._base = QItemSelection()

    @property
    def active(self) -> bool:
        """Whether it is being drawn."""
        return self._begun is not None

    def begin(self, point: QPoint, *, adding: bool) -> None:
        """Start at a point of the viewport; without `adding` nothing stays selected."""
        if not adding:
            self._view.clearSelection()
        self._base = self._view.selectionModel().selection()
        self._begun = point + QPoint(0, self._view.verticalOffset())

    def stretch(self, point: QPoint) -> None:
        """Draw it to a point of the viewport."""
        if self._begun is None:
            return
        self._scroll(point.y())
        offset = QPoint(0, self._view.verticalOffset())
        area = QRect(self._begun, point + offset).normalized()
        self._band.setGeometry(area.translated(-offset))
        self._band.show()
        touched = QItemSelection(self._base)
        rows = self._view.places.rows_touching(area)
        touched.merge(ranges(self._view.model(), rows), _FLAG.Select)
        self._view.selectionModel().select(touched, _FLAG.ClearAndSelect)

    def end(self) -> None:
        """Take it away; the selection stays."""
        self._begun = None
        self._band.hide()

    def _scroll(self, y: int) -> None:
        bar, height = self._view.verticalScrollBar(), self._view.viewport().height()
        beyond = min(0, y - _EDGE) + max(0, y - height + _EDGE)
        bar.setValue(bar.value() + beyond // 2)
