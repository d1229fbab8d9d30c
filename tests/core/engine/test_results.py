"""A temporary file is whole and synced, or it is not there: half a picture is never published."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.engine import results as module
from core.engine.results import copies_as_is, copy_result, write_result
from core.errors import BatchStopped, ImageReadError, OutputWriteError, Reason, StopReason
from core.images.decode import read_photo
from core.images.photo import Photo
from core.recipe import MetadataRule, OutputSettings
from tests.core.engine.samples import photograph, save


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return save(tmp_path, "source.png", photograph(40, 60))


@pytest.fixture
def photo(source: Path) -> Photo:
    return read_photo(source)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder / ".regrain-x-1-1.tmp"


def test_what_is_reported_is_what_lies_there(photo: Photo, target: Path) -> None:
    edited = 255 - photo.pixels
    written = write_result(photo, edited, target, OutputSettings(), None)
    data = target.read_bytes()
    assert (written.size, written.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert (written.width, written.height) == (60, 40)
    with Image.open(target) as image:
        assert (np.asarray(image) == edited).all()


def test_an_unchanged_photograph_is_copied_to_the_last_byte(
    source: Path, photo: Photo, target: Path
) -> None:
    written = copy_result(source, photo, target, MetadataRule.KEEP)
    assert target.read_bytes() == source.read_bytes()
    assert written.sha256 == photo.sha256


def test_an_unchanged_photograph_can_lose_its_metadata_alone(
    source: Path, photo: Photo, target: Path
) -> None:
    written = copy_result(source, photo, target, MetadataRule.STRIP)
    assert hashlib.sha256(target.read_bytes()).hexdigest() == written.sha256
    assert (read_photo(target).pixels == photo.pixels).all()


def test_a_photograph_that_changed_meanwhile_is_not_copied(
    source: Path, photo: Photo, target: Path
) -> None:
    save(source.parent, source.name, photograph(40, 60, seed=5))
    with pytest.raises(ImageReadError) as caught:
        copy_result(source, photo, target, MetadataRule.KEEP)
    assert caught.value.reason is Reason.CHANGED_WHILE_READING
    assert not target.exists()


@pytest.mark.parametrize(
    ("output", "copied"),
    [
        ({}, True),
        ({"format": "png"}, True),
        ({"max_side": 100}, True),
        ({"format": "jpeg"}, False),
        ({"max_side": 30}, False),
        ({"metadata": "strip"}, True),
        ({"scale": 2.0}, False),
    ],
)
def test_coded_data_is_kept_where_the_output_allows_it(
    photo: Photo, output: dict[str, object], copied: bool
) -> None:
    assert copies_as_is(photo, OutputSettings.model_validate(output)) is copied


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.ENOSPC, StopReason.DISK_FULL),
        (errno.EDQUOT, StopReason.DISK_FULL),
        (errno.EROFS, StopReason.READ_ONLY),
        (errno.EACCES, StopReason.READ_ONLY),
        (errno.EIO, StopReason.VOLUME_MISSING),
        (errno.ENODEV, StopReason.VOLUME_MISSING),
    ],
)
@pytest.mark.parametrize("where", ["write", "fsync"])
def test_a_disk_that_refuses_stops_the_batch_and_leaves_nothing(
    photo: Photo,
    target: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    reason: StopReason,
    where: str,
) -> None:
    """4,000 photographs must not fail one by one because the disk is full."""

    def refuse(*arguments: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, where, refuse)
    with pytest.raises(BatchStopped) as caught:
        write_result(photo, photo.pixels, target, OutputSettings(), None)
    monkeypatch.undo()
    assert caught.value.reason is reason
    assert list(target.parent.iterdir()) == []


def test_a_folder_that_is_gone_stops_the_batch(photo: Photo, target: Path) -> None:
    target.parent.rmdir()
    with pytest.raises(BatchStopped) as caught:
        write_result(photo, photo.pixels, target, OutputSettings(), None)
    assert caught.value.reason is StopReason.VOLUME_MISSING


@pytest.mark.parametrize("link", [False, True])
def test_nothing_that_is_there_is_written_over(
    photo: Photo, source: Path, target: Path, link: bool
) -> None:
    """Not even through a symbolic link that points to an original."""
    before = source.read_bytes()
    if link:
        target.symlink_to(source)
    else:
        target.write_bytes(b"somebody's")
    with pytest.raises(OutputWriteError):
        write_result(photo, photo.pixels, target, OutputSettings(), None)
    assert source.read_bytes() == before
    assert target.is_symlink() or target.read_bytes() == b"somebody's"


def test_a_result_that_reads_back_differently_is_not_published(
    photo: Photo, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "write_photo", half_written)
    with pytest.raises(OutputWriteError):
        write_result(photo, photo.pixels, target, OutputSettings(), None)
    assert not target.exists()


def half_written(photo: Photo, pixels: object, alpha: object, fd: int, options: object) -> object:
    facts = WRITE(photo, pixels, alpha, fd, options)
    os.ftruncate(fd, facts.size // 2)
    return facts


WRITE = module.write_photo
