"""Power cuts, modelled: a disk that forgets what was not synced, and what must be there after.

Every change, of names or of rows, is one tick, and the power may go at each. Of the changes of
names since the last sync of their folder only the first so many are still there afterwards. Rows
that were committed stay (SQLite syncs each commit), and bytes too (the render process syncs them).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, TypeVar
from unittest import mock

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from core.library.records import Claim, HashedFile, ItemStatus, Rendered
from core.outputs.fsops import FsOps
from tests.core.library.bench import Bench, sha256

T = TypeVar("T")

FOREIGN = b"somebody else's picture"


@dataclass
class Power:
    """Remembers which changes of names are not durable yet; `tick` comes before each change."""

    undo: list[Callable[[], None]] = field(default_factory=list)
    tick: Callable[[], None] = field(default=lambda: None)

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
        """Durable is what the system was really asked to sync, not what was meant to be."""
        self.power.tick()
        with mock.patch.object(os, "fsync", wraps=os.fsync) as fsync:
            super().sync_folder(folder)
        if fsync.called:
            self.power.synced()

    def written(self, path: Path) -> None:
        """The render process made a file: its bytes are synced, its name is not yet."""
        self.power.tick()
        self.power.changed(lambda: path.unlink(missing_ok=True))


@contextlib.contextmanager
def powered(folder: Path, power: Power, fs: type[CrashFs]) -> Iterator[Bench]:
    """Open the library with a power supply; each commit is a tick, and the end of it all."""
    bench = Bench(folder, fs=fs(power))
    write = bench.database.write

    def tick_and_write(work: Callable[[Connection], T]) -> T:
        power.tick()
        return write(work)

    with mock.patch.object(bench.database, "write", tick_and_write):
        try:
            yield bench
            power.tick()
        finally:
            bench.close()


@dataclass(frozen=True)
class Scene:
    """What stands in the output folder before, and what must stand there afterwards.

    `fs`: the disk; another program may be at it.
    """

    name: str
    before: Callable[[Bench], None]
    after: set[str]
    fs: type[CrashFs] = CrashFs


class TakenFs(CrashFs):
    """Another program takes the name just before we do."""

    def rename_noreplace(self, source: Path, target: Path) -> None:
        if target.name == "a.jpg" and not target.exists():
            target.write_bytes(FOREIGN)
        super().rename_noreplace(source, target)


class ChangedFs(CrashFs):
    """Another program changes our earlier result just before it is exchanged."""

    def exchange(self, one: Path, other: Path) -> bool:
        if other.read_bytes().startswith(b"edited at 0.9"):
            other.write_bytes(FOREIGN)
        return super().exchange(one, other)


def _nothing(bench: Bench) -> None:
    bench.out.mkdir()


def _ours(bench: Bench) -> None:
    bench.enqueue(bench.recipe(0.9))
    bench.work()


def _foreign(bench: Bench) -> None:
    bench.out.mkdir()
    (bench.out / "a.jpg").write_bytes(FOREIGN)


def _changed(bench: Bench) -> None:
    _ours(bench)
    (bench.out / "a.jpg").write_bytes(FOREIGN)


def _sidecar(bench: Bench) -> None:
    bench.photo("a.xmp")
    _nothing(bench)


SCENES = [
    Scene("a new name", _nothing, {"a.jpg"}),
    Scene("our earlier result", _ours, {"a.jpg"}),
    Scene("a foreign file", _foreign, {"a.jpg", "a-2.jpg"}),
    Scene("our result, changed by another program", _changed, {"a.jpg", "a-2.jpg"}),
    Scene("a sidecar", _sidecar, {"a.jpg", "a.xmp"}),
    Scene("a name taken at the last moment", _nothing, {"a.jpg", "a-2.jpg"}, TakenFs),
    Scene("a result changed at the last moment", _ours, {"a.jpg", "a-2.jpg"}, ChangedFs),
]


def set_up(folder: Path, scene: Scene) -> Path:
    bench = Bench(folder)
    bench.photo("a.jpg")
    scene.before(bench)
    bench.enqueue()
    bench.close()
    return folder


def copy_of(folder: Path, number: str) -> Path:
    """Copy a scene beside itself."""
    kept = folder.with_name(f"{folder.name}-{number}")
    shutil.copytree(folder, kept)
    return kept


def restore(folder: Path, kept: Path) -> None:
    """Put a state back; the library names its folders whole, so it must lie where it was."""
    shutil.rmtree(folder)
    shutil.copytree(kept, folder)


def edit(bench: Bench) -> None:
    """Render and publish what waits; the bytes differ with each attempt, as on another device."""
    for claim in bench.queue.claim("run", 5):
        bench.publisher.publish(claim, rendered(bench, claim))


def rendered(bench: Bench, claim: Claim) -> Rendered:
    made = bench.render(claim, extra=b"attempt %d " % claim.attempt)
    if isinstance(bench.fs, CrashFs):
        bench.fs.written(made.temp)
    return made


def check_done_means_there(bench: Bench) -> None:
    """Whatever the library calls done must be on the disk, at this very moment."""
    newest = bench.queue.jobs()[0]
    for item in bench.queue.items(newest.id, ItemStatus.DONE):
        assert item.output is not None
        assert item.output.exists(), "done, but there is no file"
        result = bench.catalog.result_at(item.output)
        assert result is not None
        assert sha256(item.output.read_bytes()) == result.sha256


def check_the_end(bench: Bench, scene: Scene) -> None:
    """Exactly one right result, recorded; everything foreign as it was; nothing left over."""
    assert set(bench.names()) == scene.after
    ours = "a-2.jpg" if "a-2.jpg" in scene.after else "a.jpg"
    if ours == "a-2.jpg":
        assert (bench.out / "a.jpg").read_bytes() == FOREIGN
    content = (bench.out / ours).read_bytes()
    assert content.startswith(b"edited at 0.3")
    result = bench.catalog.result_at(bench.out / ours)
    assert result is not None
    assert result.sha256 == sha256(content)
    totals = bench.queue.totals(bench.queue.jobs()[0].id)
    assert totals.adds_up()
    assert (totals.found - totals.left_out, totals.done) == (1, 1)


@dataclass
class Camera:
    """Keeps a copy of every state in which a power cut could leave `folder`, each once."""

    folder: Path
    power: Power
    states: list[Path] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._store = Path(tempfile.mkdtemp(dir=self.folder.parent, prefix="states-"))
        self._seen: set[tuple[bytes, ...]] = set()
        self.power.tick = self.shoot

    def shoot(self) -> None:
        """Take the state now, and those in which the last changes of names are forgotten."""
        self._keep()
        if not self.power.undo:
            return
        out = self.folder / "out"
        aside = self.folder.with_name(f"{self.folder.name}-aside")
        out.rename(aside)
        shutil.copytree(aside, out)
        for back in reversed(self.power.undo):
            back()
            self._keep()
        shutil.rmtree(out)
        aside.rename(out)

    def _keep(self) -> None:
        files = [path for path in sorted(self.folder.rglob("*")) if path.is_file()]
        content = tuple(part for path in files for part in (bytes(path), path.read_bytes()))
        if content not in self._seen:
            self._seen.add(content)
            place = self._store / str(len(self.states))
            self.states.append(shutil.copytree(self.folder, place))

    def close(self) -> None:
        shutil.rmtree(self._store)


@dataclass
class Cuts:
    """Cuts the power at every moment of publishing, and again while recovering from that.

    Args:
        folder: a scene is set up there.
        scene: what was there before.
        deep: how many cuts may follow one another, each while recovering from the one before.
        every: judge only each so-many-th of those after the first.
        first: the first fault is enough.
    """

    folder: Path
    scene: Scene
    deep: int = 2
    every: int = 1
    first: bool = False
    judged: int = 0
    faults: list[str] = field(default_factory=list)
    _found: int = 0

    def make(self) -> Self:
        """Do it all; `judged` states were looked at, of which `faults` were wrong."""
        set_up(self.folder, self.scene)
        power = Power()
        camera = Camera(self.folder, power)
        self._try(power, recover=False)
        for state in camera.states:
            self._judge(state, self.deep)
        camera.close()
        return self

    def _judge(self, state: Path, deep: int) -> None:
        """Go on from one state; then from those in which a cut could leave that."""
        if self.first and self.faults:
            return
        self.judged += 1
        power = Power()
        restore(self.folder, state)
        camera = Camera(self.folder, power)
        self._try(power, recover=True)
        for again in camera.states if deep > 1 else ():
            self._found += 1
            if self._found % self.every == 0:
                self._judge(again, deep - 1)
        camera.close()

    def _try(self, power: Power, *, recover: bool) -> None:
        """Do what waits, after recovering if there is anything to recover from, and look."""
        try:
            with powered(self.folder, power, self.scene.fs) as bench:
                if recover:
                    check_done_means_there(bench)
                    bench.recover()
                edit(bench)
                check_the_end(bench, self.scene)
        except (AssertionError, OSError, IntegrityError) as error:
            self.faults.append(f"{self.scene.name}: {error!r}")
