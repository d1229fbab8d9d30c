"""What only looks like a photograph: each has its reason at once, and nothing waits for it."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.errors import ImageReadError, Reason
from core.events import Totals
from core.images.codec import Codec
from core.watch.reading import read_file
from tests.faults.table import Tally
from tests.runs import Bench, make_photographs, manifest

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes")

Benches = Callable[..., Bench]
Make = Callable[[Path], None]

TERABYTE = 1 << 40


def sparse(path: Path) -> None:
    """Make a file that says it has a terabyte, behind what begins as a photograph."""
    make_photographs(path.parent, [path.name])
    os.truncate(path, TERABYTE)


def link_to(target: str) -> Make:
    return lambda path: path.symlink_to(target)


@pytest.fixture
def bound() -> Iterator[Make]:
    """Makes sockets that somebody listens on."""
    sockets: list[socket.socket] = []

    def make(path: Path) -> None:
        sockets.append(socket.socket(socket.AF_UNIX))
        here = Path.cwd()
        os.chdir(path.parent)  # the name of a socket may be hardly a hundred bytes
        try:
            sockets[-1].bind(path.name)
        finally:
            os.chdir(here)
        sockets[-1].listen()

    yield make
    for each in sockets:
        each.close()


def kinds(bound: Make) -> dict[str, tuple[Make, Reason]]:
    """Return how each kind is made and what must be said of it."""
    return {
        "pipe.png": (os.mkfifo, Reason.NOT_A_FILE),
        "socket.png": (bound, Reason.NOT_A_FILE),
        "zero.png": (link_to("/dev/zero"), Reason.NOT_A_FILE),
        "terminal.png": (link_to("/dev/tty"), Reason.NOT_A_FILE),
        "folder.png": (Path.mkdir, Reason.NOT_A_FILE),
        "linked-folder.png": (link_to("."), Reason.NOT_A_FILE),
        "empty.png": (Path.touch, Reason.EMPTY),
        "terabyte.png": (sparse, Reason.TOO_LARGE),
        "gone.png": (link_to("nowhere.png"), Reason.VANISHED),
    }


def made(folder: Path, bound: Make) -> dict[str, Reason]:
    """Make one of each kind; return the reasons by name."""
    reasons = {}
    for name, (make, reason) in kinds(bound).items():
        make(folder / name)
        reasons[name] = reason
    return reasons


def test_what_is_no_file_has_its_reason_and_the_others_are_done(
    benches: Benches, bound: Make, tally: Tally
) -> None:
    """One pipe in a folder must not hold up the two thousand photographs beside it."""
    bench = benches()
    bench.photographs("a.png", "b.png")
    reasons = made(bench.source, bound)
    enqueued = bench.enqueue()
    bench.run(enqueued.job)
    items = bench.queue.items(enqueued.job)
    found = {item.source.name: item.reason for item in items if item.reason}
    totals = bench.queue.totals(enqueued.job)
    wrong = {name for name in reasons if found.get(name) is not reasons[name]}
    tally(37, "files that are none, in a batch", len(reasons), len(wrong))
    assert not wrong
    assert found == reasons
    assert totals == Totals(found=11, done=2, left_out=1, failed=8)
    assert set(manifest(bench.output)) == {"a.png", "b.png"}


def test_a_photograph_that_turns_into_something_else_before_its_turn(
    benches: Benches, bound: Make, tally: Tally
) -> None:
    """It was a file when the batch was stored; whoever opens it now must not hang on it."""
    bench = benches()
    bench.photographs("a.png", *kinds(bound))
    enqueued = bench.enqueue()
    for name in kinds(bound):
        (bench.source / name).unlink()
    reasons = made(bench.source, bound)
    bench.run(enqueued.job)
    items = bench.queue.items(enqueued.job)
    found = {item.source.name: item.reason for item in items if item.reason}
    wrong = {name for name in reasons if found.get(name) is not reasons[name]}
    tally(37, "files that become something else", len(reasons), len(wrong))
    assert not wrong
    assert set(manifest(bench.output)) == {"a.png"}


def test_whoever_looks_at_what_is_no_file_is_told_at_once(
    tmp_path: Path, bound: Make, tally: Tally
) -> None:
    """Sizes, previews and watched folders ask by other ways than a batch does."""
    reasons = made(tmp_path, bound)
    wrong = []
    with Codec() as codec:
        probed = codec.probe([tmp_path / name for name in reasons])
        for (name, reason), info in zip(reasons.items(), probed, strict=True):
            asked = [info, _error(lambda name=name: codec.preview(tmp_path / name, 32))]
            asked.append(_error(lambda name=name: read_file(str(tmp_path / name), insist=True)))
            said = [each.reason for each in asked if isinstance(each, ImageReadError)]
            if said != [reason] * 3:
                wrong.append((name, said))
    tally(37, "files that are none, looked at", 3 * len(reasons), len(wrong))
    assert not wrong


def _error(question: Callable[[], object]) -> ImageReadError | None:
    try:
        question()
    except ImageReadError as error:
        return error
    return None
