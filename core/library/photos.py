"""A project's photographs: added, put in order, rated, moved, found again; no file is touched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from sqlalchemy import update

from core.library import (
    photo_add,
    photo_files,
    photo_marks,
    photo_moves,
    photo_query,
    photo_rows,
    photo_sources,
)
from core.library.chunks import among
from core.library.database import Database
from core.library.ids import PhotoId, ProjectId
from core.library.photo import (
    Added,
    Decision,
    FileFacts,
    Photo,
    PhotoQuery,
    Relocated,
    Shown,
    Source,
)
from core.library.records import JobItem
from core.library.tables import photo
from core.library.views import read_items_of, recipe_of, recipe_text
from core.recipe import Recipe
from core.scan import ScannedFile

MOST_STARS = 5


class Photos:
    """The photographs of one library. Ids that are not there any more are passed over."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # what a project holds

    def add(self, project: ProjectId, files: Sequence[ScannedFile | Path]) -> Added:
        """Add files, each once; `photos` of the answer are the new ones in the files' order.

        Their size and time are looked up; they are not read. One that was removed comes back with
        its stars and results.
        """
        found = [photo_add.look_at(file) for file in files]
        return self._database.write(lambda c: photo_add.store(c, project, found))

    def remove(self, ids: Iterable[PhotoId]) -> None:
        """Take photographs off the project; `restore` and adding them bring them back."""
        self._set_removed(ids, removed=True)

    def restore(self, ids: Iterable[PhotoId]) -> None:
        """Undo `remove`."""
        self._set_removed(ids, removed=False)

    def _set_removed(self, ids: Iterable[PhotoId], *, removed: bool) -> None:
        statement = update(photo).where(among(photo.c.id, ids)).values(removed=removed)
        self._database.write(lambda connection: connection.execute(statement))

    def move(self, ids: Sequence[PhotoId], project: ProjectId) -> Mapping[PhotoId, ProjectId]:
        """Move photographs to another project; return where those that moved were, for undo.

        What the other project holds already is not moved.
        """
        return self._database.write(lambda c: photo_moves.move(c, ids, project))

    # looking

    def order(self, query: PhotoQuery) -> list[PhotoId]:
        """Return which photographs there are, in the order asked for."""
        with self._database.read() as connection:
            return photo_query.read_order(connection, query)

    def count(self, query: PhotoQuery) -> int:
        """Return how many photographs there are."""
        with self._database.read() as connection:
            return photo_query.read_count(connection, query)

    def status_counts(self, project: ProjectId) -> Mapping[Shown, int]:
        """Return how many photographs the grid would show under each heading."""
        with self._database.read() as connection:
            return photo_query.read_status_counts(connection, project)

    def rows(self, ids: Sequence[PhotoId]) -> list[Photo]:
        """Return photographs in the order of `ids`; those that are gone are absent."""
        with self._database.read() as connection:
            return photo_rows.read_rows(connection, ids)

    def files(self, ids: Sequence[PhotoId]) -> list[ScannedFile]:
        """Return photographs as a scan finds them, in the order of `ids`, for a batch."""
        with self._database.read() as connection:
            return photo_rows.read_files(connection, ids)

    def edits(self, which: PhotoId) -> list[JobItem]:
        """Return what the project's batches made of a photograph, newest first."""
        with self._database.read() as connection:
            return read_items_of(connection, which)

    def by_paths(self, project: ProjectId, paths: Iterable[Path]) -> Mapping[Path, PhotoId]:
        """Return those of the project's photographs that lie under these paths."""
        with self._database.read() as connection:
            return photo_files.read_by_paths(connection, project, paths)

    def find_source_of(self, output: Path | str) -> Photo | None:
        """Return the photograph that a result was made of.

        `output` is the result's path, read where the path is not a recorded one; or the sha256 of
        a result's or of an original's bytes.
        """
        return photo_moves.find_source_of(self._database, output)

    # what the user says

    def rate(self, ids: Iterable[PhotoId], stars: int) -> Mapping[PhotoId, int]:
        """Give photographs 0 to 5 stars; return what they had."""
        return self.set_ratings(dict.fromkeys(ids, stars))

    def set_ratings(self, ratings: Mapping[PhotoId, int]) -> Mapping[PhotoId, int]:
        """Give each photograph its stars; return what they had."""
        wrong = [stars for stars in ratings.values() if not 0 <= stars <= MOST_STARS]
        if wrong:
            raise ValueError(f"{wrong[0]} is no number of stars")
        return self._database.write(lambda c: photo_marks.set_marks(c, photo.c.rating, ratings))

    def decide(self, ids: Iterable[PhotoId], decision: Decision) -> Mapping[PhotoId, Decision]:
        """Keep or reject results, or neither; return what was said before."""
        return self.set_decisions(dict.fromkeys(ids, decision))

    def set_decisions(self, decisions: Mapping[PhotoId, Decision]) -> Mapping[PhotoId, Decision]:
        """Give each photograph's result its decision; return what was said before."""
        before = self._database.write(
            lambda c: photo_marks.set_marks(c, photo.c.decision, decisions)
        )
        return {which: Decision(word) for which, word in before.items()}

    # recipes of their own

    def recipes(self, ids: Iterable[PhotoId]) -> Mapping[PhotoId, Recipe | None]:
        """Return the photographs' own recipes; None where the project's is meant."""
        with self._database.read() as connection:
            return _recipes(photo_marks.read_marks(connection, photo.c.recipe, ids))

    def set_recipe(
        self, ids: Iterable[PhotoId], recipe: Recipe | None
    ) -> Mapping[PhotoId, Recipe | None]:
        """Give photographs one recipe of their own, or the project's again; return what was."""
        text, which = None if recipe is None else recipe_text(recipe), list(ids)
        return _recipes(
            self._database.write(lambda c: photo_marks.set_mark(c, photo.c.recipe, which, text))
        )

    def set_recipes(
        self, recipes: Mapping[PhotoId, Recipe | None]
    ) -> Mapping[PhotoId, Recipe | None]:
        """Give each photograph its own recipe; return what was."""
        texts = {
            which: None if recipe is None else recipe_text(recipe)
            for which, recipe in recipes.items()
        }
        return _recipes(
            self._database.write(lambda c: photo_marks.set_marks(c, photo.c.recipe, texts))
        )

    # files on the disk

    def sources(self, project: ProjectId) -> list[Source]:
        """Return the project's folders as a tree in one list, each before those below it."""
        with self._database.read() as connection:
            return photo_sources.read_sources(connection, project)

    def relocate(self, project: ProjectId, old: Path, new: Path) -> Relocated:
        """Look for the photographs of the folder `old` in the folder `new`.

        Those that are there keep everything that is known of them, in every project unless their
        old file still stands; the others stay as they are.
        """
        return photo_moves.relocate(self._database, project, old.absolute(), new.absolute())

    def note_files(self, facts: Sequence[FileFacts]) -> None:
        """Remember what was found of files on the disk; sizes of 0 are not known."""
        self._database.write(lambda connection: photo_files.note(connection, facts))

    def unchecked(self, project: ProjectId, limit: int) -> list[tuple[PhotoId, Path, int, int]]:
        """Return id, path, modified_ns and bytes of those looked at longest ago (`note_files`)."""
        with self._database.read() as connection:
            return photo_files.read_unchecked(connection, project, limit)


def _recipes(texts: Mapping[PhotoId, str | None]) -> dict[PhotoId, Recipe | None]:
    # Many photographs share a recipe: each text is read once.
    read = {text: recipe_of(text) for text in set(texts.values()) if text is not None}
    return {which: None if text is None else read[text] for which, text in texts.items()}
