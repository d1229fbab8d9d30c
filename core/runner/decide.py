"""What is to be done with a claimed photograph: it is done already, copied, later, or rendered."""

from __future__ import annotations

import errno
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import BatchStopped, ItemError, OutputWriteError, Reason, StopReason
from core.events import ItemDone
from core.library.drives import Drives
from core.library.ids import ItemId
from core.library.keys import result_key, settings_digest
from core.library.queue import StaleClaim
from core.library.records import Claim, Result
from core.models.spec import ModelSpec
from core.recipe import EditSettings, OutputSettings
from core.runner.parts import RunnerParts
from core.runner.report import Report
from core.runner.volumes import Volumes

RETRY_DELAYS = (1.0, 10.0)
"""Seconds to wait before a file is read again after an error that may pass."""

_DIGESTS_KEPT = 1000
_PASSING = frozenset({errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EAGAIN, errno.EINTR})
_ABSENT_DRIVE = frozenset({errno.ENXIO, errno.ENODEV, errno.ENOTCONN, errno.EHOSTDOWN})


@dataclass(frozen=True)
class ToRender:
    """The photograph must be rendered; `key` names the result, `source_sha256` the bytes."""

    claim: Claim
    key: str
    source_sha256: str


@dataclass(frozen=True)
class Later:
    """Try the photograph again after `delay` seconds."""

    claim: Claim
    delay: float


class Decider:
    """Decides, and settles what needs no rendering. One for a run."""

    def __init__(self, parts: RunnerParts, report: Report) -> None:
        self._queue = parts.queue
        self._catalog = parts.catalog
        self._publisher = parts.publisher
        self._personal = parts.personal
        self._report = report
        self._volumes = Volumes()
        self._drives = Drives(parts.queue.database)
        self._tries: Counter[ItemId] = Counter()
        self._digests: dict[tuple[EditSettings, OutputSettings, str], str] = {}
        self._made: set[str] = set()

    def made(self, key: str) -> None:
        """A result with this key was made in this run, so even `again` may copy it."""
        self._made.add(key)

    def decide(self, claim: Claim, spec: ModelSpec) -> ToRender | Later | None:
        """Return what is to be done; None when the item is settled.

        Raises:
            BatchStopped: a drive is away, or a copy could not be written.
            CoreError: a file named in the settings cannot be read, or the library failed.
        """
        try:
            hashed = self._catalog.hash_file(claim.source)
            edit = self._personal(claim.edit, claim.source, sha256=hashed.sha256)
        except ItemError as error:
            return self.trouble(claim, error)
        claim = replace(claim, edit=edit)
        self._volumes.seen(claim.source, hashed.stat.device)
        key = result_key(hashed.sha256, self._digest(claim, spec))
        try:
            if self._stands(claim, key):
                return None
        except StaleClaim:
            return None
        return ToRender(claim, key, hashed.sha256)

    def trouble(self, claim: Claim, error: ItemError) -> Later | None:
        """Settle a photograph that cannot be read, or say when to try again.

        Raises:
            BatchStopped: it is not the photograph, its drive is away.
        """
        number = error.__cause__.errno if isinstance(error.__cause__, OSError) else None
        self._check_drive(claim, error, number)
        passing = number in _PASSING or error.reason is Reason.CHANGED_WHILE_READING
        # Without an error number it was the render process, of a file that was read whole before.
        passing = passing or (number is None and error.reason is Reason.UNREADABLE)
        tries = self._tries[claim.item]
        if passing and tries < len(RETRY_DELAYS):
            self._tries[claim.item] += 1
            return Later(claim, RETRY_DELAYS[tries])
        self.fail(claim, error.reason, error.message, error.hint)
        return None

    def fail(self, claim: Claim, reason: Reason, message: str, hint: str = "") -> None:
        """Record that the item has no result, and tell."""
        try:
            status = self._queue.fail(claim.item, claim.attempt, reason, message, hint)
        except StaleClaim:
            return
        self._report.settled(claim, status, reason, message, hint)

    def unpublished(self, claim: Claim, error: OutputWriteError) -> None:
        """Tell of an item that the publisher settled as having no place for its result."""
        status = self._queue.item(claim.item).status
        self._report.settled(claim, status, error.reason, error.message, error.hint)

    def _stands(self, claim: Claim, key: str) -> bool:
        """Whether the item is settled by a result that is there, here or to be copied."""
        if claim.again and key not in self._made:
            return False
        if not claim.again:
            found = self._catalog.find_standing(key, claim.source, claim.planned)
            if found is not None:
                self._queue.already_done(claim.item, claim.attempt, found.path)
                self._tell(claim, found, found.path, already=True)
                return True
        return self._copied(claim, key)

    def _copied(self, claim: Claim, key: str) -> bool:
        found = self._catalog.find_copy(key)
        if found is None:
            return False
        try:
            path = self._publisher.copy(claim, found)
        except OutputWriteError as error:
            self.unpublished(claim, error)
            return True
        self._tell(claim, found, path, already=False)
        return True

    def _tell(self, claim: Claim, found: Result, path: Path, *, already: bool) -> None:
        """Tell that `path` is the item's result, without any rendering."""
        done = ItemDone(claim.job, claim.item, claim.source, path, seconds=0.0)
        self._report.emit(replace(done, already=already, unchanged=found.unchanged))

    def _check_drive(self, claim: Claim, error: ItemError, number: int | None) -> None:
        away = number in _ABSENT_DRIVE and error.reason is not Reason.NOT_A_FILE
        if error.reason is Reason.VANISHED:
            away = not claim.root.is_dir() or self._volumes.is_away(claim.source)
            away = away or self._drives.away(claim.source) is not None
        if away:
            raise BatchStopped(
                StopReason.VOLUME_MISSING,
                f"The drive with {claim.source.parent} is not there.",
                hint="Connect it, then Resume. Nothing is lost.",
            ) from error

    def _digest(self, claim: Claim, spec: ModelSpec) -> str:
        """Return the settings' digest, computed once: files named in them are read for it."""
        which = (claim.edit, claim.output, spec.id)
        if which not in self._digests:
            if len(self._digests) >= _DIGESTS_KEPT:
                self._digests.clear()
            self._digests[which] = settings_digest(claim.edit, claim.output, spec)
        return self._digests[which]
