"""Mounted drives that a library used: their empty places are told from folders."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from core.library import drives
from core.library.drives import Drives
from tests.core.library.bench import Bench

Mount = Callable[..., None]


@pytest.fixture
def mount(monkeypatch: pytest.MonkeyPatch) -> Mount:
    """Let these folders be the mount points, and nothing else."""

    def mounted(*folders: Path) -> None:
        monkeypatch.setattr(drives, "_is_mount", lambda folder: folder in folders)

    mounted()
    return mounted


def test_a_drive_that_is_not_mounted_any_more_is_away_for_all_that_was_on_it(
    bench: Bench, tmp_path: Path, mount: Mount
) -> None:
    usb = tmp_path / "usb"
    mount(usb)
    Drives(bench.database).learn([usb / "trip/day 1", tmp_path / "home"])
    known = Drives(bench.database)
    assert known.away(usb / "trip/day 1/a.jpg") is None
    mount()
    assert known.away(usb / "trip/day 1/a.jpg") == usb
    assert known.away(usb) == usb
    assert known.away(tmp_path / "home/a.jpg") is None
    mount(usb)
    assert known.away(usb / "a.jpg") is None


def test_a_folder_that_was_never_a_drive_is_never_away(
    bench: Bench, tmp_path: Path, mount: Mount
) -> None:
    Drives(bench.database).learn([tmp_path / "trip"])
    assert Drives(bench.database).away(tmp_path / "trip" / "a.jpg") is None


def test_the_user_may_give_up_a_drive_and_a_watched_folder_may_not(
    bench: Bench, tmp_path: Path, mount: Mount
) -> None:
    """The same command over what is a plain folder now must not stop for ever."""
    usb = tmp_path / "usb"
    mount(usb)
    Drives(bench.database).learn([usb])
    mount()
    Drives(bench.database).learn([usb], asked=False)
    assert Drives(bench.database).away(usb) == usb
    Drives(bench.database).learn([usb])
    assert Drives(bench.database).away(usb) is None


def test_a_drive_is_known_by_a_link_to_it_and_by_a_name_in_no_encoding(
    bench: Bench, tmp_path: Path, mount: Mount
) -> None:
    usb = tmp_path.resolve() / os.fsdecode(b"us\xe9 %b")
    usb.mkdir()
    (tmp_path / "link").symlink_to(usb)
    mount(usb)
    Drives(bench.database).learn([tmp_path / "link"])
    mount()
    assert Drives(bench.database).away(tmp_path / "link/a.jpg") == usb
