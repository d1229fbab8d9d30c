"""Where the cells of a grid are: computed from the number of photographs, whatever their number."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtWidgets import QAbstractItemView

GAP = 8
MARGIN = 10


def fitting(width: int, wanted: int) -> tuple[int, int]:
    """Return how many cells at least `wanted` wide stand side by side, and how wide they become.

    Cells grow to fill the width: both edges are flush and all gaps are equal.
    """
    room = width - 2 * MARGIN + GAP
    columns = max(1, room // (wanted + GAP))
    return columns, max(1, room // columns - GAP)


@dataclass(frozen=True, slots=True)
class Places:
    """So many cells of one size in lines; all in logical pixels, from the top of the first one."""

    count: int
    columns: int
    cell: QSize

    @property
    def pitch(self) -> int:
        """From the top of a line of cells to the next."""
        return self.cell.height() + GAP

    @property
    def height(self) -> int:
        """The height of it all, margins included."""
        lines = -(-self.count // self.columns)
        return 2 * MARGIN + lines * self.pitch - GAP if lines else 0

    def rect(self, row: int) -> QRect:
        """Return a photograph's cell."""
        line, column = divmod(row, self.columns)
        left = MARGIN + column * (self.cell.width() + GAP)
        return QRect(QPoint(left, MARGIN + line * self.pitch), self.cell)

    def rows(self, top: int, bottom: int) -> range:
        """Return the photographs of all lines that touch a stretch, `bottom` excluded."""
        columns = self.columns
        first = max(0, (top - MARGIN) // self.pitch)
        last = max(first, -(-(bottom - MARGIN) // self.pitch))
        return range(min(self.count, first * columns), min(self.count, last * columns))

    def row_at(self, point: QPoint) -> int:
        """Return the photograph whose cell is at a point, -1 in a gap."""
        rows = self.rows(point.y(), point.y() + 1)
        return next((row for row in rows if self.rect(row).contains(point)), -1)

    def rows_touching(self, area: QRect) -> list[int]:
        """Return the photographs whose cells touch an area."""
        rows = self.rows(area.top(), area.bottom() + 1)
        return [row for row in rows if self.rect(row).intersects(area)]

    def moved(self, row: int, action: QAbstractItemView.CursorAction, lines: int) -> int:
        """Return where a key leads from a photograph; `lines` are a page, -1 is before the first.

        Left and right go in reading order, up and down stay in the column.
        """
        if row < 0:
            return 0
        move, last = QAbstractItemView.CursorAction, self.count - 1
        delta = {
            move.MoveLeft: -1,
            move.MovePrevious: -1,
            move.MoveRight: 1,
            move.MoveNext: 1,
            move.MoveUp: -self.columns,
            move.MoveDown: self.columns,
            move.MovePageUp: -self.columns * lines,
            move.MovePageDown: self.columns * lines,
            move.MoveHome: -row,
            move.MoveEnd: last - row,
        }[action]
        if action is move.MoveUp and row < self.columns:
            return row
        return min(last, max(0, row + delta))
