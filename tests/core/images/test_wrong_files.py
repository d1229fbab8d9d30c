"""Wrong files: one named reason each, never a crash, a hang or half a picture.

Cut files, flipped bits, bombs and what is no file at all are in tests/faults.
"""

from __future__ import annotations

import io
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from core.errors import ImageReadError, Reason
from core.images.containers import heic, jpeg, raw
from core.images.decode import probe, read_photo
from tests.core.images import samples


@pytest.fixture
def no_extras(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heic, "is_installed", lambda: False)
    monkeypatch.setattr(raw, "is_installed", lambda: False)


def reason_of(path: Path, **options: int) -> Reason:
    with pytest.raises(ImageReadError) as caught:
        read_photo(path, **options)
    assert path.name in caught.value.message
    return caught.value.reason


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("notes.jpg", b"Dear diary, today\n" * 20, Reason.NOT_AN_IMAGE),
        ("page.png", b"<!DOCTYPE html><html></html>", Reason.NOT_AN_IMAGE),
        ("drawing.jpg", b"%!PS-Adobe-3.0 EPSF-3.0\n", Reason.NOT_AN_IMAGE),
        ("zeros.jpg", bytes(5000), Reason.NOT_AN_IMAGE),
        ("noise.jpg", bytes(range(1, 256)) * 4, Reason.NOT_AN_IMAGE),
        ("a.jpg", b"PK\x03\x04" + bytes(60), Reason.NOT_AN_IMAGE),
        ("empty.jpg", b"", Reason.EMPTY),
        ("a.gif", b"GIF89a" + bytes(40), Reason.ANIMATED),
        ("a.cr3", b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", Reason.RAW),
        ("a.cr2", b"II*\0\x10\0\0\0CR\2\0" + bytes(40), Reason.RAW),
        ("a.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", Reason.UNSUPPORTED_MODE),
        ("a.jxl", b"\xff\x0a" + bytes(40), Reason.UNSUPPORTED_MODE),
        ("a.psd", b"8BPS" + bytes(40), Reason.UNSUPPORTED_MODE),
        ("stub.jpg", b"\xff\xd8\xff", Reason.TRUNCATED),
    ],
)
def test_wrong_files_have_a_named_reason(
    tmp_path: Path, name: str, data: bytes, reason: Reason, no_extras: None
) -> None:
    path = samples.write(tmp_path, name, data)
    assert reason_of(path) is reason
    with pytest.raises(ImageReadError) as caught:
        probe(path)
    assert caught.value.reason is reason


def test_the_sentences_are_the_promised_ones(tmp_path: Path) -> None:
    notes = samples.write(tmp_path, "notes.jpg", b"only words\n")
    whole = samples.saved(samples.scene(), "jpeg")
    cut = samples.write(tmp_path, "IMG_0412.JPG", whole[: len(whole) // 2])
    with pytest.raises(ImageReadError, match=r"^notes\.jpg is text, not a picture\.$"):
        read_photo(notes)
    promised = "IMG_0412.JPG ends too early; no result was made. Copy it from the card again."
    with pytest.raises(ImageReadError) as caught:
        read_photo(cut)
    assert caught.value.message == promised


def test_what_is_no_file_is_refused_without_hanging(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "folder.jpg").mkdir()
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(tmp_path / "s.jpg"))
    (tmp_path / "zero.jpg").symlink_to("/dev/zero")
    for name in ("pipe.jpg", "folder.jpg", "s.jpg", "zero.jpg"):
        assert reason_of(tmp_path / name) is Reason.NOT_A_FILE
    server.close()
    (tmp_path / "loop.jpg").symlink_to("loop.jpg")
    assert reason_of(tmp_path / "loop.jpg") is Reason.UNREADABLE
    assert reason_of(tmp_path / "gone.jpg") is Reason.VANISHED


def test_a_file_without_permission_is_unreadable(tmp_path: Path) -> None:
    path = samples.write(tmp_path, "a.jpg", samples.saved(samples.scene(), "jpeg"))
    path.chmod(0)
    if os.geteuid() != 0:
        assert reason_of(path) is Reason.UNREADABLE
        return
    if shutil.which("setpriv") is None:
        pytest.skip("running as root without setpriv: every file is readable")
    script = (
        "import sys; from pathlib import Path; from core.errors import ImageReadError\n"
        "from core.images.decode import read_photo\n"
        "try: read_photo(Path(sys.argv[1]))\n"
        "except ImageReadError as error: print(error.reason.value)"
    )
    for parent in [tmp_path, *tmp_path.parents][:4]:
        if parent != Path("/tmp"):
            parent.chmod(0o755)
    command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", sys.executable]
    done = subprocess.run(
        [*command, "-c", script, str(path)], capture_output=True, text=True, check=False,
        cwd=Path(__file__).parents[3], env={"PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert done.stdout.strip() == "unreadable", done.stderr


def test_a_file_written_meanwhile_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy still running would otherwise be edited half."""
    path = samples.write(tmp_path, "a.jpg", samples.saved(samples.scene(), "jpeg"))
    pread = os.pread

    def growing(fd: int, count: int, at: int) -> bytes:
        data = pread(fd, count, at)
        with path.open("ab") as file:
            file.write(b"more")
        return data

    monkeypatch.setattr(os, "pread", growing)
    assert reason_of(path) is Reason.CHANGED_WHILE_READING


def moving(kind: str) -> bytes:
    frames = [Image.fromarray(samples.scene(32, 32, seed)) for seed in (1, 2, 3)]
    target = io.BytesIO()
    frames[0].save(target, kind, save_all=True, append_images=frames[1:], duration=100)
    return target.getvalue()


@pytest.mark.parametrize("kind", ["png", "webp", "avif", "gif"])
def test_moving_pictures_are_left_out(tmp_path: Path, kind: str) -> None:
    path = samples.write(tmp_path, "a." + kind, moving(kind))
    assert reason_of(path) is Reason.ANIMATED
    if kind != "gif":
        assert probe(path).animated


def test_a_tiff_of_pages_is_refused_but_a_thumbnail_page_is_not(tmp_path: Path) -> None:
    picture = samples.scene()
    with tifffile.TiffWriter(tmp_path / "doc.tif") as file:
        file.write(picture, photometric="rgb")
        file.write(picture, photometric="rgb")
    with tifffile.TiffWriter(tmp_path / "thumb.tif") as file:
        file.write(picture[::4, ::4], photometric="rgb", subfiletype=1)
        file.write(picture, photometric="rgb")
    assert reason_of(tmp_path / "doc.tif") is Reason.UNSUPPORTED_MODE
    assert np.array_equal(read_photo(tmp_path / "thumb.tif").pixels, picture)


def test_kinds_of_tiff_that_cannot_be_kept_are_named(tmp_path: Path, no_extras: None) -> None:
    picture = samples.scene()
    odd: dict[str, tuple[np.ndarray, dict[str, object]]] = {
        "floating-point": ((picture / 255).astype(np.float32), {"photometric": "rgb"}),
        "32-bit": (picture.astype(np.uint32), {"photometric": "rgb"}),
        "L\\*a\\*b\\*": (picture, {"photometric": "cielab"}),
        "signed": (picture.astype(np.int16), {"photometric": "rgb"}),
        "6 channels": (np.dstack((picture, picture)), {"photometric": "rgb"}),
    }
    for what, (pixels, options) in odd.items():
        path = samples.write(tmp_path, "odd.tif", samples.tiff_bytes(pixels, **options))
        with pytest.raises(ImageReadError, match=what) as caught:
            read_photo(path)
        assert caught.value.reason is Reason.UNSUPPORTED_MODE
    dng = samples.tiff_bytes(picture[..., 0], photometric="cfa")
    assert reason_of(samples.write(tmp_path, "a.tif", dng)) is Reason.RAW


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_blocks": 4}])
@pytest.mark.parametrize("grey", [False, True])
def test_a_jpeg_whose_middle_is_missing_is_noticed(
    tmp_path: Path, options: dict[str, object], grey: bool
) -> None:
    """It has its end marker and decodes without a word: half of it grey."""
    picture = samples.scene(160, 120)
    data = samples.saved(picture[..., 0] if grey else picture, "jpeg", quality=90, **options)
    layout = jpeg.read_layout("a", data)
    start, stop = max(layout.scans, key=lambda scan: scan[1] - scan[0])
    for share in (0.1, 0.5, 0.9):
        at = start + int((stop - start) * share)
        cut = data[:at] + data[stop:]
        assert reason_of(samples.write(tmp_path, "a.jpg", cut)) is Reason.TRUNCATED


def test_a_photograph_with_true_mid_grey_is_not_taken_for_cut(tmp_path: Path) -> None:
    picture = np.full((64, 64, 3), 128, np.uint8)
    picture[:8, :8] = samples.scene(8, 8)
    for options in ({}, {"progressive": True}, {"restart_marker_blocks": 2}):
        data = samples.saved(picture, "jpeg", **options)
        assert read_photo(samples.write(tmp_path, "grey.jpg", data)).pixels.shape == (64, 64, 3)


def test_the_pixel_limit_is_a_setting(tmp_path: Path) -> None:
    path = samples.write(tmp_path, "a.jpg", samples.saved(samples.scene(), "jpeg"))
    assert reason_of(path, max_pixels=96 * 64 - 1) is Reason.TOO_LARGE
    assert read_photo(path, max_pixels=96 * 64).pixels.shape == (64, 96, 3)


def test_raw_is_left_out_where_the_extra_is_missing(tmp_path: Path, no_extras: None) -> None:
    assert reason_of(samples.write(tmp_path, "a.dng", samples.dng())) is Reason.RAW
