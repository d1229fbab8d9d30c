"""A disk and a queue that lose power at a given moment; the disk forgets what was not synced.

Every change, of names or of rows, is one tick. At the tick `cut` the power goes; of the changes of
names since the last sync of the folder only the first `kept` are still there afterwards. Rows that
were committed stay (SQLite syncs each commit), and bytes too (the render process syncs them).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from core.library.queue import JobQueue
from core.library.records import Claim, FileStat, HashedFile, ItemId, Rendered
from core.outputs.fsops import FsOps


class PowerCut(BaseException):
    """The power is gone; not even a handler of errors runs."""


@dataclass
class Power:
    """Counts ticks and cuts at one of them."""

    cut: int = -1
    kept: int = 99
    ticks: int = 0
    off: bool = False
    undo: list[Callable[[], None]] = field(default_factory=list)

    def tick(self) -> None:
        if self.off:
            raise PowerCut
        if self.ticks == self.cut:
            self.off = True
            for back in reversed(self.undo[self.kept :]):
                back()
            raise PowerCut
        self.ticks += 1

    def changed(self, back: Callable[[], None]) -> None:
        """A name was changed; `back` takes it back, should the folder not be synced in time."""
        self.undo.append(back)

    def synced(self) -> None:
        self.undo.clear()


class CrashFs(FsOps):
    """A folder whose names are durable only once it is synced."""

    def __init__(self, power: Power) -> None:
        self.power = power

    def rename_noreplace(self, source: Path, target: Path) -> None:
        self.power.tick()
        super().rename_noreplace(source, target)
        self.power.changed(lambda: target.rename(source))

    def exchange(self, one: Path, other: Path) -> bool:
        self.power.tick()
        swapped = super().exchange(one, other)
        self.power.changed(lambda: FsOps().exchange(one, other) and None)
        return swapped

    def unlink(self, path: Path) -> None:
        self.power.tick()
        content = path.read_bytes() if path.exists() else None
        super().unlink(path)
        if content is not None:
            self.power.changed(lambda: path.write_bytes(content) and None)

    def copy(self, source: Path, target: Path) -> HashedFile:
        self.power.tick()
        copied = super().copy(source, target)
        self.power.changed(lambda: target.unlink(missing_ok=True))
        return copied

    def sync_folder(self, folder: Path) -> None:
        self.power.tick()
        super().sync_folder(folder)
        self.power.synced()

    def written(self, path: Path) -> None:
        """The render process made a file: its bytes are synced, its name is not yet."""
        self.power.tick()
        self.power.changed(lambda: path.unlink(missing_ok=True))


class CrashQueue(JobQueue):
    """A queue whose commits are ticks."""

    power: Power

    def stage(self, claim: Claim, rendered: Rendered, final: Path, replaces: str | None) -> None:
        self.power.tick()
        super().stage(claim, rendered, final, replaces)
        self.power.tick()

    def finish(self, item: ItemId, attempt: int, stat: FileStat) -> None:
        self.power.tick()
        super().finish(item, attempt, stat)
        self.power.tick()
