"""What is done with results in the window: redone, brought back, exported, held, thrown away."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from core.library.photo import Decision
from tests.desktop.driving import Driver
from tests.runs import make_photographs, originals


@pytest.fixture
def trip(tmp_path: Path) -> Path:
    """A folder with three photographs."""
    make_photographs(tmp_path / "trip", ["a.jpg", "b.jpg", "c.png"])
    return tmp_path / "trip"


def _edited(driver: Driver, trip: Path) -> None:
    driver.open()
    driver.drop_photographs(trip, expect=3)
    driver.run()
    driver.wait(lambda: set(driver.statuses().values()) == {"done"})
    driver.wait_idle()


def _choose(driver: Driver, *names: str) -> None:
    ids = [driver.photo(name).id for name in names]
    driver.parts.grid.select(ids)
    driver.wait(lambda: sorted(driver.parts.session.selection) == sorted(ids))
    driver.wait_idle()


def test_a_redone_result_keeps_the_earlier_one_which_can_be_brought_back(
    driver: Driver, trip: Path
) -> None:
    """Trying another seed must never cost the result that was good."""
    _edited(driver, trip)
    result = driver.photo("a.jpg").output
    assert result is not None
    first = result.read_bytes()
    _choose(driver, "a.jpg")
    driver.trigger("redo")
    driver.wait(lambda: "every seed" in driver.parts.banner.message)
    driver.trigger("redo_stronger")
    driver.wait(lambda: driver.photo("a.jpg").versions == 1)
    driver.wait(lambda: driver.statuses()["a.jpg"] == "done" and result.read_bytes() != first)
    second = result.read_bytes()
    stack: list[object] = []
    driver.parts.backend.ask(
        driver.window,
        lambda services: services.versions.stack(driver.photo("a.jpg").id),
        stack.extend,
    )
    driver.wait(lambda: stack)
    driver.parts.viewer.version_wanted.emit(stack[0])
    driver.wait(lambda: result.read_bytes() == first)
    driver.wait(lambda: driver.photo("a.jpg").versions == 1)
    assert second != first
    assert len(list((trip.parent / "trip-regrain").iterdir())) == 3


def test_exactly_the_kept_results_are_exported(driver: Driver, trip: Path, tmp_path: Path) -> None:
    """37 kept of 240 are 37 files, with the bytes of the results."""
    _edited(driver, trip)
    _choose(driver, "a.jpg", "c.png")
    driver.trigger("keep")
    driver.wait(lambda: driver.photo("c.png").decision is Decision.KEEP)
    kept = [driver.photo(name).id for name in ("a.jpg", "c.png")]
    target = tmp_path / "export"
    driver.parts.batches.export(kept, target)
    driver.wait(lambda: target.is_dir() and len(list(target.iterdir())) == 2)
    driver.wait_idle()
    for name in ("a.jpg", "c.png"):
        assert (target / name).read_bytes() == (trip.parent / "trip-regrain" / name).read_bytes()


def test_review_first_holds_results_back_until_they_are_exported(
    driver: Driver, trip: Path
) -> None:
    """Nothing may appear beside the photographs before the user has looked at it."""
    driver.open()
    driver.drop_photographs(trip, expect=3)
    driver.parts.recipe.draft.set_value("review", True)
    driver.run()
    driver.wait(lambda: set(driver.statuses().values()) == {"done"})
    beside = trip.parent / "trip-regrain"
    assert not beside.exists() or not list(beside.iterdir())
    _choose(driver, "b.jpg")
    driver.trigger("keep")
    driver.wait(lambda: driver.photo("b.jpg").decision is Decision.KEEP)
    driver.parts.batches.export([driver.photo("b.jpg").id], None)
    driver.wait(lambda: (beside / "b.jpg").exists())
    assert [path.name for path in beside.iterdir()] == ["b.jpg"]


def test_trash_takes_results_and_never_originals(
    driver: Driver, trip: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The only command that deletes anything must not know how to delete a photograph."""
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    monkeypatch.setattr(
        "send2trash.send2trash",
        lambda path: Path(path).rename(bin_ / Path(path).name),
    )
    before = originals(trip)
    _edited(driver, trip)
    _choose(driver, "a.jpg")
    driver.parts.batches.trash_results([driver.photo("a.jpg").id])
    driver.wait(lambda: (bin_ / "a.jpg").exists())
    assert not (trip.parent / "trip-regrain" / "a.jpg").exists()
    assert originals(trip) == before
    driver.wait_idle()
    driver.run()
    driver.wait(lambda: (trip.parent / "trip-regrain" / "a.jpg").exists())


def test_a_picture_dropped_on_the_panel_restores_its_recipe(
    driver: Driver, trip: Path, tmp_path: Path
) -> None:
    """A result or another program's picture is the recipe that made it; what is unknown is said."""
    text = PngInfo()
    text.add_text(
        "parameters",
        "a castle\nNegative prompt: blurry\nSteps: 24, Sampler: DPM++ 2M, Schedule type: Karras, "
        "CFG scale: 6.5, Seed: 7, Size: 512x512, Model: dreamy_v5, Denoising strength: 0.35, "
        "Hires upscaler: Latent",
    )
    picture = tmp_path / "castle.png"
    Image.new("RGB", (32, 32), "grey").save(picture, pnginfo=text)
    driver.open()
    driver.drop_photographs(trip, expect=3)
    driver.drop(driver.parts.recipe, picture)
    panel = driver.parts.recipe
    driver.wait(lambda: panel.recipe.edit.strength == 0.35)
    assert panel.recipe.edit.num_inference_steps == 24
    assert "dreamy_v5" in f"{panel.banner.message} {panel.banner.hint}"


def test_what_was_removed_or_rated_can_be_undone(driver: Driver, trip: Path) -> None:
    """A slip of the finger must cost nothing."""
    driver.open()
    driver.drop_photographs(trip, expect=3)
    _choose(driver, "a.jpg", "b.jpg")
    driver.trigger("rate_5")
    driver.wait(lambda: driver.photo("a.jpg").rating == 5)
    driver.trigger("remove")
    driver.wait(lambda: len(driver.parts.grid.shown_ids) == 1)
    driver.trigger("undo")
    driver.wait(lambda: len(driver.parts.grid.shown_ids) == 3)
    driver.trigger("undo")
    driver.wait(lambda: len(driver.photos()) == 3 and driver.photo("a.jpg").rating == 0)


def test_projects_keep_their_photographs_apart(driver: Driver, trip: Path) -> None:
    """Two weddings must not share a grid; going back finds everything as it was."""
    driver.open()
    first = driver.parts.session.project
    assert first is not None
    driver.drop_photographs(trip, expect=3)
    driver.parts.projects.create("Wedding")
    driver.wait(lambda: driver.parts.session.project.name == "Wedding")
    driver.wait(lambda: len(driver.parts.grid.shown_ids) == 0)
    driver.parts.projects.open(first.id)
    driver.wait(lambda: len(driver.parts.grid.shown_ids) == 3)
    driver.wait(lambda: len(driver.parts.sources.projects) == 2)


def test_photographs_that_were_moved_away_are_missing_and_found_again(
    driver: Driver, trip: Path, tmp_path: Path
) -> None:
    """Moving a folder outside must not lose ratings or results."""
    driver.open()
    driver.drop_photographs(trip, expect=3)
    _choose(driver, "a.jpg")
    driver.trigger("rate_3")
    driver.wait(lambda: driver.photo("a.jpg").rating == 3)
    # What is being read at the moment of the move may still be noted as found.
    driver.wait(lambda: all(photo.width for photo in driver.photos()))
    moved = tmp_path / "elsewhere"
    trip.rename(moved)
    driver.parts.checker.look_again()
    driver.wait(lambda: all(photo.missing for photo in driver.photos()))
    project = driver.parts.session.project
    assert project is not None
    driver.window.wiring.project.relocator.relocate(project.id, trip, moved)
    driver.wait(
        lambda: len(driver.photos()) == 3 and not any(photo.missing for photo in driver.photos())
    )
    assert driver.photo("a.jpg").rating == 3
    assert driver.photo("a.jpg").path == moved / "a.jpg"
