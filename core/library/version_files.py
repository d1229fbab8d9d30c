"""The files of earlier results: copied in, and exchanged with what stands."""

from __future__ import annotations

import contextlib
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Row

from core.errors import CoreError, OutputWriteError, Reason
from core.library.records import Result
from core.outputs.fsops import FsOps
from core.outputs.temporary import temporary_name


class VersionFiles:
    """One library's folder of earlier results, made when it is needed.

    A version's bytes are a copy of their own, not a second name: a program that writes into the
    standing result would otherwise change the kept one too.
    """

    def __init__(self, folder: Path, library: str, fs: FsOps) -> None:
        self.folder = folder
        self._library = library
        self._fs = fs

    def path(self, row: Row[Any]) -> Path:
        """Return where a version's bytes are."""
        return self.folder / str(row.file)

    def copy_in(self, entry: Result) -> str:
        """Copy a result into the folder, synced; return the file's name.

        Raises:
            CoreError: it cannot be copied, or changes meanwhile; nothing is left of it.
        """
        name = f"{secrets.token_hex(12)}{entry.path.suffix}"
        part = self.folder / f".{name}.part"
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if self._fs.copy(entry.path, part).sha256 != entry.sha256:
                raise changed(entry.path)
            self._fs.rename_noreplace(part, self.folder / name)
            self._fs.sync_folder(self.folder)
        except OSError as error:
            raise cannot(self.folder, error) from error
        finally:
            part.unlink(missing_ok=True)
        return name

    def place(self, row: Row[Any], replaces: str | None) -> None:
        """Copy a version beside its place, then let it take the name from the file `replaces`.

        What is exchanged out is deleted only when it is that very file, which is on the stack.

        Raises:
            CoreError: another file is there by now, the version is damaged, or the disk refuses.
        """
        place: Path = row.folder / row.name
        temp = self.temporary(row)
        try:
            with self._unlinked_on_error(temp):
                self._write(row, temp)
                exchanged = self._take(temp, place, replaces)
            if exchanged and self._fs.hash(temp).sha256 != replaces:
                # Changed between our look and the exchange: theirs goes back.
                self.put_back(row)
                self._fs.unlink(temp)
                raise changed(place)
            self._fs.sync_folder(place.parent)
            self._fs.unlink(temp)
        except OSError as error:
            raise cannot(place, error) from error

    @contextlib.contextmanager
    def _unlinked_on_error(self, temp: Path) -> Iterator[None]:
        try:
            yield
        except (OSError, CoreError):
            with contextlib.suppress(OSError):
                self._fs.unlink(temp)
            raise

    def _write(self, row: Row[Any], temp: Path) -> None:
        self._fs.unlink(temp)
        if self._fs.copy(self.path(row), temp).sha256 != row.sha256:
            raise _damaged(self.path(row))

    def _take(self, temp: Path, place: Path, replaces: str | None) -> bool:
        """Let the copy take the name; return whether the file that had it is under ours now."""
        if replaces is None:
            self._fs.rename_noreplace(temp, place)
            return False
        return self._fs.exchange(temp, place)

    def temporary(self, row: Row[Any]) -> Path:
        """Return the name beside its place by which a version comes back."""
        name = temporary_name(self._library, row.id, 0)
        return Path(row.folder / name)

    def left_over(self, row: Row[Any]) -> str | None:
        """Return the hash of what a way back that was cut off left beside the place, if it did."""
        temp = self.temporary(row)
        return None if self._fs.stat(temp) is None else self._fs.hash(temp).sha256

    def put_back(self, row: Row[Any]) -> None:
        """Give the name back to what was exchanged out; the version is still in the folder."""
        self._fs.exchange(self.temporary(row), row.folder / row.name)
        self._fs.sync_folder(row.folder)

    def clear(self, row: Row[Any]) -> None:
        """Delete what a way back that was cut off left beside the place."""
        self._fs.unlink(self.temporary(row))

    def stands(self, path: Path) -> bool:
        """Return whether anything has this name."""
        return self._fs.stat(path) is not None

    def holds(self, path: Path, sha256: str) -> bool:
        """Return whether a regular file with these bytes has this name."""
        found = self._fs.stat(path)
        if found is None or not stat.S_ISREG(found.st_mode):
            return False
        try:
            return self._fs.hash(path).sha256 == sha256
        except OSError:
            return False

    def forget(self, row: Row[Any]) -> None:
        """Delete a version's file; a disk that refuses is let be."""
        with contextlib.suppress(OSError):
            self._fs.unlink(self.path(row))


def changed(place: Path) -> OutputWriteError:
    """Return the error for a file that is not what Regrain made."""
    return OutputWriteError(
        Reason.NAME_TAKEN,
        f"{place.name} was changed by another program, so it was left as it is.",
        hint="Move it to another folder, then bring the earlier result back.",
    )


def cannot(path: Path, error: OSError) -> CoreError:
    """Return the error for a disk that refuses."""
    return CoreError(
        f"{path} cannot be written or read: {error.strerror or error}.",
        hint="Check its drive and the space on it, then try again. Nothing is lost.",
    )


def _damaged(path: Path) -> CoreError:
    return CoreError(
        f"The earlier result {path} is not what it was.",
        hint="The standing result was left as it is. Make the earlier one again with its recipe.",
    )
