"""Earlier results and what the photograph shows: recipe, place, kills and the trash."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from core.errors import CoreError
from core.library.photo import Decision, Photo, Version
from core.library.photos import Photos
from core.library.projects import Projects
from core.library.records import FileStat
from core.library.recovery import recover
from core.library.versions import Versions, versions_folder
from core.outputs.fsops import FsOps
from tests.core.library.bench import Bench

FIRST = b"edited at 0.3: original"
SECOND = b"edited at 0.6: original"


class Killed(BaseException):
    """The program ends here."""


class Mortal(FsOps):
    """File operations before the nth of which, from now on, the program is killed."""

    left: int | None = None

    def _live(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise Killed

    def stat(self, path: Path):  # type: ignore[no-untyped-def]
        self._live()
        return super().stat(path)

    def exchange(self, one: Path, other: Path) -> bool:
        self._live()
        return super().exchange(one, other)

    def unlink(self, path: Path) -> None:
        self._live()
        super().unlink(path)

    def sync_folder(self, folder: Path) -> None:
        self._live()
        super().sync_folder(folder)


class Shelf:
    """A photograph, redone in the same folder or in another one."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.fs = Mortal()
        self.sent: list[Path] = []
        self.photos = Photos(bench.database)
        project = Projects(bench.database).create("Trip")
        source = bench.photo("a.jpg", b"original")
        (self.photo,) = self.photos.add(project.id, [source]).photos
        folder = versions_folder(bench.database.path)
        self.versions = Versions(bench.database, folder, self.fs, self.send)
        self.make(0.3)

    def send(self, path: Path) -> None:
        self.sent.append(path)
        path.unlink()

    def make(self, strength: float, folder: Path | None = None) -> None:
        recipe = self.bench.recipe(strength, folder=folder or self.bench.out)
        self.bench.enqueue(recipe, project="Trip")
        self.bench.work()

    def redo(self, folder: Path | None = None) -> Version:
        assert self.versions.keep(self.photo, self.output()) is not None
        self.make(0.6, folder)
        (version,) = self.versions.stack(self.photo)
        return version

    def shown(self) -> Photo:
        (photo,) = self.photos.rows([self.photo])
        return photo

    def output(self) -> Path:
        output = self.shown().output
        assert output is not None
        return output

    def held(self) -> list[bytes]:
        """What is shown, and then the stack."""
        stack = self.versions.stack(self.photo)
        return [self.output().read_bytes(), *(version.path.read_bytes() for version in stack)]


@pytest.fixture
def shelf(bench: Bench) -> Shelf:
    return Shelf(bench)


def test_with_an_earlier_result_its_own_recipe_is_shown_again(shelf: Shelf) -> None:
    """Redoing it once more would otherwise start from settings that did not make it."""
    version = shelf.redo()
    shelf.photos.decide([shelf.photo], Decision.REJECT)
    shelf.versions.bring_back(version)
    job = shelf.shown().job
    assert job is not None
    assert shelf.bench.queue.job(job).recipe.edit.strength == 0.3
    assert shelf.shown().decision is Decision.UNDECIDED


def test_a_result_whose_redo_went_to_another_folder_is_shown_again(shelf: Shelf) -> None:
    other = shelf.bench.folder / "other"
    version = shelf.redo(other)
    assert shelf.shown().versions == 1
    shelf.versions.bring_back(version)
    assert shelf.output() == shelf.bench.out / "a.jpg"
    assert shelf.held() == [FIRST, SECOND]
    assert (other / "a.jpg").read_bytes() == SECOND, "what stands elsewhere is left there"
    (back,) = shelf.versions.stack(shelf.photo)
    shelf.versions.bring_back(back)
    assert shelf.output() == other / "a.jpg"
    assert shelf.held() == [SECOND, FIRST]


def test_another_projects_photograph_goes_on_showing_its_own_result(shelf: Shelf) -> None:
    project = Projects(shelf.bench.database).create("Other")
    source = shelf.bench.trip / "a.jpg"
    (twin,) = shelf.photos.add(project.id, [source]).photos
    mine = shelf.bench.folder / "mine"
    shelf.bench.enqueue(shelf.bench.recipe(0.9, folder=mine), project="Other")
    shelf.bench.work()
    shelf.versions.bring_back(shelf.redo())
    assert shelf.photos.rows([twin])[0].output == mine / "a.jpg"
    assert shelf.held()[0] == FIRST


def _killed_at(step: int, shelf: Shelf, version: Version) -> bool:
    shelf.fs.left = step
    try:
        shelf.versions.bring_back(version)
    except Killed:
        return True
    finally:
        shelf.fs.left = None
    return False


def _kill(bench: Bench, step: int, elsewhere: Path | None) -> bool:
    """Kill at one step, start again as a run does, look, and render once more."""
    shelf = Shelf(bench)
    killed = _killed_at(step, shelf, shelf.redo(elsewhere))
    bench.lock.acquire()
    recover(bench.publisher, bench.lock)
    entry = bench.catalog.result_at(shelf.output())
    assert entry is not None
    assert bench.catalog.standing(entry), step
    assert sorted(shelf.held()) == [FIRST, SECOND], step
    assert not list(bench.folder.rglob(".regrain*")), step
    shelf.make(0.9, elsewhere)
    assert not list(bench.folder.rglob("a-2.jpg")), step
    return killed


@pytest.mark.parametrize("elsewhere", [False, True])
def test_after_a_kill_at_any_step_a_start_settles_it_and_nothing_is_lost(
    folder: Path, elsewhere: bool
) -> None:
    """Killed while bringing back, then only a new run starts: no result may become foreign."""
    step, killed = 0, True
    while killed:
        home = folder / str(step)
        home.mkdir()
        bench = Bench(home)
        killed = _kill(bench, step, home / "other" if elsewhere else None)
        bench.close()
        step += 1
    assert step > (3 if elsewhere else 6)


class Meddling(Mortal):
    """Another program saves just when we exchange, and then the program is killed."""

    meddled = False

    def exchange(self, one: Path, other: Path) -> bool:
        if not self.meddled:
            self.meddled = True
            other.write_bytes(b"saved by another program just now")
            swapped = super().exchange(one, other)
            self.left = 0
            return swapped
        return super().exchange(one, other)


def test_what_another_program_saved_just_then_is_put_back_at_the_next_start(bench: Bench) -> None:
    shelf = Shelf(bench)
    version = shelf.redo()
    with pytest.raises(Killed):
        Versions(bench.database, shelf.versions.folder, Meddling()).bring_back(version)
    assert shelf.output().read_bytes() == FIRST
    assert bench.lock.acquire()
    recover(bench.publisher, bench.lock)
    assert shelf.output().read_bytes() == b"saved by another program just now"
    assert bench.names() == ["a.jpg"]
    assert FIRST in shelf.held()
    assert SECOND in shelf.held()


def test_a_version_that_is_dropped_goes_to_the_trash_and_the_result_stays(shelf: Shelf) -> None:
    version = shelf.redo()
    shelf.versions.drop(version)
    assert shelf.sent == [version.path]
    assert shelf.held() == [SECOND]
    assert shelf.shown().versions == 0
    shelf.versions.drop(version)
    assert len(shelf.sent) == 1


def test_a_version_without_a_trash_is_kept(bench: Bench) -> None:
    shelf = Shelf(bench)
    version = shelf.redo()

    def refuse(path: Path) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    with pytest.raises(CoreError, match="cannot be moved to the trash: Read-only") as caught:
        Versions(bench.database, shelf.versions.folder, send=refuse).drop(version)
    assert caught.value.hint == "It is still kept."
    assert shelf.held() == [SECOND, FIRST]


def test_the_brought_back_file_is_recorded_as_it_stands(shelf: Shelf) -> None:
    """Equal stat spares reading every result at each start."""
    shelf.versions.bring_back(shelf.redo())
    entry = shelf.bench.catalog.result_at(shelf.output())
    assert entry is not None
    assert entry.stat == FileStat.of(shelf.output().lstat())
