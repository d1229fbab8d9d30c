"""The demo, the first thing a new user sees: its photographs, its sheet, its way."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from core.cli import demo_run
from core.cli.console import Console
from core.cli.demo_run import run_demo
from core.demo import samples as samples_module
from core.demo.landscape import add_noise, render_landscape
from core.demo.profile import display_p3_profile
from core.demo.samples import SAMPLES, write_samples
from core.demo.sheet import CELL, MARGIN, Cell, Column, Row, draw_sheet
from core.errors import CoreError
from core.services import RenderProgram
from tests.fakes import FAKE_RENDER_COMMAND, fake_environment


@pytest.fixture
def small_landscape(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the generated view small: twelve megapixels take seconds."""
    monkeypatch.setattr(samples_module, "render_landscape", lambda: render_landscape(2, 400, 300))


@pytest.fixture
def photographs(small_landscape: None, tmp_path: Path) -> tuple[Path, ...]:
    return write_samples(tmp_path / "photographs", lambda _line: None)


def test_the_view_is_the_same_each_time() -> None:
    """Figures and pictures in the README are made from it."""
    first = render_landscape(2, 200, 150)
    assert first.shape == (150, 200, 3)
    assert first.dtype == np.float32
    assert np.array_equal(first, render_landscape(2, 200, 150))
    assert not np.array_equal(first, render_landscape(3, 200, 150))
    assert 0 <= first.min() < 0.1 < 0.9 < first.max() <= 1


def test_noise_is_as_strong_as_said_and_the_same_each_time() -> None:
    grey = np.full((200, 200, 3), 0.5, np.float32)
    noisy = add_noise(grey, 20, 1)
    assert abs(float((noisy - grey).std()) * 255 - 20) < 1
    assert np.array_equal(noisy, add_noise(grey, 20, 1))


def test_the_profile_is_display_p3() -> None:
    """Read by littlecms: its red lies outside sRGB, its greys and white are neutral."""
    profile = ImageCms.ImageCmsProfile(io.BytesIO(display_p3_profile()))
    assert ImageCms.getProfileDescription(profile).strip() == "Display P3"
    assert profile.profile.red_colorant[0] == pytest.approx((0.5151, 0.2412, -0.0011), abs=2e-4)
    picture = Image.new("RGB", (2, 1), (128, 128, 128))
    picture.putpixel((1, 0), (200, 40, 40))
    srgb = ImageCms.profileToProfile(picture, profile, ImageCms.createProfile("sRGB"))
    assert srgb is not None
    assert srgb.getpixel((0, 0)) == (128, 128, 128)
    red = srgb.getpixel((1, 0))
    assert isinstance(red, tuple)
    assert red[0] > 200


def test_samples_carry_what_a_camera_writes(photographs: tuple[Path, ...]) -> None:
    assert [path.name for path in photographs] == [sample.file for sample in SAMPLES]
    with Image.open(photographs[0]) as view:
        exif = view.getexif()
        assert exif[0x0110] == "Generated view"
        assert exif.get_ifd(0x8769)[0x829A] == 1 / 125
        assert exif.get_ifd(0x8825)[1] == "N"
        assert view.info["icc_profile"] == display_p3_profile()


def test_samples_that_are_there_are_left_as_they_are(
    photographs: tuple[Path, ...], tmp_path: Path
) -> None:
    """Made anew, they would be other files, and a second demo would render all again."""
    before = [path.stat().st_mtime_ns for path in photographs]
    write_samples(tmp_path / "photographs", lambda _line: pytest.fail("made again"))
    assert [path.stat().st_mtime_ns for path in photographs] == before


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CoreError, match="cannot be written"):
        write_samples(tmp_path / "file" / "photographs", lambda _line: None)


def test_the_sheet_shows_crops_pixel_for_pixel(tmp_path: Path) -> None:
    before, after = tmp_path / "before.png", tmp_path / "after.png"
    random = np.random.default_rng(1)
    pixels = random.integers(0, 256, (500, 700, 3), np.uint8)
    Image.fromarray(pixels).save(before)
    Image.fromarray(255 - pixels).save(after)
    cells = (Cell(before, ""), Cell(after, "noise 9 of 255"), Cell(None, "no result"))
    columns = [Column("Before", ""), Column("Clean", "words " * 30), Column("Paint", "")]
    sheet = draw_sheet([Row("Title", "subtitle", (0.5, 0.5), cells)], columns)
    shown = np.asarray(sheet)
    crop = pixels[100 : 100 + CELL, 200 : 200 + CELL]
    left = MARGIN + CELL + 20
    top = next(y for y in range(sheet.height) if np.array_equal(shown[y, left], crop[0, 0]))
    assert np.array_equal(shown[top : top + CELL, left : left + CELL], crop)
    right = left + CELL + 20
    assert np.array_equal(shown[top : top + CELL, right : right + CELL], 255 - crop)


def test_a_photograph_smaller_than_a_crop_is_shown_whole(tmp_path: Path) -> None:
    small = tmp_path / "small.png"
    Image.new("RGB", (40, 30), (200, 10, 10)).save(small)
    row = Row("Small", "", (0.9, 0.1), (Cell(small, ""),))
    assert draw_sheet([row], [Column("Before", "")]).width > CELL


def test_a_slow_computer_leaves_the_large_photograph_to_clean(
    small_landscape: None, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The demo promises three minutes; a first look that takes ten is no first look."""
    program = RenderProgram(FAKE_RENDER_COMMAND, fake_environment(delay=0.01))
    times = iter((0.0, 0.0, 169.999, 169.999))
    assert run_demo(tmp_path / "demo", None, Console(), program, lambda: next(times)) == 0
    assert "leaves lake.jpg out" in capfd.readouterr().err
    large = SAMPLES[0].file
    assert (tmp_path / "demo" / "clean" / large).is_file()
    assert not (tmp_path / "demo" / "paint" / large).exists()
    assert len(list((tmp_path / "demo" / "paint").iterdir())) == len(SAMPLES) - 1


def test_the_whole_demo_ends_with_the_path_of_its_sheet(
    small_landscape: None, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    program = RenderProgram(FAKE_RENDER_COMMAND, fake_environment())
    folder = tmp_path / "demo"
    assert run_demo(folder, None, Console(), program) == 0
    out = capfd.readouterr().out
    assert out == f"{folder / 'contact-sheet.png'}\n"
    with Image.open(folder / "contact-sheet.png") as sheet:
        assert sheet.width > 1200
    for preset in demo_run.PRESETS:
        assert {path.name for path in (folder / preset).iterdir()} == {s.file for s in SAMPLES}

    again = Console()
    broken = RenderProgram(("/no/such/program",))
    assert run_demo(folder, None, again, broken) == 0
    captured = capfd.readouterr()
    assert captured.out == out
    assert "5 already done" in captured.err
