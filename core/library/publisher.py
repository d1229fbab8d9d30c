"""From a finished temporary file to a recorded result: staged, renamed, synced, done.

The order is the whole point: bytes before the promise, the promise before the name, the name before
the record. `recovery` reads the same order backwards.
"""

from __future__ import annotations

import errno
import stat
from dataclasses import dataclass
from pathlib import Path

from core.errors import BatchStopped, OutputWriteError, Reason
from core.library.catalog import Catalog
from core.library.drives import Drives
from core.library.queue import JobQueue
from core.library.records import Claim, FileStat, ItemStatus, Rendered, Result
from core.library.states import StaleClaim
from core.outputs.folders import make_folder, no_drive, stopped
from core.outputs.fsops import FsOps
from core.outputs.names import numbered
from core.outputs.sidecars import copy_sidecars
from core.outputs.temporary import sweep, temporary_name
from core.recipe import MetadataRule, OnConflict

_TRIES = 10


@dataclass(frozen=True, slots=True)
class _Slot:
    """A name that may be taken: free (`replaces` None), or by replacing these very bytes."""

    replaces: str | None


class Publisher:
    """The parent side of the publish protocol."""

    def __init__(self, queue: JobQueue, catalog: Catalog, fs: FsOps | None = None) -> None:
        self.queue = queue
        self.catalog = catalog
        self.fs = fs or FsOps()
        self._drives = Drives(queue.database)
        self.library_id = queue.database.library_id

    def temporary(self, claim: Claim) -> Path:
        """Return the path of the claim's temporary file."""
        name = temporary_name(self.library_id, claim.item, claim.attempt)
        return claim.planned.with_name(name)

    def prepare(self, claim: Claim) -> Path:
        """Make the planned output's folder; return the temporary file's path, for Render.target.

        Raises:
            BatchStopped: the output root is gone (volume_missing), read-only, or the disk is full.
        """
        folder = claim.planned.parent
        self._require_drive(folder)
        make_folder(claim.root, folder, self.fs)
        if claim.attempt > 1:
            try:
                sweep(folder, self.library_id, self.fs, item=claim.item)
            except OSError as error:
                raise stopped(folder, error) from error
        return self.temporary(claim)

    def publish(self, claim: Claim, rendered: Rendered) -> Path:
        """Stage, rename without replacing, sync the folder, record done; return the final path.

        Regrain's own earlier result of the same source is replaced if its bytes are the recorded
        ones; a foreign or changed file is kept and ours takes the next free `-2` name (rename), or
        ours is dropped (skip), or it is replaced (overwrite).

        Raises:
            OutputWriteError: name_taken under skip; the temporary file is gone, the item settled.
            BatchStopped: disk_full, read_only, volume_missing. The item does not fail: it waits, or
                stays staged for `recover`, which goes on from there without rendering again.
            StaleClaim: the item is not ours any more; the temporary file is gone.
        """
        try:
            self._require_drive(claim.planned.parent)
            return self.place(claim, rendered, reserved=None)
        except StaleClaim:
            self.discard(claim)
            raise
        except OutputWriteError as error:
            self.discard(claim)
            self.queue.fail(claim.item, claim.attempt, error.reason, error.message, error.hint)
            raise
        except BatchStopped:
            self._give_back(claim)
            raise
        except OSError as error:
            self._give_back(claim)
            raise stopped(claim.planned.parent, error) from error

    def unchanged_copy(self, claim: Claim, rendered: Rendered) -> Path | None:
        """Settle a photograph that stays as it is and stands under its name already; else None.

        Such a file carries no note of ours, so it may be the user's own copy as well as ours of a
        library that was lost: it is never taken over, and no second copy is put beside it.

        Raises:
            StaleClaim: the item is not ours any more.
        """
        final = claim.planned
        if rendered.sha256 != rendered.source_sha256 or self.catalog.result_at(final) is not None:
            return None
        try:
            found = self.fs.stat(final)
            same = found is not None and found.st_size == rendered.size
            if not same or self.fs.hash(final).sha256 != rendered.sha256:
                return None
        except OSError:
            return None
        self.discard(claim)
        self.queue.already_done(claim.item, claim.attempt, final)
        return final

    def _require_drive(self, folder: Path) -> None:
        away = self._drives.away(folder)
        if away is not None:
            raise no_drive(away)

    def _give_back(self, claim: Claim) -> None:
        """Let an item wait again whose file was not staged; a staged one is for `recover`."""
        if self.queue.item(claim.item).status is ItemStatus.RUNNING:
            self.discard(claim)
            self.queue.release([claim])

    def place(self, claim: Claim, rendered: Rendered, *, reserved: Path | None) -> Path:
        """Find a name, stage, take it, settle. `reserved`: an empty file there is ours.

        Raises OSError as it comes, besides what `publish` raises.
        """
        for final in numbered(claim.planned):
            for _ in range(_TRIES):
                slot = self._look(claim, rendered, final, reserved)
                if slot is None:
                    break
                self.queue.stage(claim, rendered, final, slot.replaces)
                if self._take(rendered.temp, final, slot.replaces):
                    self.settle(claim, final)
                    return final
            if claim.on_conflict is OnConflict.SKIP:
                break
        raise OutputWriteError(
            Reason.NAME_TAKEN,
            f"{claim.planned.name} is there already and is not Regrain's, so it was kept.",
            hint="Use --on-conflict rename, or another folder.",
        )

    def settle(self, claim: Claim, final: Path) -> None:
        """Copy sidecars, make the names durable, record the item as done."""
        if claim.output.metadata is MetadataRule.KEEP:
            name = temporary_name(self.library_id, claim.item, claim.attempt, sidecar=True)
            copy_sidecars(claim.source, final, final.with_name(name), self.fs)
        self.fs.sync_folder(final.parent)
        found = self.fs.stat(final)
        if found is None:
            raise FileNotFoundError(errno.ENOENT, "the result vanished", str(final))
        self.queue.finish(claim.item, claim.attempt, FileStat.of(found))

    def copy(self, claim: Claim, result: Result) -> Path:
        """Publish a copy of a standing result with the same key; returns and raises like `publish`.

        Raises also:
            OutputWriteError: changed_while_reading, when the result is not what it was; settled.
        """
        temp = self.prepare(claim)
        try:
            copied = self.fs.copy(result.path, temp)
        except OSError as error:
            self.discard(claim)
            raise stopped(temp.parent, error) from error
        if copied.sha256 != result.sha256:
            self.discard(claim)
            changed = _changed(result)
            self.queue.fail(
                claim.item, claim.attempt, changed.reason, changed.message, changed.hint
            )
            raise changed
        rendered = Rendered(
            temp=temp,
            sha256=result.sha256,
            size=copied.stat.size,
            key=result.key,
            source_sha256=result.source_sha256,
            unchanged=result.unchanged,
        )
        return self.publish(claim, rendered)

    def discard(self, claim: Claim) -> None:
        """Delete the claim's temporary file, if there is one; a disk that refuses is let be."""
        try:
            self.fs.unlink(self.temporary(claim))
        except OSError:
            return

    def _look(
        self, claim: Claim, rendered: Rendered, final: Path, reserved: Path | None
    ) -> _Slot | None:
        """Judge one name: free, ours to replace, or None when it is another's."""
        if final != claim.planned and self.catalog.owner_of(final) not in (None, claim.source):
            return None
        found = self.fs.stat(final)
        if found is None:
            return _Slot(None)
        if not stat.S_ISREG(found.st_mode):
            return None
        replaces = self._ours(claim, rendered, final, found.st_size, reserved)
        if replaces is None and self._may_overwrite(claim, final):
            replaces = self.fs.hash(final).sha256
        return None if replaces is None else _Slot(replaces)

    def _ours(
        self, claim: Claim, rendered: Rendered, final: Path, size: int, reserved: Path | None
    ) -> str | None:
        """Return the hash of the file at `final` if Regrain made it for this source, else None."""
        known = set()
        recorded = self.catalog.result_at(final)
        if recorded is not None and recorded.source == claim.source:
            known.add((recorded.stat.size, recorded.sha256))
        if rendered.sha256 != rendered.source_sha256:
            # The very bytes that we made now, of a library that was lost; never a plain copy.
            known.add((rendered.size, rendered.sha256))
        empty = size == 0 and final == reserved
        if not empty and size not in {length for length, _ in known}:
            return None
        actual = self.fs.hash(final).sha256
        return actual if empty or (size, actual) in known else None

    def _may_overwrite(self, claim: Claim, final: Path) -> bool:
        """Overwriting was asked for, and the file is no photograph that the library knows."""
        asked = claim.on_conflict is OnConflict.OVERWRITE and final == claim.planned
        return asked and not self.catalog.is_source(final)

    def _take(self, temp: Path, final: Path, replaces: str | None) -> bool:
        """Give the temporary file its name; False when the name is not what it was just now."""
        try:
            if replaces is None:
                self.fs.rename_noreplace(temp, final)
                return True
            if not self.fs.exchange(temp, final):
                return True
        except FileExistsError:
            return False
        except FileNotFoundError:
            if self.fs.stat(temp) is None:
                raise
            return False
        return self.drop_replaced(temp, final, replaces)

    def drop_replaced(self, temp: Path, final: Path, replaces: str) -> bool:
        """Delete what was exchanged out, if it is what was to go; else put it back, and False."""
        try:
            displaced = self.fs.hash(temp).sha256
        except OSError:
            displaced = ""
        if displaced != replaces:
            self.fs.exchange(temp, final)
            # Before another name is promised, or a power cut could leave theirs under the name of
            # our temporary file, which is deleted then.
            self.fs.sync_folder(final.parent)
            return False
        self.fs.sync_folder(final.parent)
        self.fs.unlink(temp)
        return True


def _changed(result: Result) -> OutputWriteError:
    return OutputWriteError(
        Reason.CHANGED_WHILE_READING,
        f"{result.path} changed while it was copied.",
        hint="Run it again; the photograph is then edited anew.",
    )
