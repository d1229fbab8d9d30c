"""Regrain's own results are never taken for new photographs, however they get into a folder."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import pytest

from core.errors import SettingsError
from core.events import WatchState
from core.images.xmp import REGRAIN
from core.library.records import FileStat, Rendered
from core.library.watched import FileKind, Recursion
from core.watch.folder import FolderWatch
from tests.core.watch.bench import SETTLE, WatchBench


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def results(bench: WatchBench, folder: FolderWatch, *names: str) -> list[Path]:
    bench.drop(*names)
    bench.scan_and_settle(folder)
    bench.render_all()
    return [bench.out / name for name in names]


def test_a_result_that_is_copied_back_is_known_by_its_bytes(bench: WatchBench) -> None:
    rule = bench.rule()
    folder = bench.watch(rule)
    (made,) = results(bench, folder, "a.png")
    shutil.copy(made, bench.inbox / "back.png")
    os.link(made, bench.inbox / "linked.png")
    bench.scan_and_settle(folder)
    assert bench.taken() == ["a.png"]
    kinds = {name: mark.kind for name, mark in bench.marks(rule).items()}
    assert kinds["back.png"] is kinds["linked.png"] is FileKind.OWN_OUTPUT


def test_one_of_another_library_is_known_by_its_note(bench: WatchBench) -> None:
    """Two computers that share folders would feed each other for ever."""
    folder = bench.watch()
    (path,) = bench.drop("theirs.png")
    path.write_bytes(path.read_bytes() + REGRAIN.encode())
    _append_iend(path)
    bench.scan_and_settle(folder)
    assert bench.taken() == []


def _append_iend(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0\0\0\0IEND\xaeB`\x82")


def test_results_that_are_written_into_the_folder_itself_make_no_second_generation(
    bench: WatchBench,
) -> None:
    """Refused when a rule is made; if a link is put there afterwards, it ends at once."""
    folder = bench.watch(recursion=Recursion.MIRROR)
    bench.out.rmdir()
    (bench.inbox / "back").mkdir()
    bench.out.symlink_to(bench.inbox / "back")
    for _ in range(3):
        bench.drop("a.png", "b.png")
        bench.scan_and_settle(folder)
        bench.render_all()
    assert sorted(bench.taken()) == ["a.png", "b.png"]


def test_a_photograph_whose_result_is_its_unchanged_copy_is_no_result(bench: WatchBench) -> None:
    """Already clean, its result has its bytes: a copy of the original is still a photograph."""
    folder = bench.watch()
    (path,) = bench.drop("a.png")
    bench.scan_and_settle(folder)
    (claim,) = bench.queue.claim("test", 1)
    data = path.read_bytes()
    claim.planned.write_bytes(data)
    rendered = Rendered(claim.planned, _sha256(data), len(data), "key", _sha256(data))
    bench.queue.stage(claim, rendered, claim.planned, None)
    bench.queue.finish(claim.item, claim.attempt, FileStat.of(claim.planned.stat()))
    (bench.inbox / "copy.png").write_bytes(data)
    bench.scan_and_settle(folder)
    assert bench.taken() == ["a.png", "copy.png"]


def test_a_folder_that_only_gets_regrains_results_is_paused(bench: WatchBench) -> None:
    rule = bench.rule()
    folder = bench.watch(rule)
    made = results(bench, folder, *(f"{number}.png" for number in range(12)))
    bench.turns(folder, 400)
    for path in made:
        shutil.copy(path, bench.inbox / f"back-{path.name}")
    bench.scan_and_settle(folder)
    stored = bench.rules.get(rule.id)
    assert stored.paused
    assert bench.states()[-1].state is WatchState.PAUSED
    assert "Regrain's own results" in stored.message


# what is refused


@pytest.mark.parametrize("inside", ["", "deep/er", "../link/deep"])
def test_an_output_inside_the_watched_tree_is_refused(bench: WatchBench, inside: str) -> None:
    (bench.home / "link").symlink_to(bench.inbox)
    with pytest.raises(SettingsError, match="would"):
        bench.plan(bench.recipe(folder=bench.inbox / inside), recursion=Recursion.MIRROR)


def test_without_subfolders_one_below_is_allowed(bench: WatchBench) -> None:
    folder = bench.watch(bench.rule(bench.recipe(folder=bench.inbox / "done")))
    bench.drop("a.png")
    bench.scan_and_settle(folder)
    bench.drop("done/b.png")
    bench.scan_and_settle(folder)
    assert bench.taken() == ["a.png"]


def test_results_that_would_come_round_are_refused(bench: WatchBench) -> None:
    second = bench.home / "second"
    second.mkdir()
    bench.rule(bench.recipe(folder=second))
    with pytest.raises(SettingsError, match=r"circle: .*second -> .*inbox"):
        bench.plan(bench.recipe(folder=bench.inbox), folder=second)


def test_a_chain_without_a_circle_is_allowed(bench: WatchBench) -> None:
    second = bench.home / "second"
    second.mkdir()
    bench.rule(bench.recipe(folder=second))
    plan = bench.plan(bench.recipe(folder=bench.home / "third"), folder=second)
    assert "leaves its own results alone" in plan.notes[0]


def test_results_that_regrain_itself_puts_there_stop_nothing(bench: WatchBench) -> None:
    """All pictures are watched, and another rule writes below them: that is no circle."""
    inner = bench.inbox / "cleaned"
    camera = bench.home / "camera"
    camera.mkdir()
    rule = bench.rule(recursion=Recursion.MIRROR)
    other = bench.rule(bench.recipe(folder=inner), folder=camera)
    pictures, cards = bench.watch(rule), bench.watch(other)
    bench.drop(*(f"../camera/{number}.png" for number in range(12)))
    bench.scan_and_settle(cards)
    bench.render_all()
    bench.scan_and_settle(pictures)
    assert not bench.rules.get(rule.id).paused
    kinds = {mark.kind for mark in bench.marks(rule).values()}
    assert kinds == {FileKind.OWN_OUTPUT}


def test_a_rule_of_the_service_is_not_taken_over_by_a_command(bench: WatchBench) -> None:
    bench.rule()
    with pytest.raises(SettingsError, match="watched already, as number 1"):
        bench.plan(attended=True)


def test_settling_time_is_kept_in_each_rule(bench: WatchBench) -> None:
    assert bench.rule().settings.settle == SETTLE
