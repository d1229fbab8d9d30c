"""Between Qt's ranges of rows and ids of photographs; a selection of 100,000 is one range."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QAbstractItemModel, QItemSelection, QItemSelectionModel

from core.library.ids import PhotoId
from desktop.photos.rows import runs


def selected_ids(selection: QItemSelectionModel, ids: Sequence[int]) -> list[PhotoId]:
    """Return the selected photographs in the order of `ids`."""
    chosen = selection.selection()
    parts = [chosen.at(place) for place in range(chosen.size())]
    found: list[PhotoId] = []
    for part in sorted(parts, key=lambda part: part.top()):
        found += [PhotoId(key) for key in ids[part.top() : part.bottom() + 1]]
    return found


def ranges(model: QAbstractItemModel, rows: Iterable[int]) -> QItemSelection:
    """Return a selection of these rows."""
    selection = QItemSelection()
    if isinstance(rows, range) and rows.step == 1:
        parts = [(rows[0], rows[-1])] if rows else []
    else:
        parts = runs(rows)
    for first, last in parts:
        selection.select(model.index(first, 0), model.index(last, 0))
    return selection
