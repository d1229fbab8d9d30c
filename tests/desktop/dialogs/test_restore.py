"""A damaged library in the window: a photographer without a terminal gets back to work."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QPushButton

from core.library.backups import Backups
from core.library.database import Database
from core.preferences import user_paths
from desktop.widgets.banner import BannerKind
from tests.core.library.bench import Bench
from tests.core.library.test_backups import spoil
from tests.desktop.driving import Driver
from tests.runs import make_photographs


@pytest.fixture
def library(own_home: Path) -> Path:
    """A library with three finished photographs and a backup of it."""
    bench = Bench(own_home)
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        bench.photo(name)
    bench.enqueue()
    bench.work()
    Backups(bench.database.path).make()
    bench.close()
    assert bench.database.path == user_paths().library
    return bench.database.path


def button(driver: Driver, begins: str) -> QPushButton:
    """Return the banner's button, as soon as it is there."""

    def found() -> list[QPushButton]:
        shown = driver.parts.banner.findChildren(QPushButton)
        return [b for b in shown if b.isVisible() and b.text().replace("&", "").startswith(begins)]

    driver.wait(found)
    return found()[0]


def results(library: Path) -> int:
    database = Database(library)
    with database.read() as connection:
        count = connection.exec_driver_sql("SELECT count(*) FROM result").scalar()
    database.close()
    return int(count or 0)


def test_a_library_that_is_damaged_at_the_start_is_restored_by_a_button(
    driver: Driver, library: Path, tmp_path: Path
) -> None:
    spoil(library)
    damaged = library.read_bytes()
    (backup,) = Backups(library).all()
    driver.open(ready=False)
    restore = button(driver, "Restore the backup of")
    banner = driver.parts.banner
    assert banner.kind is BannerKind.ERROR
    assert "is damaged" in banner.message
    assert backup.when.partition(",")[0] in restore.text()
    assert "Photographs and results are not concerned." in banner.hint
    restore.click()
    driver.wait(lambda: "as it was on" in banner.message)
    aside = library.parent.glob("library.db.damaged-*")
    kept = next(path for path in aside if "journal" not in path.name)
    assert str(kept) in banner.hint
    assert kept.read_bytes() == damaged
    driver.wait(lambda: driver.parts.session.project and driver.parts.worker)

    # At work again, with the very window.
    make_photographs(tmp_path / "new", ["d.jpg", "e.png"])
    driver.drop_photographs(tmp_path / "new", expect=2)
    driver.run()
    driver.wait(lambda: set(driver.statuses().values()) == {"done"})
    driver.wait_idle()
    driver.close()
    assert results(library) == 5


def test_damage_that_shows_while_it_works_is_restored_too(driver: Driver, library: Path) -> None:
    """The window has the library open twice by then: both let go of it first."""
    driver.open()
    driver.wait_idle()
    spoil(library)
    driver.parts.backend.ask(driver.window, lambda services: services.database.examine())
    button(driver, "Restore the backup of").click()
    driver.wait(lambda: "as it was on" in driver.parts.banner.message)
    driver.wait(lambda: driver.parts.session.project)
    driver.wait_idle()
    assert driver.parts.worker is not None
    assert driver.parts.worker.isRunning()
    driver.close()
    assert results(library) == 3


def test_without_a_backup_a_new_library_is_begun(driver: Driver, library: Path) -> None:
    for backup in Backups(library).all():
        backup.path.unlink()
    spoil(library)
    driver.open(ready=False)
    anew = button(driver, "Start with a new library")
    assert "There is no backup" in driver.parts.banner.hint
    anew.click()
    driver.wait(lambda: "A new library was begun" in driver.parts.banner.message)
    driver.wait(lambda: driver.parts.session.project and driver.parts.worker)
    assert list(library.parent.glob("library.db.damaged-*"))
    driver.wait_idle()


def test_when_it_cannot_be_restored_now_it_says_why_and_can_be_tried_again(
    driver: Driver, library: Path
) -> None:
    """The service, or a command in a terminal, still has the library open."""
    other = Database(library)
    spoil(library)
    driver.open(ready=False)
    button(driver, "Restore the backup of").click()
    again = button(driver, "Try again")
    assert "has" in driver.parts.banner.message
    assert "Close the window" in driver.parts.banner.hint
    other.close()
    again.click()
    driver.wait(lambda: "as it was on" in driver.parts.banner.message)
    driver.wait(lambda: driver.parts.session.project and driver.parts.worker)
    driver.wait_idle()
