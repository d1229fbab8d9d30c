"""Looking through a watched folder: what is new there, what is gone, what is left out by rule."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from core.errors import Reason, SettingsError
from core.library.records import FileStat
from core.library.watched import FileKind, Mark, Recursion, WatchRule
from core.scan import ScanResult, scan
from core.watch.names import Names
from core.watch.parts import WatchParts
from core.watch.taking import Taker

# Of months of files that came and went, what is gone so long is forgotten.
_FORGET_SECONDS = 30 * 86400.0
_NOT_THERE = frozenset({Reason.UNREADABLE, Reason.VANISHED})


class Look:
    """Looks through one folder by core.scan, and compares with what is known of its files."""

    def __init__(self, rule: WatchRule, parts: WatchParts, names: Names, taker: Taker) -> None:
        self._folder = rule.folder
        self._output = rule.settings.output
        self._deep = rule.settings.recursion is not Recursion.SKIP
        self._parts = parts
        self._names = names
        self._taker = taker
        self.steady_inodes = False

    def whole(self) -> list[str]:
        """Look through the whole folder; return the paths of files that are new or changed.

        What is left out by rule is put down with its reason, what is gone is noted.

        Raises:
            LibraryError: the library cannot be read or written.
        """
        try:
            found = scan([self._folder], recursive=self._deep, exclude=[self._output])
        except SettingsError:
            return []  # gone just now
        marks = self._taker.inventory.all()
        there: set[str] = set()
        new = []
        for file in found.photographs:
            path = str(file.path)
            if self._names.matches(str(file.relative)):
                there.add(path)
                if self._is_new(path, marks.get(path)):
                    new.append(path)
        there |= self._left_out(found, marks)
        if not any(trouble.reason is Reason.UNREADABLE for trouble in found.problems):
            self._note_gone(marks, there)
        return new

    def part(self, folder: str) -> list[str]:
        """Look through a folder that came, its content with it; errors as `whole`."""
        try:
            found = scan([Path(folder)], exclude=[self._output])
        except SettingsError:
            return []  # gone again
        paths = [str(file.path) for file in found.photographs]
        marks = self._taker.inventory.some(paths)
        return [p for p in paths if self._names.wants(p) and self._is_new(p, marks.get(p))]

    def _is_new(self, path: str, mark: Mark | None) -> bool:
        if mark is None or not mark.kind.settled:
            return True
        try:
            found = FileStat.of(os.stat(path))  # noqa: PTH116
        except OSError:
            return False
        read = mark.kind is not FileKind.KNOWN
        return not mark.same_file(found, inodes=self.steady_inodes and read)

    def _left_out(self, found: ScanResult, marks: Mapping[str, Mark]) -> set[str]:
        """Put down what the scan left out; return the paths."""
        troubles = [
            trouble
            for trouble in (*found.left_out, *found.problems)
            if trouble.reason not in _NOT_THERE and self._names.matches(trouble.path.name)
        ]
        new = [trouble for trouble in troubles if str(trouble.path) not in marks]
        self._taker.leave_out(new)
        return {str(trouble.path) for trouble in troubles}

    def _note_gone(self, marks: Mapping[str, Mark], there: Iterable[str]) -> None:
        here = set(there)
        if here.isdisjoint(marks):
            return  # not one file that is known: it may be the empty place of a drive
        gone = [path for path, mark in marks.items() if mark.gone is None and path not in here]
        back = [path for path in here if path in marks and marks[path].gone is not None]
        wall = self._parts.clock.wall()
        self._taker.inventory.set_gone(gone, back, wall)
        if any(mark.gone is not None for mark in marks.values()):
            self._taker.inventory.forget_gone(wall - _FORGET_SECONDS)
