"""Subfolders of a watched folder: skipped, mirrored or flattened, and with recipes of their own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from core.events import WatchState
from core.library.watched import Recursion
from tests.core.watch.bench import SETTLE, WatchBench


@pytest.mark.parametrize(
    ("recursion", "outputs"),
    [
        (Recursion.SKIP, ["a.png"]),
        (Recursion.MIRROR, ["a.png", "deep/b.png", "deep/er/a.png"]),
        (Recursion.FLATTEN, ["a-2.png", "a.png", "b.png"]),
    ],
)
def test_subfolders(bench: WatchBench, recursion: Recursion, outputs: list[str]) -> None:
    folder = bench.watch(recursion=recursion)
    bench.drop("a.png", "deep/b.png", "deep/er/a.png")
    bench.scan_and_settle(folder)
    found = [str(item.output.relative_to(bench.out)) for item in bench.items() if item.output]
    assert sorted(found) == outputs


def test_loops_of_links_end_and_nothing_outside_is_entered(
    bench: WatchBench, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    bench.drop("../outside/private.png")
    (bench.inbox / "loop").symlink_to("..")
    (bench.inbox / "away").symlink_to(outside)
    folder = bench.watch(recursion=Recursion.MIRROR)
    bench.drop("a.png")
    bench.scan_and_settle(folder)
    assert bench.taken() == ["a.png"]


def test_a_folder_that_comes_with_its_content_is_looked_into(bench: WatchBench) -> None:
    """Moved in as a whole, its files give no event of their own."""
    folder = bench.watch(recursion=Recursion.MIRROR)
    bench.drop(*(f"../coming/{n}.png" for n in range(5)))
    shutil.move(bench.home / "coming", bench.inbox / "coming")
    folder.listener.heard._folders.add(str(bench.inbox / "coming"))
    bench.turns(folder, SETTLE + 1)
    assert len(bench.taken()) == 5


def write_recipe(path: Path, strength: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'[edit]\nmodel = "fake"\nmode = "repaint"\nstrength = {strength}\n')


def test_a_folders_own_recipe_counts_for_what_lies_in_it(bench: WatchBench) -> None:
    folder = bench.watch(recursion=Recursion.MIRROR, folder_recipes=True)
    write_recipe(bench.inbox / "portraits" / "recipe.toml", 0.1)
    bench.drop("a.png", "portraits/b.png", "portraits/deep/c.png")
    bench.scan_and_settle(folder)
    by_strength = {
        job.recipe.edit.strength: [i.source.name for i in bench.queue.items(job.id)]
        for job in bench.queue.jobs()
    }
    assert by_strength == {0.3: ["a.png"], 0.1: ["b.png", "c.png"]}
    assert {item.output for item in bench.items()} == {
        bench.out / name for name in ("a.png", "portraits/b.png", "portraits/deep/c.png")
    }


def test_a_wrong_recipe_holds_only_its_own_folder_until_it_is_corrected(bench: WatchBench) -> None:
    folder = bench.watch(recursion=Recursion.MIRROR, folder_recipes=True)
    write_recipe(bench.inbox / "portraits" / "recipe.toml", 7)
    bench.drop("a.png", "portraits/b.png")
    bench.scan_and_settle(folder)
    assert bench.taken() == ["a.png"]
    last = bench.states()[-1]
    assert last.state is WatchState.BLOCKED
    assert "recipe.toml" in last.message and "strength" in last.message
    write_recipe(bench.inbox / "portraits" / "recipe.toml", 0.7)
    folder.listener.heard._files[str(bench.inbox / "portraits" / "recipe.toml")] = 0.0
    bench.turns(folder, SETTLE + 1)
    assert sorted(bench.taken()) == ["a.png", "portraits/b.png"]
    assert bench.states()[-1].state is WatchState.WATCHING
