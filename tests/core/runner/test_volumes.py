"""A pulled drive must never look like ten thousand deleted photographs."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.runner import volumes
from core.runner.volumes import Volumes


def test_a_deleted_file_is_not_a_missing_drive(tmp_path: Path) -> None:
    known = Volumes()
    known.seen(tmp_path / "a.jpg", tmp_path.stat().st_dev)
    assert not known.is_away(tmp_path / "b.jpg")


def test_a_deleted_folder_is_not_a_missing_drive(tmp_path: Path) -> None:
    known = Volumes()
    known.seen(tmp_path / "trip/day1/a.jpg", tmp_path.stat().st_dev)
    assert not known.is_away(tmp_path / "trip/day1/b.jpg")
    assert not known.is_away(tmp_path / "trip/day2/b.jpg")


def test_an_empty_mount_point_is_a_missing_drive(tmp_path: Path) -> None:
    """The folder is still there, but it lies on another device than the photographs did."""
    known = Volumes()
    known.seen(tmp_path / "usb/a.jpg", tmp_path.stat().st_dev + 1)
    (tmp_path / "usb").mkdir()
    assert known.is_away(tmp_path / "usb/b.jpg")
    assert known.is_away(tmp_path / "usb/deep/b.jpg")


def test_a_mount_point_that_went_with_its_drive_is_a_missing_drive(tmp_path: Path) -> None:
    known = Volumes()
    known.seen(tmp_path / "usb/day1/a.jpg", tmp_path.stat().st_dev + 1)
    assert known.is_away(tmp_path / "usb/day1/b.jpg")
    assert known.is_away(tmp_path / "usb/day2/b.jpg")


def test_a_drive_elsewhere_says_nothing_about_a_deletion_here(tmp_path: Path) -> None:
    known = Volumes()
    usb = tmp_path / "usb"
    usb.mkdir()
    known.seen(usb / "a.jpg", usb.stat().st_dev)
    assert not known.is_away(tmp_path / "local/gone/b.jpg")


def test_before_any_photograph_was_seen_the_usual_places_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    media = tmp_path / "media"
    (media / "anna").mkdir(parents=True)
    monkeypatch.setattr(volumes, "_MOUNT_ROOTS", (media,))
    assert Volumes().is_away(media / "anna/CARD/DCIM/a.jpg")
    assert not Volumes().is_away(tmp_path / "home/trip/a.jpg")
