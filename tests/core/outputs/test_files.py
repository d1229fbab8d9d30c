"""Output folders, temporary files and the operations below them."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from core.errors import BatchStopped, StopReason
from core.outputs import fsops
from core.outputs.folders import check_space, default_folder, make_folder, make_root
from core.outputs.fsops import FsOps
from core.outputs.temporary import is_temporary, sweep, temporary_name

FS = FsOps()


def test_default_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = Path("/home/u/Pictures")
    assert default_folder(Path("/home/u/trip"), pictures) == Path("/home/u/trip-regrain")
    assert default_folder(None, pictures) == pictures / "Regrain"
    assert default_folder(Path("/"), pictures) == pictures / "Regrain" / "disk"
    monkeypatch.setattr(Path, "is_mount", lambda self: True)
    assert default_folder(Path("/media/u/CARD"), pictures) == pictures / "Regrain" / "CARD"


def test_a_root_is_made_with_all_above_it_and_a_missing_one_is_not_made_later(
    tmp_path: Path,
) -> None:
    root = tmp_path / "a" / "b"
    with pytest.raises(BatchStopped) as caught:
        make_folder(root, root / "c", FS)
    assert caught.value.reason is StopReason.VOLUME_MISSING
    assert not root.exists()
    make_root(root, FS)
    make_root(root, FS)
    make_folder(root, root / "c" / "d", FS)
    assert (root / "c" / "d").is_dir()


def test_a_file_where_a_folder_should_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"")
    with pytest.raises(BatchStopped, match="cannot be used"):
        make_root(tmp_path / "out" / "sub", FS)


def test_too_little_space_is_said_with_both_figures(tmp_path: Path) -> None:
    class Small(FsOps):
        def free_bytes(self, folder: Path) -> int:
            return 800_000_000

    check_space(tmp_path / "not" / "yet", 700_000_000, Small())
    with pytest.raises(BatchStopped) as caught:
        check_space(tmp_path / "not" / "yet", 12_000_000_000, Small())
    assert caught.value.reason is StopReason.DISK_FULL
    assert "has 0.8 GB left, this batch needs about 12.0 GB" in caught.value.message


def test_temporary_names_are_told_from_all_others() -> None:
    assert temporary_name("ab12", 7, 3) == ".regrain-ab12-7-3.tmp"
    assert is_temporary(temporary_name("ab12", 7, 3))
    assert is_temporary(temporary_name("ab12", 7, 3, sidecar=True))
    for name in (".regrain-ab12-7.tmp", "regrain-ab12-7-3.tmp", ".regrain-ab12-7-3.tmp.jpg", "a"):
        assert not is_temporary(name)


def test_sweeping_takes_one_librarys_files_and_of_one_item_if_asked(tmp_path: Path) -> None:
    names = [temporary_name("ab", 1, 1), temporary_name("ab", 1, 2), temporary_name("ab", 2, 1)]
    others = [temporary_name("cd", 1, 1), "photo.jpg", ".hidden"]
    for name in names + others:
        (tmp_path / name).write_bytes(b"")
    assert sweep(tmp_path, "ab", FS, item=1, keep=[names[1]]) == 1
    assert sweep(tmp_path, "ab", FS) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(others)
    assert sweep(tmp_path / "gone", "ab", FS) == 0


@pytest.fixture(params=["native", "links", "neither"])
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Three kinds of file system: with renameat2, with hard links only, with neither."""

    def unsupported(*args: object, **options: object) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    if request.param != "native":
        monkeypatch.setattr(fsops, "_renameat2", unsupported)
    if request.param == "neither":
        monkeypatch.setattr(os, "link", unsupported)
    return str(request.param)


def test_a_name_that_is_free_is_taken_and_one_that_is_not_is_not(
    tmp_path: Path, system: str
) -> None:
    one, other, free = (tmp_path / name for name in ("one", "other", "free"))
    one.write_bytes(b"1")
    other.write_bytes(b"2")
    with pytest.raises(FileExistsError):
        FS.rename_noreplace(one, other)
    assert (one.read_bytes(), other.read_bytes()) == (b"1", b"2")
    FS.rename_noreplace(one, free)
    assert free.read_bytes() == b"1"
    assert not one.exists()
    with pytest.raises(FileNotFoundError):
        FS.rename_noreplace(one, tmp_path / "third")


def test_two_files_swap_or_one_replaces_and_says_so(tmp_path: Path, system: str) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(b"1")
    other.write_bytes(b"2")
    swapped = FS.exchange(one, other)
    assert swapped == (system == "native")
    assert other.read_bytes() == b"1"
    assert one.exists() == swapped


def test_a_copy_is_new_and_never_written_through_a_link(tmp_path: Path) -> None:
    source, target, victim = tmp_path / "a", tmp_path / "b", tmp_path / "victim"
    source.write_bytes(b"x" * 3_000_000)
    victim.write_bytes(b"precious")
    copied = FS.copy(source, target)
    assert target.read_bytes() == source.read_bytes()
    assert copied == FS.hash(target)
    with pytest.raises(FileExistsError):
        FS.copy(source, target)
    target.unlink()
    target.symlink_to(victim)
    with pytest.raises(FileExistsError):
        FS.copy(source, target)
    assert victim.read_bytes() == b"precious"


def test_links_are_looked_at_not_through(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "nowhere")
    assert FS.stat(link) is not None
    with pytest.raises(OSError, match="symbolic"):
        FS.hash(link)
    assert FS.stat(tmp_path / "gone") is None
    FS.unlink(tmp_path / "gone")


def test_names_in_no_encoding_are_renamed_too(tmp_path: Path) -> None:
    one, other = tmp_path / os.fsdecode(b"\xff"), tmp_path / os.fsdecode(b"\xfe")
    one.write_bytes(b"1")
    FS.rename_noreplace(one, other)
    assert other.read_bytes() == b"1"
