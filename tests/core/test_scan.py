"""Scanning: every photograph is found once, nothing else is taken for one, nothing hangs."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path, PurePath

import pytest

from core.errors import Reason, SettingsError
from core.scan import ScanResult, nothing_found, scan


def make(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return folder


def names(result: ScanResult) -> list[str]:
    return [str(file.relative) for file in result.photographs]


@pytest.fixture
def trip(tmp_path: Path) -> Path:
    folder = tmp_path / "trip"
    folder.mkdir()
    return folder


def test_a_camera_folder(trip: Path) -> None:
    make(trip, *(f"IMG_{n}.{end}" for n in range(5) for end in ("JPG", "CR3", "xmp")))
    make(trip, "MOV_1.MOV", "Thumbs.db", "notes.txt", "sub/a.tif", "clip.gif")
    result = scan([trip], take_raw=False)
    assert len(result.photographs) == 6
    assert [trouble.reason for trouble in result.left_out].count(Reason.RAW) == 5
    assert [trouble.reason for trouble in result.left_out].count(Reason.ANIMATED) == 1
    assert result.ignored == 8
    assert result.seen["CR3"] == 5
    assert result.problems == ()


@pytest.mark.parametrize(
    "name",
    [
        *("a.jpg", "a.JPG", "a.JpEg", "a.jpe", "a.mpo", "a.png", "a.PNG", "a.tif", "a.TIFF"),
        *("a.webp", "a.bmp", "a.avif", "a.heic", "a.HIF", "a.b.c.jpg", "-rf.jpg", "<img>.jpg"),
        *("=cmd.jpg", "a\nb.jpg", "\u202egpj.jpg", " .jpg", "\u00e9.jpg", "x" * 251 + ".jpg"),
    ],
)
def test_photographs_in_any_case_and_under_any_name(trip: Path, name: str) -> None:
    make(trip, name)
    assert names(scan([trip])) == [name]


@pytest.mark.parametrize(
    "name", ["a.txt", "jpg", "a.jpg.xmp", "a.part", ".a.jpg", "._a.jpg", "a.psd", "a.MP4", "a"]
)
def test_other_files_are_counted_and_not_taken(trip: Path, name: str) -> None:
    make(trip, name)
    result = scan([trip])
    assert (result.photographs, result.ignored) == ((), 1)


def test_raw_is_taken_where_it_can_be_read(trip: Path) -> None:
    make(trip, "a.nef", "b.DNG")
    assert names(scan([trip], take_raw=True)) == ["a.nef", "b.DNG"]
    hint = scan([trip], take_raw=False).left_out[0].hint
    assert "regrain[raw]" in hint


def test_the_order_is_natural_and_always_the_same(trip: Path) -> None:
    make(trip, "IMG_10.jpg", "IMG_9.jpg", "img_1.jpg", "day 10/a.jpg", "day 2/b.jpg", "B.jpg")
    expected = ["B.jpg", "img_1.jpg", "IMG_9.jpg", "IMG_10.jpg", "day 2/b.jpg", "day 10/a.jpg"]
    assert names(scan([trip])) == expected
    assert names(scan([trip])) == expected


def test_subfolders_only_where_wanted(trip: Path) -> None:
    make(trip, "a.jpg", "sub/b.jpg")
    assert names(scan([trip], recursive=False)) == ["a.jpg"]
    assert names(scan([trip])) == ["a.jpg", "sub/b.jpg"]


def test_a_path_given_twice_in_any_way_is_taken_once(
    trip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(trip, "a.jpg", "sub/b.jpg")
    link = trip.parent / "link"
    link.symlink_to(trip)
    monkeypatch.chdir(trip.parent)
    ways = [trip, trip / "a.jpg", Path("trip"), Path("trip/../trip"), link, link / "a.jpg"]
    result = scan([*ways, trip / "sub"])
    assert sorted(str(file.path) for file in result.photographs) == [
        str(trip / "a.jpg"),
        str(trip / "sub" / "b.jpg"),
    ]


def test_two_hard_links_are_two_photographs(trip: Path) -> None:
    make(trip, "a.jpg")
    os.link(trip / "a.jpg", trip / "b.jpg")
    assert names(scan([trip])) == ["a.jpg", "b.jpg"]


def test_linked_folders_are_not_entered_and_linked_files_are_taken(
    trip: Path, tmp_path: Path
) -> None:
    outside = make(tmp_path / "outside", "secret.jpg")
    (trip / "folder").symlink_to(outside)
    (trip / "loop").symlink_to(trip)
    (trip / "file.jpg").symlink_to(outside / "secret.jpg")
    (trip / "dangling.jpg").symlink_to(tmp_path / "nowhere.jpg")
    result = scan([trip])
    assert names(result) == ["file.jpg"]
    assert [(t.path.name, t.reason) for t in result.problems] == [("dangling.jpg", Reason.VANISHED)]


def test_a_folder_that_comes_back_to_itself_is_left_after_once(
    trip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bind mounts make such loops without any link; here two folders tell one identity."""
    make(trip, "a/1.jpg", "b/2.jpg")
    real = os.stat
    monkeypatch.setattr(
        os, "stat", lambda path, *a, **k: real(str(path).replace("trip/b", "trip/a"), *a, **k)
    )
    assert names(scan([trip])) == ["a/1.jpg"]


def test_what_only_looks_like_a_photograph_has_its_reason_and_nothing_hangs(trip: Path) -> None:
    os.mkfifo(trip / "pipe.jpg")
    make(trip, "folder.jpg/inside.jpg")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(trip / "socket.png"))
        result = scan([trip])
    assert {t.path.name: t.reason for t in result.problems} == {
        "pipe.jpg": Reason.NOT_A_FILE,
        "folder.jpg": Reason.NOT_A_FILE,
        "socket.png": Reason.NOT_A_FILE,
    }
    assert result.photographs == ()
    assert names(scan([trip / "folder.jpg"])) == ["inside.jpg"]


def test_a_folder_that_may_not_be_read_is_one_clear_problem(
    trip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(trip, "a.jpg", "locked/b.jpg", "z/c.jpg")
    real = os.scandir

    def refusing(path: str) -> object:
        if path.endswith("locked"):
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", refusing)
    result = scan([trip])
    assert names(result) == ["a.jpg", "z/c.jpg"]
    (problem,) = result.problems
    assert problem.reason is Reason.UNREADABLE
    assert "locked cannot be looked into: Permission denied" in problem.message


def test_the_output_folder_inside_is_not_eaten_unless_it_is_given_itself(trip: Path) -> None:
    make(trip, "a.jpg", "out/a.jpg", "out/deep/b.jpg")
    assert names(scan([trip], exclude=[trip / "out"])) == ["a.jpg"]
    assert names(scan([trip / "out"], exclude=[trip / "out"])) == ["a.jpg", "deep/b.jpg"]


def test_our_temporary_files_hidden_folders_and_trash_are_passed_over(trip: Path) -> None:
    make(trip, ".regrain-ab12-1-1.tmp", ".thumbs/a.jpg", "@eaDir/b.jpg", "$RECYCLE.BIN/c.jpg")
    assert names(scan([trip])) == []


def test_files_given_by_name(trip: Path) -> None:
    """As a shell's `trip/*` gives them: the same rules, but a bare name is tried."""
    make(trip, "a.jpg", "b.cr2", "c.xmp", "d.gif", "photo", "e.mov")
    result = scan(
        [trip / name for name in sorted(path.name for path in trip.iterdir())], take_raw=False
    )
    assert names(result) == ["a.jpg", "photo"]
    assert all(file.named for file in result.photographs)
    assert [t.path.name for t in result.left_out] == ["b.cr2", "d.gif"]
    assert result.ignored == 2


def test_folders_found_keep_the_name_by_which_they_were_given(trip: Path) -> None:
    """The results' folder stands beside what the user named, not beside where a link leads."""
    make(trip, "sub/a.jpg")
    link = trip.parent / "link"
    link.symlink_to(trip)
    (file,) = scan([link]).photographs
    assert file.base == link
    assert file.path == trip / "sub" / "a.jpg"
    assert file.relative == PurePath("sub/a.jpg")


def test_an_input_that_is_not_there_is_an_error(trip: Path) -> None:
    with pytest.raises(SettingsError, match=r"There is no file or folder called .*gone") as caught:
        scan([trip, trip / "gone"])
    assert caught.value.hint
    make(trip, "a.jpg")
    with pytest.raises(SettingsError, match="no file or folder"):
        scan([trip / "a.jpg" / "b"])


def test_a_home_folder_is_understood(trip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(trip, "a.jpg")
    monkeypatch.setenv("HOME", str(trip.parent))
    assert names(scan([Path("~/trip")])) == ["a.jpg"]


def test_names_in_no_encoding_are_found(trip: Path) -> None:
    name = os.fsdecode(b"\xff\xfe.jpg")
    make(trip, name)
    assert names(scan([trip])) == [name]


def test_nothing_found_says_what_was_seen_instead(trip: Path) -> None:
    for number in range(214):
        make(trip, f"{number}.CR3")
    make(trip, "1.MOV", "2.mov", "3.MOV")
    assert nothing_found(scan([trip], take_raw=False), [trip]) == (
        "No pictures in trip. Seen: 214 CR3 (raw files), 3 MOV. "
        "Export JPEG or TIFF, or install regrain[raw]."
    )
    other = make(trip.parent / "other", "a", "b.txt")
    assert nothing_found(scan([other]), [other, trip]) == (
        "No pictures in other and 1 more. Seen: 1 TXT, 1 without extension. "
        "Choose a folder with JPEG, PNG, TIFF, WebP, BMP or AVIF files."
    )
    empty = trip.parent / "empty"
    empty.mkdir()
    assert nothing_found(scan([empty]), [empty]) == (
        "No pictures in empty. There are no files at all."
    )


def test_twenty_thousand_files_are_found_in_seconds(trip: Path) -> None:
    """In processor time; 100,000 take five times as long."""
    for folder in range(20):
        place = trip / str(folder)
        place.mkdir()
        for number in range(1000):
            os.close(os.open(place / f"IMG_{number}.jpg", os.O_CREAT | os.O_WRONLY))
    start = time.process_time()
    assert len(scan([trip]).photographs) == 20_000
    assert time.process_time() - start < 4
