"""Which photographs a grid has, in which order, and those whose records are held."""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Iterable, Sequence

from core.library.ids import PhotoId
from core.library.photo import Photo

CHUNK = 120
"""How many records are asked for at once."""
MOST_HELD = 6000


class Rows:
    """An order of ids, with the records of those that were looked at last."""

    def __init__(self) -> None:
        self.ids: Sequence[int] = array("q")
        self._photos: OrderedDict[int, Photo] = OrderedDict()
        self._stale: set[int] = set()
        self._row_of: dict[int, int] | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def arrange(self, ids: Sequence[int]) -> None:
        """Take another order; records that are held stay, they are of the same photographs."""
        self.ids = ids
        self._row_of = None

    def photo(self, row: int) -> Photo | None:
        """Return a row's record as it was last read, None while it is not held."""
        return self._photos.get(self.ids[row])

    def fresh(self, row: int) -> bool:
        """Return whether a row's record is held and not out of date."""
        key = self.ids[row]
        return key in self._photos and key not in self._stale

    def row_of(self, photo: int) -> int:
        """Return where a photograph is, -1 if nowhere."""
        if self._row_of is None:
            self._row_of = {key: row for row, key in enumerate(self.ids)}
        return self._row_of.get(photo, -1)

    def chunk(self, number: int) -> list[PhotoId]:
        """Return the ids of a chunk whose records are to be asked for."""
        first = number * CHUNK
        part = self.ids[first : first + CHUNK]
        return [PhotoId(key) for key in part if key not in self._photos or key in self._stale]

    def keep(self, photos: Iterable[Photo]) -> list[int]:
        """Hold records; return the rows that they stand in."""
        rows = []
        for photo in photos:
            self._photos[photo.id] = photo
            self._photos.move_to_end(photo.id)
            self._stale.discard(photo.id)
            rows.append(self.row_of(photo.id))
        while len(self._photos) > MOST_HELD:
            gone, _ = self._photos.popitem(last=False)
            self._stale.discard(gone)
        return [row for row in rows if row >= 0]

    def record(self, photo: int) -> Photo | None:
        """Return a photograph's record if it is held."""
        return self._photos.get(photo)

    def records(self) -> Iterable[Photo]:
        """Return all records that are held."""
        return self._photos.values()

    def spoil(self) -> None:
        """All records are out of date; they are shown until they were read again."""
        self._stale = set(self._photos)

    def clear(self) -> None:
        """Hold nothing."""
        self.arrange(array("q"))
        self._photos.clear()
        self._stale.clear()


def runs(rows: Iterable[int]) -> list[tuple[int, int]]:
    """Return ascending runs (first, last) of neighbouring rows.

    >>> runs([3, 1, 2, 7])
    [(1, 3), (7, 7)]
    """
    found: list[tuple[int, int]] = []
    for row in sorted(set(rows)):
        if found and found[-1][1] == row - 1:
            found[-1] = (found[-1][0], row)
        else:
            found.append((row, row))
    return found
