"""Earlier results of photographs: kept when they are redone, brought back by exchange."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from sqlalchemy import Row, select

from core.errors import CoreError
from core.library import version_rows
from core.library.catalog import Catalog
from core.library.database import Database
from core.library.ids import PhotoId
from core.library.photo import Version
from core.library.records import FileStat
from core.library.tables import asset, photo
from core.library.trash import Send, send_to_trash
from core.library.version_files import VersionFiles, cannot, changed
from core.outputs.fsops import FsOps


def versions_folder(library: Path) -> Path:
    """Return where a library keeps its earlier results."""
    whole = library.resolve()
    return whole.with_name(f"{whole.name}.versions")


class Versions:
    """The stacks of one library; their files lie in `folder`."""

    def __init__(
        self,
        database: Database,
        folder: Path,
        fs: FsOps | None = None,
        send: Send = send_to_trash,
    ) -> None:
        self.folder = folder
        self._database = database
        self._catalog = Catalog(database)
        self._files = VersionFiles(folder, database.library_id, fs or FsOps())
        self._send = send

    def keep(self, which: PhotoId, path: Path) -> Version | None:
        """Put the photograph's result at `path` on its stack, before it is made again.

        Its bytes are copied and synced first, then recorded; what is on the stack already is not
        put there twice. None when there is no result of this photograph with its recorded bytes:
        what another program changed is never replaced, so it needs no keeping.

        Raises:
            CoreError: it cannot be copied; nothing is changed.
        """
        source = self._source_of(which)
        entry = self._catalog.result_at(path)
        if entry is None or entry.source != source or not self._catalog.standing(entry):
            return None
        with self._database.read() as connection:
            rows = version_rows.read_same(connection, entry)
        known = next((row for row in rows if self._files.stands(self._files.path(row))), None)
        if known is None:
            name = self._files.copy_in(entry)
            known = self._database.write(lambda c: version_rows.insert_kept(c, entry, name))
        return self._version(known, which)

    def stack(self, which: PhotoId) -> list[Version]:
        """Return a photograph's earlier results, newest first; the standing one is not among them.

        One whose way back was cut off after its bytes stood again is settled now.
        """
        rows = self._rows(which)
        settled = [self._came_back(row, which) for row in rows]
        if any(settled):
            rows = self._rows(which)
        return [self._version(row, which) for row in rows if self._is_earlier(row)]

    def _rows(self, which: PhotoId) -> list[Row[Any]]:
        with self._database.read() as connection:
            return version_rows.read_stack(connection, which)

    def _is_earlier(self, row: Row[Any]) -> bool:
        """Whether a version is there and is not what stands now."""
        standing = row.standing and self._files.holds(row.folder / row.name, row.sha256)
        return self._files.stands(self._files.path(row)) and not standing

    def _came_back(self, row: Row[Any], which: PhotoId | None) -> bool:
        """Settle a version whose way back was cut off after its bytes stood; whether it was so."""
        if not row.coming_back:
            return False
        stands = self._files.holds(row.folder / row.name, row.sha256)
        try:
            stands = self._clear(row, stands=stands)
        except OSError:
            return False  # a drive that is away: looked at again later
        if stands:
            self._settle(row, which)
        return stands

    def _clear(self, row: Row[Any], *, stands: bool) -> bool:
        """Clear what was left beside the place; return whether the version stands still."""
        left = self._files.left_over(row)
        if left is None:
            return stands
        with self._database.read() as connection:
            ours = left == row.sha256 or version_rows.is_kept(connection, row.asset_id, left)
        if stands and not ours:
            # Changed between our look and the exchange: theirs goes back.
            self._files.put_back(row)
        if stands or ours:
            self._files.clear(row)
        return stands and ours

    def settle(self) -> None:
        """Record every version whose way back was cut off after its bytes stood.

        Without it the next run would take the result for another program's. What cannot be looked
        at now, on a drive that is away, is left to a later call.
        """
        with self._database.read() as connection:
            rows = version_rows.read_coming_back(connection)
        for row in rows:
            with contextlib.suppress(CoreError):
                self._came_back(row, None)

    def drop(self, version: Version) -> None:
        """Move an earlier result to the system's trash; the standing one is not touched.

        Raises:
            CoreError: there is no trash for its disk; it is kept.
        """
        try:
            if self._files.stands(version.path):
                self._send(version.path)
        except OSError as error:
            raise CoreError(
                f"{version.path} cannot be moved to the trash: {error.strerror or error}.",
                hint="It is still kept.",
            ) from error
        self._database.write(lambda c: version_rows.forget(c, version.id))

    def bring_back(self, version: Version) -> Path:
        """Let an earlier result stand again under its name; the standing one goes on the stack.

        Returns where it stands. The standing file is kept before anything is exchanged.

        Raises:
            OutputWriteError: name_taken, another program's file or changes are there.
            CoreError: the photograph is being edited, or a file cannot be read or written.
        """
        with self._database.read() as connection:
            row = version_rows.read_one(connection, version.id)
            busy = version_rows.is_open(connection, row.asset_id, row.folder / row.name)
        place: Path = row.folder / row.name
        if busy:
            raise CoreError(
                f"{place.name} is being made anew.", hint="Wait until it is done, or cancel it."
            )
        if self._came_back(row, version.photo):
            return place
        self._keep_shown(version.photo, place)
        self._database.write(lambda c: version_rows.mark_coming_back(c, row.id))
        if not self._files.holds(place, row.sha256):
            self._files.place(row, self._put_aside(version.photo, place))
        self._settle(row, version.photo)
        return place

    # the standing file

    def _keep_shown(self, which: PhotoId, place: Path) -> None:
        """Keep what the photograph shows from another place, where it goes on standing."""
        with self._database.read() as connection:
            shown = version_rows.read_shown(connection, which)
        if shown is not None and shown != place:
            self.keep(which, shown)

    def _put_aside(self, which: PhotoId, place: Path) -> str | None:
        """Keep what stands; return its hash, None when nothing does."""
        if not self._files.stands(place):
            return None
        if self.keep(which, place) is None:
            raise changed(place)
        entry = self._catalog.result_at(place)
        return None if entry is None else entry.sha256

    def _settle(self, row: Row[Any], which: PhotoId | None) -> None:
        """Record the version as the standing result; its copy is not needed any more."""
        place: Path = row.folder / row.name
        try:
            found = FileStat.of(place.lstat())
        except OSError as error:
            raise cannot(place, error) from error
        self._database.write(lambda c: version_rows.record_standing(c, row, found, which))
        self._files.forget(row)

    def _source_of(self, which: PhotoId) -> Path | None:
        query = select(asset.c.path).join_from(photo, asset).where(photo.c.id == which)
        with self._database.read() as connection:
            return connection.scalar(query)

    def _version(self, row: Row[Any], which: PhotoId) -> Version:
        return Version(row.id, which, self._files.path(row), row.created, row.note, row.recipe)
