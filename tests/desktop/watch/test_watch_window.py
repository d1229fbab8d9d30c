"""If these failed, a photographer's watch folder would not do in the window what it promises."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QMessageBox, QPushButton

from core.events import WatchStateChanged
from desktop.photos.overview import Kind
from desktop.watch.dialog import WatchDialog
from tests.desktop.watch.watching import WatchDriver
from tests.runs import make_photographs


def copy_slowly(source: Path, target: Path, driver: WatchDriver) -> None:
    """Write a file in two parts, as a camera or another program does."""
    data = source.read_bytes()
    with target.open("wb") as file:
        file.write(data[: len(data) // 2])
        file.flush()
        driver.qtbot.wait(1)
        file.write(data[len(data) // 2 :])


def test_what_comes_into_a_folder_is_edited_shown_and_replaced_when_saved_again(
    driver: WatchDriver, tmp_path: Path
) -> None:
    """The whole of it: add a folder, copy into it, see results; pause, resume, remove it."""
    inbox, card = tmp_path / "inbox", tmp_path / "card"
    there = make_photographs(inbox, ["old.jpg"])
    new = make_photographs(card, ["a.jpg", "b.png", "c.jpg"])
    driver.open()
    driver.add(inbox)
    assert driver.parts.session.project.name == "inbox"
    driver.wait(lambda: "Nothing has come into inbox" in driver.parts.grid.empty.shown.title)
    for path in new[:2]:
        copy_slowly(path, inbox / path.name, driver)
    driver.wait(lambda: driver.statuses() == {"a.jpg": "done", "b.png": "done"})
    driver.wait(lambda: driver.detail == "Watching, 2 today")
    results = tmp_path / "inbox-regrain"
    assert sorted(path.name for path in results.iterdir()) == ["a.jpg", "b.png"]

    before = (results / "a.jpg").read_bytes()
    copy_slowly(new[2], inbox / "a.jpg", driver)
    driver.wait(lambda: (results / "a.jpg").read_bytes() != before)
    driver.wait(lambda: driver.statuses() == {"a.jpg": "done", "b.png": "done"})
    assert sorted(path.name for path in results.iterdir()) == ["a.jpg", "b.png"]

    rule = driver.folders[0].rule
    driver.controller.pause(rule.id)
    driver.wait(lambda: driver.detail.startswith("Paused"))
    copy_slowly(new[2], inbox / "c.jpg", driver)
    driver.controller.resume(rule.id)
    driver.wait(lambda: driver.statuses().get("c.jpg") == "done")

    driver.watch.dialogs.ask_remove(driver.folders[0])
    box = driver.watch.dialogs.dialog
    assert isinstance(box, QMessageBox)
    next(b for b in box.findChildren(QPushButton) if "Remove" in b.text()).click()
    driver.wait(lambda: not driver.lines(Kind.WATCH))
    assert there[0].exists() and (results / "c.jpg").exists()
    assert len(driver.photos()) == 3


def test_all_that_is_there_is_counted_with_its_time_and_edited_when_asked(
    driver: WatchDriver, tmp_path: Path
) -> None:
    """Eighteen thousand photographs must not start to render because a folder was named."""
    inbox = tmp_path / "inbox"
    make_photographs(inbox, ["a.jpg", "b.jpg", "below/c.jpg"])
    driver.open()
    dialog = driver.ask(inbox)
    driver.wait(lambda: dialog.all.text().startswith("&All 2 ("))
    assert dialog.new_only.isChecked()
    assert "becomes" in dialog.target.text() and "inbox-regrain" in dialog.target.text()
    dialog.reject()
    driver.wait(lambda: driver.watch.dialogs.dialog is None)
    driver.add(inbox, everything=True)
    driver.wait(lambda: driver.statuses() == {"a.jpg": "done", "b.jpg": "done"})


def test_a_folder_that_cannot_be_watched_is_refused_with_the_reason(
    driver: WatchDriver, tmp_path: Path
) -> None:
    """Results that come back as new photographs would be edited for ever."""
    inbox = tmp_path / "inbox"
    make_photographs(inbox, ["a.jpg"])
    driver.open()
    dialog = driver.ask(inbox)
    dialog.form.output.show_folder(inbox)
    driver.wait(lambda: "among the photographs that are watched" in dialog.banner.message)
    assert dialog.banner.hint == "Choose another folder." and not dialog.begin.isEnabled()
    dialog.form.output.show_folder(None)
    driver.wait(dialog.begin.isEnabled)
    assert not dialog.banner.message
    dialog.show_folder(tmp_path / "nowhere")
    driver.wait(lambda: "There is no folder called" in dialog.banner.message)
    dialog.reject()
    assert not driver.folders


def test_a_rule_is_changed_in_place(driver: WatchDriver, tmp_path: Path) -> None:
    """Another recipe and another output folder must not make a second rule of the first."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    driver.open()
    driver.add(inbox)
    driver.watch.dialogs.edit(driver.folders[0])
    dialog = driver.watch.dialogs.dialog
    assert isinstance(dialog, WatchDialog)
    dialog.form.recipe.setCurrentText("Smooth")
    dialog.form.output.show_folder(tmp_path / "out")
    driver.wait(dialog.begin.isEnabled)
    told: list[object] = []
    driver.watch.watching.happened.connect(told.append)
    dialog.begin.click()
    driver.wait(lambda: driver.folders[0].rule.settings.recipe.id == "smooth")
    assert len(driver.folders) == 1
    # Until whoever watches has begun anew, the former rule counts.
    driver.wait(lambda: any(isinstance(event, WatchStateChanged) for event in told))
    make_photographs(inbox, ["a.jpg"])
    driver.wait(lambda: (tmp_path / "out" / "a.jpg").exists())


def test_a_folder_that_goes_away_is_said_once_and_taken_up_again(
    driver: WatchDriver, tmp_path: Path
) -> None:
    """A drive that was unplugged must not be silence."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    driver.open()
    driver.add(inbox)
    inbox.rename(tmp_path / "away")
    driver.wait(lambda: "is not there" in driver.parts.banner.message)
    driver.wait(lambda: driver.line().icon == "folder-missing")
    assert driver.detail == "Folder missing"
    driver.parts.banner.clear()
    driver.controller.refresh()
    driver.wait(lambda: driver.parts.backend.waiting == 0)
    assert not driver.parts.banner.message
    (tmp_path / "away").rename(inbox)
    make_photographs(inbox, ["a.jpg"])
    driver.wait(lambda: driver.detail == "Watching, 1 today")


def test_a_folder_dropped_on_the_section_is_offered(driver: WatchDriver, tmp_path: Path) -> None:
    """Dragging a folder there is the shortest way."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    driver.open()
    driver.wait(lambda: driver.lines(Kind.ADD_WATCH))
    driver.parts.sources.tree.folder_dropped.emit(inbox)
    dialog = driver.watch.dialogs.dialog
    assert isinstance(dialog, WatchDialog)
    driver.wait(dialog.begin.isEnabled)
    dialog.reject()
