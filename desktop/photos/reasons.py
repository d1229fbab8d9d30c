"""Why the grid is empty, in words, with what helps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import CoreError
from core.library.photo import PhotoQuery, Shown
from desktop.photos.empty import Emptiness, Offer
from desktop.photos.words import shown_words, tr

if TYPE_CHECKING:
    from desktop.photos.grid import PhotoGrid


class Reasons:
    """Makes the empty states of one grid; their buttons emit its signals."""

    def __init__(self, grid: PhotoGrid) -> None:
        self._grid = grid
        self._first = self._make_empty(first=True)
        self._later = self._make_empty(first=False)

    def no_photographs(self, *, first: bool) -> Emptiness:
        """The project is empty; `first`: it is all there is."""
        return self._first if first else self._later

    def nothing_came(self, folder: Path) -> Emptiness:
        """The watched folder that is shown has brought no photograph yet."""
        title = tr("Nothing has come into {} yet").format(folder.name or folder)
        sentence = tr("Photographs that appear in it are edited and shown here.")
        return Emptiness("watch", title, sentence)

    def no_match(
        self, query: PhotoQuery, clear: Callable[[], None], widen: Callable[[], None]
    ) -> Emptiness:
        """There are photographs, but none that the query finds."""
        if query.text or query.shown is not Shown.ALL or query.min_rating:
            return Emptiness(
                "search",
                tr("No photograph matches"),
                _searched(query),
                [Offer(tr("Clear search and filter"), tr("Show all photographs again."), clear)],
            )
        offer = Offer(tr("Show all"), tr("Show all photographs of the project again."), widen)
        return Emptiness("folder", tr("Nothing here any more"), "", [offer])

    def unreadable(self, error: CoreError, again: Callable[[], None]) -> Emptiness:
        """The library could not be read."""
        offer = Offer(tr("Try again"), tr("Read the library again."), again, "retry")
        return Emptiness("warning", error.message, error.hint, [offer])

    def _make_empty(self, *, first: bool) -> Emptiness:
        grid = self._grid
        samples = Offer(
            tr("Try the samples"),
            tr("Add sample photographs, to see what Regrain does."),
            grid.samples_wanted.emit,
            "photo",
        )
        files = Offer(
            tr("Add photographs…"),
            tr("Choose photographs to add to this project."),
            grid.files_wanted.emit,
            "add-photos",
        )
        folder = Offer(
            tr("Add folder…"),
            tr("Add a folder with all photographs below it."),
            grid.folder_wanted.emit,
            "add-folder",
        )
        title = tr("Drop photographs or a folder here")
        sentence = tr("Nothing is changed or copied: results go into a folder of their own.")
        offers = [samples, files, folder] if first else [files, folder, samples]
        return Emptiness("drop", title, sentence, offers, drop=True)


def _searched(query: PhotoQuery) -> str:
    parts = []
    if query.text:
        parts.append(tr("“{}” in the name").format(query.text))
    if query.shown is not Shown.ALL:
        parts.append(shown_words(query.shown))
    if query.min_rating:
        parts.append(tr("at least {} of 5 stars").format(query.min_rating))
    return tr("Looked for: {}.").format(", ".join(parts))
