"""Earlier results: redoing a photograph and changing one's mind loses neither of the two."""

from __future__ import annotations

import contextlib
import errno
import json
from pathlib import Path

import pytest

from core.errors import CoreError, LibraryError, OutputWriteError
from core.library.ids import PhotoId
from core.library.photo import Version
from core.library.photos import Photos
from core.library.projects import Projects
from core.library.versions import Versions
from core.outputs.fsops import FsOps
from tests.core.library.bench import Bench

FIRST = b"edited at 0.3: original"
SECOND = b"edited at 0.6: original"


class Stack:
    """A photograph with a result, its versions, and a disk that can be cut or interfered with."""

    def __init__(self, bench: Bench, fs: FsOps | None = None) -> None:
        self.bench = bench
        self.fs = fs or FsOps()
        self.photos = Photos(bench.database)
        project = Projects(bench.database).create("Trip")
        source = bench.photo("a.jpg", b"original")
        (self.photo,) = self.photos.add(project.id, [source]).photos
        self.versions = Versions(bench.database, bench.folder / "versions", self.fs)
        self.place = bench.out / "a.jpg"
        self.make(0.3)

    def make(self, strength: float) -> None:
        self.bench.enqueue(self.bench.recipe(strength), project="Trip")
        self.bench.work()

    def redo(self, strength: float) -> Version:
        kept = self.versions.keep(self.photo, self.place)
        assert kept is not None
        self.make(strength)
        return kept

    def texts(self) -> list[bytes]:
        """The standing result's bytes, then those of the stack, newest first."""
        stack = self.versions.stack(self.photo)
        return [self.place.read_bytes(), *(version.path.read_bytes() for version in stack)]


@pytest.fixture
def stack(bench: Bench) -> Stack:
    return Stack(bench)


def test_a_redone_result_stays_on_the_stack_with_its_recipe_and_note(stack: Stack) -> None:
    stack.redo(0.6)
    assert stack.texts() == [SECOND, FIRST]
    (version,) = stack.versions.stack(stack.photo)
    assert json.loads(version.recipe_json)["edit"]["strength"] == 0.3
    assert version.note == "6 of 20 steps"
    assert stack.photos.rows([stack.photo])[0].versions == 1
    assert stack.bench.names() == ["a.jpg"]


def test_an_earlier_result_is_brought_back_and_the_other_goes_on_the_stack(stack: Stack) -> None:
    kept = stack.redo(0.6)
    assert stack.versions.bring_back(kept) == stack.place
    assert stack.texts() == [FIRST, SECOND]
    (other,) = stack.versions.stack(stack.photo)
    stack.versions.bring_back(other)
    assert stack.texts() == [SECOND, FIRST]
    assert stack.bench.names() == ["a.jpg"]
    assert len(list(stack.versions.folder.iterdir())) == 1


def test_what_was_brought_back_is_regrains_own_result_again(stack: Stack) -> None:
    """Otherwise the next run would take it for a foreign file and put `a-2.jpg` beside it."""
    stack.versions.bring_back(stack.redo(0.6))
    recorded = stack.bench.catalog.result_at(stack.place)
    assert recorded is not None
    assert stack.bench.catalog.standing(recorded)
    stack.make(0.9)
    assert stack.bench.names() == ["a.jpg"]
    stack.make(0.3)
    assert stack.place.read_bytes() == FIRST


def test_keeping_twice_puts_it_on_the_stack_once(stack: Stack) -> None:
    first = stack.versions.keep(stack.photo, stack.place)
    assert stack.versions.keep(stack.photo, stack.place) == first
    assert len(list(stack.versions.folder.iterdir())) == 1
    stack.make(0.6)
    assert stack.versions.stack(stack.photo) == [first]


def test_what_is_kept_for_a_redo_is_not_shown_twice_before_the_redo_is_done(stack: Stack) -> None:
    stack.versions.keep(stack.photo, stack.place)
    assert stack.texts() == [FIRST]
    assert stack.photos.rows([stack.photo])[0].versions == 0
    stack.place.unlink()
    assert len(stack.versions.stack(stack.photo)) == 1


def test_a_kept_version_does_not_change_when_the_standing_file_is_written_into(
    stack: Stack,
) -> None:
    version = stack.versions.keep(stack.photo, stack.place)
    with stack.place.open("r+b") as file:
        file.write(b"XX")
    assert version is not None
    assert version.path.read_bytes() == FIRST


def test_only_results_of_this_very_photograph_as_they_were_made_are_kept(stack: Stack) -> None:
    foreign = stack.bench.out / "other.jpg"
    foreign.write_bytes(b"foreign")
    assert stack.versions.keep(stack.photo, foreign) is None
    assert stack.versions.keep(stack.photo, stack.bench.trip / "a.jpg") is None
    assert stack.versions.keep(PhotoId(99), stack.place) is None
    stack.place.write_bytes(b"edited elsewhere by hand")
    assert stack.versions.keep(stack.photo, stack.place) is None
    assert stack.versions.stack(stack.photo) == []


def test_a_result_that_another_program_changed_is_never_replaced(stack: Stack) -> None:
    kept = stack.redo(0.6)
    stack.place.write_bytes(b"retouched by hand")
    with pytest.raises(OutputWriteError, match="changed by another program") as caught:
        stack.versions.bring_back(kept)
    assert "Move it" in caught.value.hint
    assert stack.texts() == [b"retouched by hand", FIRST]
    assert stack.bench.names() == ["a.jpg"]


def test_a_version_comes_back_where_the_standing_one_was_deleted(stack: Stack) -> None:
    kept = stack.redo(0.6)
    stack.place.unlink()
    stack.versions.bring_back(kept)
    assert stack.texts() == [FIRST]


def test_a_version_that_was_brought_back_already_is_said_to_be_gone(stack: Stack) -> None:
    kept = stack.redo(0.6)
    stack.versions.bring_back(kept)
    with pytest.raises(LibraryError, match="not kept any more"):
        stack.versions.bring_back(kept)


def test_nothing_is_brought_back_under_the_hands_of_a_running_edit(stack: Stack) -> None:
    kept = stack.redo(0.6)
    stack.bench.enqueue(stack.bench.recipe(0.9), project="Trip")
    with pytest.raises(CoreError, match="being made anew"):
        stack.versions.bring_back(kept)
    stack.bench.work()
    stack.versions.bring_back(kept)
    assert stack.texts()[0] == FIRST


def test_a_damaged_version_leaves_the_standing_result(stack: Stack) -> None:
    kept = stack.redo(0.6)
    kept.path.write_bytes(b"rot")
    with pytest.raises(CoreError, match="not what it was"):
        stack.versions.bring_back(kept)
    assert stack.place.read_bytes() == SECOND
    assert stack.bench.names() == ["a.jpg"]


def test_the_stack_outlives_a_project_that_is_deleted(stack: Stack) -> None:
    stack.redo(0.6)
    projects = Projects(stack.bench.database)
    projects.delete(projects.all()[0].id)
    again = projects.create("Again")
    (photo,) = stack.photos.add(again.id, [stack.bench.trip / "a.jpg"]).photos
    (version,) = stack.versions.stack(photo)
    assert version.path.read_bytes() == FIRST


class Cut(BaseException):
    """The program is killed here."""


class Breaking(FsOps):
    """File operations of which the nth one from now on fails, or is the last one ever."""

    def __init__(self) -> None:
        self.left: int | None = None
        self.how: BaseException = Cut()
        self.meddle: Path | None = None

    def _count(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise self.how

    def copy(self, source: Path, target: Path):  # type: ignore[no-untyped-def]
        self._count()
        return super().copy(source, target)

    def rename_noreplace(self, source: Path, target: Path) -> None:
        self._count()
        super().rename_noreplace(source, target)

    def exchange(self, one: Path, other: Path) -> bool:
        self._count()
        if self.meddle is not None:
            self.meddle.write_bytes(b"saved by another program just now")
            self.meddle = None
        return super().exchange(one, other)

    def sync_folder(self, folder: Path) -> None:
        self._count()
        super().sync_folder(folder)

    def unlink(self, path: Path) -> None:
        self._count()
        super().unlink(path)


def everything(stack: Stack) -> set[bytes]:
    """The bytes of all files that are left."""
    folders = [stack.bench.out, stack.versions.folder]
    return {path.read_bytes() for folder in folders for path in folder.iterdir()}


def test_a_kill_at_any_point_of_bringing_back_loses_neither_result(folder: Path) -> None:
    for cut in range(12):
        home = folder / str(cut)
        home.mkdir()
        bench, fs = Bench(home), Breaking()
        stack = Stack(bench, fs)
        kept = stack.redo(0.6)
        fs.left = cut
        with contextlib.suppress(Cut):
            stack.versions.bring_back(kept)
        fs.left = None
        assert everything(stack) >= {FIRST, SECOND}, cut
        bench.close()
        bench.open()
        again = Versions(bench.database, stack.versions.folder)
        ours = again.stack(stack.photo)
        if stack.place.read_bytes() == SECOND:
            back = next(version for version in ours if version.path.read_bytes() == FIRST)
            again.bring_back(back)
        recorded = bench.catalog.result_at(stack.place)
        assert recorded is not None
        assert bench.catalog.standing(recorded), cut
        assert stack.place.read_bytes() == FIRST
        (other,) = again.stack(stack.photo)
        assert other.path.read_bytes() == SECOND, cut
        bench.close()


@pytest.mark.parametrize("step", range(8))
def test_a_full_disk_while_bringing_back_is_said_and_loses_nothing(bench: Bench, step: int) -> None:
    fs = Breaking()
    stack = Stack(bench, fs)
    kept = stack.redo(0.6)
    fs.left, fs.how = step, OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(CoreError, match=r"cannot be written .* No space left") as caught:
        stack.versions.bring_back(kept)
    assert "Nothing is lost" in caught.value.hint
    fs.left = None
    assert everything(stack) >= {FIRST, SECOND}
    assert sorted(stack.texts()) == [FIRST, SECOND]


def test_a_program_that_saves_just_when_we_exchange_keeps_what_it_saved(bench: Bench) -> None:
    fs = Breaking()
    stack = Stack(bench, fs)
    kept = stack.redo(0.6)
    fs.meddle = stack.place
    with pytest.raises(OutputWriteError, match="changed by another program"):
        stack.versions.bring_back(kept)
    assert stack.place.read_bytes() == b"saved by another program just now"
    assert everything(stack) >= {FIRST, SECOND}
    assert bench.names() == ["a.jpg"]
