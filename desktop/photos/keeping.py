"""Selection, current photograph and place of a grid, kept by ids while the order changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.library.ids import PhotoId

if TYPE_CHECKING:
    from desktop.photos.view import GridView


@dataclass(frozen=True, slots=True)
class Seen:
    """What was selected and in sight. `anchor` is to stay `anchor_top` pixels from the top."""

    selected: frozenset[int]
    current: int
    current_row: int
    anchor: int
    anchor_top: int


def seen_in(view: GridView) -> Seen:
    """Return what is selected and in sight: the current photograph, else the first one."""
    rows, ids, current = view.rows_in_sight(), view.photos.ids, view.currentIndex().row()
    anchor = current if current in rows else rows.start
    return Seen(
        frozenset(view.selected_ids()),
        ids[current] if current >= 0 else -1,
        current,
        ids[anchor] if rows else -1,
        view.places.rect(anchor).top() - view.verticalOffset(),
    )


def show_again(view: GridView, seen: Seen) -> None:
    """Select and show the same in the new order, as far as it is there."""
    row_of = view.photos.row_of
    if seen.selected.issuperset(view.photos.ids):
        view.selectAll()
    else:
        rows = (row_of(PhotoId(key)) for key in seen.selected)
        view.select_rows(row for row in rows if row >= 0)
    current = row_of(PhotoId(seen.current))
    if current < 0 <= seen.current_row:
        # It is gone; the one that took its place is looked at next.
        current = min(seen.current_row, len(view.photos.ids) - 1)
    if current >= 0:
        view.make_current(current)
    anchor = row_of(PhotoId(seen.anchor))
    if anchor >= 0:
        view.verticalScrollBar().setValue(view.places.rect(anchor).top() - seen.anchor_top)
