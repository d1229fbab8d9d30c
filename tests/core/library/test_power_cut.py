"""Power cuts and kills after each single step, in publishing and in recovering from that.

Afterwards there is exactly one right result, nothing foreign is lost, and nothing of ours is left
over. The mutants at the end show that these tests see each rule of the protocol being broken.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from core.library.database import Database
from core.library.publisher import Publisher
from core.library.queue import JobQueue
from core.library.records import Claim, FileStat, ItemStatus, Rendered
from core.outputs.fsops import FsOps
from tests.core.library.bench import Bench, sha256
from tests.core.library.crash import CrashFs, CrashQueue, Power, PowerCut

FOREIGN = b"somebody else's picture"


@contextlib.contextmanager
def powered(
    folder: Path, power: Power, publisher: type[Publisher] = Publisher, fs: type[CrashFs] = CrashFs
) -> Iterator[Bench]:
    """Open the library with a power supply."""

    def queue(database: Database) -> JobQueue:
        made = CrashQueue(database)
        made.power = power
        return made

    bench = Bench(folder, fs=fs(power), queue_type=queue, publisher_type=publisher)
    try:
        yield bench
    finally:
        bench.close()


class Scene:
    """What stands in the output folder before, and what must stand there afterwards."""

    def __init__(self, name: str, before: Callable[[Bench], None], after: set[str]) -> None:
        self.name = name
        self.before = before
        self.after = after


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
]


@pytest.fixture(params=SCENES, ids=[scene.name for scene in SCENES])
def scene(request: pytest.FixtureRequest, folder: Path) -> tuple[Scene, Path]:
    """A folder in which one photograph waits to be edited at strength 0.3."""
    found: Scene = request.param
    return found, set_up(folder, found)


def set_up(folder: Path, scene: Scene) -> Path:
    bench = Bench(folder)
    bench.photo("a.jpg")
    scene.before(bench)
    bench.enqueue()
    bench.close()
    return folder


def copy_of(folder: Path, number: str) -> Path:
    """Copy a scene; the library names its folders whole, so the copy takes the original's place."""
    kept = folder.with_name(f"{folder.name}-{number}")
    shutil.copytree(folder, kept)
    return kept


def restore(folder: Path, kept: Path) -> None:
    shutil.rmtree(folder)
    shutil.copytree(kept, folder)


def edit(bench: Bench, power: Power) -> None:
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


def go_on(folder: Path, scene: Scene, power: Power | None = None) -> None:
    """Start again: recover, do what waits, and find everything right."""
    with powered(folder, power or Power()) as bench:
        check_done_means_there(bench)
        bench.recover()
        edit(bench, bench.fs.power)  # type: ignore[attr-defined]
        check_the_end(bench, scene)


def cut_everywhere(
    folder: Path,
    scene: Scene,
    keeps: tuple[int, ...] = (0, 99),
    publisher: type[Publisher] = Publisher,
    fs: type[CrashFs] = CrashFs,
) -> int:
    """Publish with the power cut at each tick, recover, check; return how many cuts there were."""
    kept = copy_of(folder, "before")
    power = Power()
    with powered(folder, power, publisher, fs) as bench:
        edit(bench, power)
        check_the_end(bench, scene)
    for cut in range(power.ticks):
        for keep in keeps:
            restore(folder, kept)
            one = Power(cut=cut, kept=keep)
            with powered(folder, one, publisher, fs) as bench, contextlib.suppress(PowerCut):
                edit(bench, one)
            assert one.off
            go_on(folder, scene)
    shutil.rmtree(kept)
    return power.ticks


def test_a_power_cut_after_any_step_of_publishing_leaves_one_right_result(
    scene: tuple[Scene, Path],
) -> None:
    found, folder = scene
    keeps = (0, 1, 2, 99) if found is SCENES[1] else (0, 99)  # several names change there
    assert cut_everywhere(folder, found, keeps) >= 7


def test_a_second_power_cut_while_recovering_from_the_first_does_no_harm(
    scene: tuple[Scene, Path],
) -> None:
    found, folder = scene
    kept = copy_of(folder, "before")
    cut = 0
    while True:
        restore(folder, kept)
        first = Power(cut=cut)
        with powered(folder, first) as bench, contextlib.suppress(PowerCut):
            edit(bench, first)
        if not first.off:
            break
        half = copy_of(folder, "half")
        again, finished = 0, False
        while not finished:
            restore(folder, half)
            second = Power(cut=again, kept=again % 2)
            with contextlib.suppress(PowerCut):
                go_on(folder, found, second)
            finished = not second.off
            go_on(folder, found)
            again += 4  # not each moment, for time's sake; another first cut shifts them
        shutil.rmtree(half)
        cut += 3
    shutil.rmtree(kept)


# Mutants: each breaks one rule of the protocol, and some test above must see it.


class NoSync(CrashFs):
    """The folder is not synced before the item is called done."""

    def sync_folder(self, folder: Path) -> None:
        self.power.tick()


class NameFirst(Publisher):
    """The name is taken before the promise is recorded."""

    def place(self, claim: Claim, rendered: Rendered, *, reserved: Path | None) -> Path:
        final = claim.planned
        slot = self._look(claim, rendered, final, reserved)
        replaces = slot.replaces if slot else None
        self._take(rendered.temp, final, replaces)
        self.queue.stage(claim, rendered, final, replaces)
        self.settle(claim, final)
        return final


class Replacing(CrashFs):
    """An ordinary rename, which replaces whatever stands there."""

    def rename_noreplace(self, source: Path, target: Path) -> None:
        self.power.tick()
        source.replace(target)


class Trusting(Publisher):
    """Whatever came out of an exchange is deleted without a look."""

    def drop_replaced(self, temp: Path, final: Path, replaces: str) -> bool:
        self.fs.unlink(temp)
        return True


class Eager(Publisher):
    """Done before the name is taken."""

    def _take(self, temp: Path, final: Path, replaces: str | None) -> bool:
        return True

    def settle(self, claim: Claim, final: Path) -> None:
        temp = self.temporary(claim)
        self.queue.finish(claim.item, claim.attempt, FileStat.of(temp.stat()))
        self.fs.rename_noreplace(temp, final)


@pytest.mark.parametrize(
    ("mutant", "which"),
    [
        (partial(cut_everywhere, fs=NoSync), 0),
        (partial(cut_everywhere, publisher=NameFirst), 0),
        (partial(cut_everywhere, publisher=NameFirst), 1),
        (partial(cut_everywhere, publisher=Eager), 0),
    ],
    ids=["no sync", "name before promise", "exchange before promise", "done before name"],
)
def test_a_protocol_with_a_rule_broken_does_not_pass(
    folder: Path, mutant: Callable[[Path, Scene], int], which: int
) -> None:
    """Each mutant breaks one rule; some moment of a power cut must show it."""
    scene = SCENES[which]
    set_up(folder, scene)
    with pytest.raises((AssertionError, OSError)):
        mutant(folder, scene)
    for left in folder.parent.glob(f"{folder.name}-*"):
        shutil.rmtree(left)


def test_without_the_rename_that_keeps_and_the_look_afterwards_foreign_files_would_be_lost(
    folder: Path,
) -> None:
    """The same races as in test_publisher, run against the two mutants."""

    def race(fs: FsOps, publisher: type[Publisher], content: bytes) -> bool:
        bench = Bench(folder, fs=fs, publisher_type=publisher)
        photo = bench.photo(f"{type(fs).__name__}.jpg")
        bench.enqueue(bench.recipe(0.9))
        bench.work()
        final = bench.out / photo.name
        bench.enqueue()
        for claim in bench.queue.claim("run", 1):
            made = bench.render(claim)
            slot = bench.publisher._look(claim, made, final, None)
            assert slot is not None
            final.write_bytes(content)
            bench.publisher._take(made.temp, final, slot.replaces)
        kept = any(path.read_bytes() == content for path in bench.out.iterdir())
        bench.close()
        return kept

    assert race(FsOps(), Publisher, FOREIGN)
    assert not race(FsOps(), Trusting, FOREIGN + b"2")

    power = Power()
    bench = Bench(folder, fs=Replacing(power))
    (bench.out / "new.jpg").write_bytes(FOREIGN)
    temp = bench.out / "temp"
    temp.write_bytes(b"ours")
    assert bench.publisher._take(temp, bench.out / "new.jpg", None)
    assert (bench.out / "new.jpg").read_bytes() != FOREIGN
    bench.close()
