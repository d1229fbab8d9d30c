"""The window from a dropped folder to results that are still there tomorrow."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from core.library.lock import RenderLock
from core.library.photo import Decision
from core.preferences import user_paths
from core.services import RenderProgram
from tests.desktop.driving import Driver, fake_program
from tests.runs import make_photographs, originals


@pytest.fixture
def trip(tmp_path: Path) -> Path:
    """A folder with five photographs, one of them below another folder."""
    folder = tmp_path / "trip"
    make_photographs(folder, ["a.jpg", "b.jpg", "c.png", "d.png", "day2/e.jpg"])
    return folder


def test_a_dropped_folder_becomes_results_that_are_there_after_a_restart(
    driver: Driver, trip: Path
) -> None:
    """Without this nothing of the window is of use: drop, preset, run, keep, restart."""
    before = originals(trip)
    driver.open()
    driver.drop_photographs(trip, expect=5)
    driver.parts.recipe.draft.choose_preset(
        next(p for p in driver.parts.recipe.draft.presets if p.id == "smooth")
    )
    driver.run()
    driver.wait(lambda: set(driver.statuses().values()) == {"done"})
    results = sorted(p.relative_to(trip.parent) for p in trip.parent.glob("trip-regrain/**/*.*"))
    assert [str(path) for path in results] == [
        "trip-regrain/a.jpg", "trip-regrain/b.jpg", "trip-regrain/c.png",
        "trip-regrain/d.png", "trip-regrain/day2/e.jpg",
    ]  # fmt: skip
    driver.parts.grid.select([driver.photo("b.jpg").id])
    driver.wait(lambda: driver.parts.session.selection == [driver.photo("b.jpg").id])
    driver.trigger("keep")
    driver.trigger("rate_4")
    driver.wait(lambda: driver.photo("b.jpg").rating == 4)
    driver.wait_idle()

    driver.close()
    driver.open()
    driver.wait(lambda: len(driver.photos()) == 5)
    kept = driver.photo("b.jpg")
    assert (kept.decision, kept.rating) == (Decision.KEEP, 4)
    assert set(driver.statuses().values()) == {"done"}
    driver.wait(lambda: driver.parts.session.selection == [kept.id])
    driver.wait(lambda: driver.parts.recipe.recipe.id == "smooth")
    assert originals(trip) == before


def test_a_killed_render_process_costs_no_photograph(
    qtbot: QtBot, tmp_path: Path, driver: Driver
) -> None:
    """A crash of the GPU driver must not take the window or the batch with it."""
    folder = tmp_path / "trip"
    make_photographs(folder, ["a.jpg", "b-abort1.jpg", "c.jpg"])
    driver.program = fake_program(state=tmp_path)
    driver.open()
    driver.drop_photographs(folder, expect=3)
    driver.run()
    driver.wait(lambda: set(driver.statuses().values()) == {"done"})
    assert driver.window.isVisible()
    assert (tmp_path / "touched").read_text().count("b-abort1.jpg") == 2


def test_stopped_work_waits_for_resume_after_a_restart(driver: Driver, trip: Path) -> None:
    """What was queued must neither be lost nor start by itself."""
    driver.program = fake_program(delay=0.4, steps=4)
    driver.open()
    driver.drop_photographs(trip, expect=5)
    driver.run()
    driver.wait(lambda: "done" in driver.statuses().values())
    driver.trigger("stop_now")
    driver.wait(lambda: not driver.window.wiring.batches.router.working)
    driver.close()
    assert not list(trip.parent.glob("trip-regrain/**/.regrain-*"))

    driver.program = fake_program()
    driver.open()
    driver.wait(lambda: driver.window.actions_["resume"].isEnabled())
    driver.wait(lambda: "done" in driver.statuses().values())
    header = driver.parts.queue.header
    driver.wait(lambda: header.resume.isVisible() and "Resume" in header.resume.text())
    driver.trigger("resume")
    driver.wait(lambda: set(driver.statuses().values()) == {"done"})


def test_the_selection_alone_is_run_under_its_own_recipe(driver: Driver, trip: Path) -> None:
    """A photographer edits twelve of 240: the others must stay as they are, and say so."""
    driver.open()
    driver.drop_photographs(trip, expect=5)
    chosen = [driver.photo("a.jpg").id, driver.photo("c.png").id]
    driver.parts.grid.select(chosen)
    driver.wait(lambda: sorted(driver.parts.session.selection) == sorted(chosen))
    driver.wait(lambda: driver.parts.backend.waiting == 0)
    driver.parts.recipe.draft.set_value("keep_grain", 30)
    driver.wait(lambda: driver.photo("a.jpg").own_recipe and driver.photo("c.png").own_recipe)
    assert not driver.photo("b.jpg").own_recipe
    driver.run()
    driver.wait(lambda: driver.statuses()["a.jpg"] == driver.statuses()["c.png"] == "done")
    assert driver.statuses()["b.jpg"] == ""
    driver.trigger("undo")
    driver.wait(lambda: not driver.photo("a.jpg").own_recipe)


def test_running_again_makes_nothing_twice_and_a_deleted_result_comes_back(
    driver: Driver, trip: Path
) -> None:
    """The second run of a folder takes seconds; only what is missing is made."""
    driver.open()
    driver.drop_photographs(trip, expect=5)
    driver.run()
    driver.wait(lambda: set(driver.statuses().values()) == {"done"})
    (trip.parent / "trip-regrain" / "b.jpg").unlink()
    driver.run()
    driver.wait(lambda: sorted(driver.statuses().values()) == ["already_done"] * 4 + ["done"])
    assert (trip.parent / "trip-regrain" / "b.jpg").exists()


def test_wrong_files_are_named_in_place(driver: Driver, tmp_path: Path) -> None:
    """A cut JPEG, a text, an empty file: each has its reason, the others are done."""
    folder = tmp_path / "trip"
    good = make_photographs(folder, ["good.jpg", "cut.jpg"])[0]
    (folder / "cut.jpg").write_bytes(good.read_bytes()[:400])
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "text.jpg").write_text("no picture at all\n" * 50)
    (folder / "notes.xmp").write_text("<x/>")
    driver.open()
    driver.drop_photographs(folder, expect=4)
    assert "1 other file ignored" in driver.parts.report.text
    driver.run()
    driver.wait(lambda: "" not in driver.statuses().values())
    driver.wait(lambda: driver.statuses().get("good.jpg") == "done")
    driver.wait(lambda: list(driver.statuses().values()).count("failed") == 3)
    assert driver.photo("empty.jpg").reason == "empty"
    assert all(driver.photo(name).message for name in ("cut.jpg", "empty.jpg", "text.jpg"))


def test_a_folder_without_photographs_says_what_was_seen(driver: Driver, tmp_path: Path) -> None:
    """Nothing found must not look as if nothing happened."""
    folder = tmp_path / "trip"
    folder.mkdir()
    for number in range(3):
        (folder / f"IMG_{number}.CR3").write_bytes(b"raw")
    driver.open()
    driver.drop(driver.parts.grid, folder)
    driver.wait(lambda: "No pictures in trip" in driver.parts.report.text)
    assert "3 CR3" in driver.parts.report.text


def test_a_newer_library_is_refused_untouched_with_a_message(driver: Driver) -> None:
    """An older Regrain must not damage what a newer one wrote."""
    library = user_paths().library
    library.parent.mkdir(parents=True, exist_ok=True)
    driver.open()
    driver.close()
    with sqlite3.connect(library) as connection:
        connection.execute("PRAGMA user_version = 999")
    before = library.read_bytes()
    window = driver.open(ready=False)
    driver.wait(lambda: "newer" in window.parts.banner.message)
    driver.close()
    assert library.read_bytes() == before


def test_beside_another_renderer_the_window_follows_and_then_takes_over(
    driver: Driver, trip: Path
) -> None:
    """A service that holds the library must not make the window useless."""
    driver.open()
    driver.drop_photographs(trip, expect=5)
    other = RenderLock(user_paths().library.with_name("library.db.render-lock"))
    assert other.acquire()
    driver.run()
    driver.wait(lambda: driver.parts.queue.state.worker.state == "following")
    driver.parts.grid.select([driver.photo("a.jpg").id])
    driver.wait(lambda: driver.parts.session.selection)
    driver.trigger("rate_3")
    driver.wait(lambda: driver.photo("a.jpg").rating == 3)
    assert set(driver.statuses().values()) == {"pending"}
    other.release()
    driver.wait(lambda: set(driver.statuses().values()) == {"done"})


def test_a_full_disk_stops_the_batch_and_resume_finishes_it(
    driver: Driver, trip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk fails no photograph: the batch waits."""
    free = [1000]
    monkeypatch.setattr("core.outputs.fsops.FsOps.free_bytes", lambda *_args: free[0])
    driver.open()
    driver.drop_photographs(trip, expect=5)
    driver.run()
    driver.wait(lambda: "left, this batch needs about" in driver.parts.queue.banner.message)
    driver.wait(lambda: set(driver.statuses().values()) == {"pending"})
    free[0] = 10**12
    driver.trigger("resume")
    driver.wait(lambda: set(driver.statuses().values()) == {"done"})


def test_a_missing_model_is_said_before_anything_is_queued(driver: Driver, trip: Path) -> None:
    """A recipe from another computer may name a model that is not here."""
    driver.open()
    driver.drop_photographs(trip, expect=5)
    panel = driver.parts.recipe
    edit = panel.recipe.edit.model_copy(update={"model": "sdxl"})
    driver.parts.batches.run(
        [photo.id for photo in driver.photos()], panel.recipe.model_copy(update={"edit": edit})
    )
    driver.wait(lambda: "sdxl" in driver.parts.banner.message)
    assert set(driver.statuses().values()) == {""}


@pytest.mark.timeout(200)
def test_the_built_in_model_edits_what_is_dropped(qtbot: QtBot, tmp_path: Path) -> None:
    """The one test of the whole window with the real render process and the real model."""
    driver = Driver(qtbot, RenderProgram())
    make_photographs(tmp_path / "trip", ["a.png", "b.jpg"])
    try:
        driver.open()
        driver.drop_photographs(tmp_path / "trip", expect=2)
        driver.run()
        driver.wait(lambda: set(driver.statuses().values()) == {"done"}, 150_000)
        driver.parts.grid.select([driver.photo("a.png").id])
        driver.wait(lambda: driver.parts.session.current is not None)
        driver.window.wiring.photos.show_viewer(on=True)
        driver.wait(lambda: driver.parts.viewer.canvas.sharpened)
        qtbot.keyClick(driver.parts.viewer, Qt.Key.Key_P)
        driver.wait(lambda: driver.photo("a.png").decision is Decision.KEEP)
    finally:
        driver.close()


def test_one_photograph_is_shown_large_new_or_known(driver: Driver, trip: Path) -> None:
    """Whoever opens a picture with Regrain wants to see that picture."""
    driver.open()
    driver.drop_photographs(trip, expect=5)
    driver.wait_idle()
    driver.window.take_files([trip / "c.png"])
    driver.wait(lambda: driver.window.layout_.shows_viewer)
    driver.wait(lambda: driver.parts.viewer.photo.path.name == "c.png")
    driver.window.take_files([trip / "a.jpg"])
    driver.wait(lambda: driver.parts.viewer.photo.path.name == "a.jpg")
