"""One watched folder at work: is it there, what is heard, what a scan finds, what has settled."""

from __future__ import annotations

import logging
import os
import stat
from collections import deque
from functools import partial

from core.errors import CoreError, LibraryError
from core.events import WatchState, WatchStateChanged
from core.library.records import FileStat
from core.library.watched import Recursion, WatchRule
from core.watch.listening import Listener
from core.watch.looking import Look
from core.watch.names import Names
from core.watch.parts import WatchParts
from core.watch.recipes import FILE as RECIPE_FILE
from core.watch.settle import PATIENCE_SECONDS, SettleBook, Verdict
from core.watch.taking import Settled, Taker

LOOK_SECONDS = 1.0
HELD_SECONDS = 30.0
"""So long photographs wait that nothing but the user can help, until it is tried again."""

_SHORTEST = 0.02
_MOST_AT_ONCE = 200
_MOST_SECONDS = 0.5
_FOLDERS_APART = 20
_NOTED_SECONDS = 60.0
# So many of Regrain's own results within so long a time, a fifth of all: something goes in circles.
_TRIPWIRE = 10
_TRIPWIRE_SECONDS = 300.0

_log = logging.getLogger(__name__)


class FolderWatch:
    """Watches one folder; `turn` does what is due and is called again when it says.

    One thread calls it; events come from others, through what the Listener heard.
    """

    def __init__(self, rule: WatchRule, parts: WatchParts) -> None:
        self.rule = rule
        self._parts = parts
        self._folder = str(rule.folder)
        self._deep = rule.settings.recursion is not Recursion.SKIP
        self._names = Names(
            self._folder,
            rule.settings.patterns,
            deep=self._deep,
            exclude=[str(rule.settings.output)],
        )
        self.book = SettleBook(rule.settings.settle)
        self.listener = Listener(rule.settings, parts)
        self._taker = Taker(rule, parts)
        self._look = Look(rule, parts, self._names, self._taker)
        self._held: set[str] = set()
        self._place: tuple[int, int] | None = None
        self._scan_at = 0.0
        self._noted_at: float | None = None
        self._said: tuple[WatchState, str] | None = None
        self._recent: deque[tuple[float, int, int]] = deque()

    def turn(self) -> float:
        """Do what is due; return when the next turn is, in the clock's seconds.

        Raises:
            LibraryError: the library cannot be used; the next turn tries again.
        """
        now = self._parts.clock.monotonic()
        if not self._is_there():
            return now + LOOK_SECONDS
        must_look = self.listener.listen(now)
        if self.listener.had_ended():
            self._say(
                WatchState.WATCHING,
                f"The system ended the watching of {self._folder}; it is begun anew, and looked "
                "through for what came meanwhile.",
            )
        must_look |= self._hear(now)
        if must_look or now >= self._scan_at:
            self._scan(now)
        self._settle(now)
        return self._next(now)

    def rescan(self) -> None:
        """Let the next turn look through the whole folder: events may have been missed."""
        self.listener.heard.lose()

    def close(self) -> None:
        """Stop listening."""
        self.listener.close()

    def _next(self, now: float) -> float:
        # Events carry their own time, so it is enough to fetch them before their first look.
        fetch = min(LOOK_SECONDS, max(_SHORTEST, self.rule.settings.settle / 4))
        due = self.book.next_due()
        return min([now + fetch, self._scan_at, *([due] if due is not None else [])])

    # is it there

    def _is_there(self) -> bool:
        """Return whether the folder and its drive are there; another one is begun anew."""
        place = self._stands()
        if place is None:
            self._lose()
            return False
        if place != self._place:
            self.listener.forget()
            self._place, self._scan_at = place, 0.0
            self._look.steady_inodes = self._parts.mount(self.rule.folder).steady_inodes
        return True

    def _stands(self) -> tuple[int, int] | None:
        marker = self.rule.settings.marker
        try:
            found = os.stat(self._folder)  # noqa: PTH116
            if marker:
                os.stat(os.path.join(self._folder, marker))  # noqa: PTH116, PTH118
        except OSError:
            return None
        return (found.st_dev, found.st_ino) if stat.S_ISDIR(found.st_mode) else None

    def _lose(self) -> None:
        self.listener.forget()
        self.book.clear()
        self._held.clear()
        self._place = None
        drive = ", or its drive is away" if self.rule.settings.marker else ""
        self._say(
            WatchState.MISSING,
            f"The folder {self._folder} is not there{drive}.",
            "Put it back, or connect its drive; watching goes on by itself.",
        )

    # what is heard, what a scan finds

    def _hear(self, now: float) -> bool:
        """Put down what events told; return whether the whole folder must be looked through."""
        files, folders, lost = self.listener.heard.take()
        for path, when in files.items():
            if self._names.wants(path):
                self.book.touched(path, when)
            elif os.path.basename(path) == RECIPE_FILE:  # noqa: PTH119
                self._try_held(now)
        came = [path for path in folders if self._deep and self._names.below(path) is not None]
        if lost or len(came) > _FOLDERS_APART:
            return True
        for path in came:
            self._note_new(self._look.part(path), now)
        return False

    def _try_held(self, now: float) -> None:
        for path in self._held:
            if path in self.book:
                self.book.touched(path, now)

    def _note_new(self, paths: list[str], now: float) -> None:
        for path in paths:
            self.book.seen(path, now)

    def _scan(self, now: float) -> None:
        """Look through the whole folder: what events did not tell is found here."""
        self._note_new(self._look.whole(), now)
        done = self._parts.clock.monotonic()
        self._scan_at = done + max(self.listener.seconds, 20 * (done - now))
        if self._noted_at is None or done - self._noted_at >= _NOTED_SECONDS:
            self._noted_at = done
            self._parts.rules.scanned(self.rule.id, self._parts.clock.wall())
        self.listener.check_limit(done)
        self._say_watching()

    # what has settled

    def _settle(self, now: float) -> None:
        """Look at what is due, and take what is ready, so many at a time."""
        began = self._parts.clock.monotonic()
        ready: list[Settled] = []
        while len(ready) < _MOST_AT_ONCE and (path := self.book.take_due(now)) is not None:
            found = _regular(path)
            verdict = self.book.looked(path, found, now, partial(self._parts.is_open, path))
            if verdict is Verdict.READY:
                ready.append(Settled(path, self.book.age(path, now) < PATIENCE_SECONDS))
            elif found is not None:
                self._taker.prepare(path, found)
            else:
                self._held.discard(path)
            if self._parts.clock.monotonic() - began > _MOST_SECONDS:
                break
        if ready:
            self._take(ready, now)

    def _take(self, ready: list[Settled], now: float) -> None:
        paths = {file.path for file in ready}
        self._held -= paths
        try:
            taken = self._taker.take(ready)
        except LibraryError as error:
            self._hold(paths, error, now)
            return
        for path in taken.later:
            self.book.again(path, now)
        for path in paths.difference(taken.later, taken.held):
            self.book.drop(path)
        if taken.why is not None:
            self._hold(taken.held, taken.why, now)
        self._say_watching()
        self._watch_own(now, len(ready), taken.own)

    def _hold(self, paths: set[str] | list[str], why: CoreError, now: float) -> None:
        for path in paths:
            self.book.again(path, now, HELD_SECONDS)
        self._held.update(paths)
        self._say(WatchState.BLOCKED, why.message, why.hint)

    def _watch_own(self, now: float, files: int, own: int) -> None:
        """Stop when Regrain's own results keep coming in: two programs feed each other."""
        self._recent.append((now, files, own))
        while self._recent[0][0] < now - _TRIPWIRE_SECONDS:
            self._recent.popleft()
        total = sum(count for _, count, _ in self._recent)
        hits = sum(count for _, _, count in self._recent)
        if hits < _TRIPWIRE or hits * 5 <= total:
            return
        message = (
            f"{hits} of the last {total} files in {self._folder} were Regrain's own results, "
            "so it is paused."
        )
        hint = f"See what puts them there, then: regrain watch resume {self.rule.id}."
        self._parts.rules.pause(self.rule.id, message, hint)
        self._tell(WatchState.PAUSED, message, hint)

    # saying how it stands

    def _say_watching(self) -> None:
        polling = self.listener.polling
        if self._held:
            return
        if polling is None:
            self._say(WatchState.WATCHING, f"Watching {self._folder}.")
            return
        message = f"{self._folder} is looked at every {polling.seconds:g} s: {polling.why}."
        self._say(WatchState.POLLING, message, polling.hint)

    def _say(self, state: WatchState, message: str, hint: str = "") -> None:
        """Store and tell a state, once."""
        if (state, message) == self._said:
            return
        self._said = (state, message)
        self._tell(state, message, hint)
        try:
            self._parts.rules.say(self.rule.id, state, message, hint)
        except LibraryError as error:
            _log.warning("the state of %s cannot be stored: %s", self._folder, error)

    def _tell(self, state: WatchState, message: str, hint: str) -> None:
        event = WatchStateChanged(self.rule.id, self.rule.folder, state, message, hint)
        self._parts.sink(event)


def _regular(path: str) -> FileStat | None:
    """Return the stat of a regular file, behind a link too; None for anything else."""
    try:
        found = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    return FileStat.of(found) if stat.S_ISREG(found.st_mode) else None
