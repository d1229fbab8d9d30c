"""Colour: no change means the very same pixels, in every space; a change lands where it must."""

from __future__ import annotations

import tracemalloc

import imagecodecs
import numpy as np
import pytest

from core.images.colour import apply_change, apply_change_region, to_model, to_model_region
from core.images.photo import Container, Metadata, Photo, Pixels
from core.images.spaces import GreySpace, LutSpace, MatrixSpace, NaiveInkSpace, SrgbSpace, space_of
from tests.core.images import samples


def photo(pixels: Pixels, icc: bytes | None = None, exif: bytes | None = None) -> Photo:
    return Photo(pixels, None, icc, Metadata(exif=exif), Container.TIFF)


def inks() -> np.ndarray:
    scene = samples.scene()
    return np.dstack((scene, scene[..., 0] // 3)).astype(np.uint8)


SPACES = {
    "srgb": (None, 3), "srgb-icc": (samples.srgb(), 3), "adobe": (samples.adobe_rgb(), 3),
    "p3": (samples.display_p3(), 3), "prophoto": (samples.prophoto(), 3), "grey": (None, 1),
    "grey-icc": (samples.grey_gamma(), 1), "cmyk": (None, 4),
    "cmyk-icc": (samples.cmyk_profile(), 4), "broken": (b"not a profile" * 20, 3),
    "mismatch": (samples.cmyk_profile(), 3), "grey-with-rgb": (samples.adobe_rgb(), 1),
}  # fmt: skip


def sample(space: str, deep: bool) -> Photo:
    icc, channels = SPACES[space]
    pixels: np.ndarray = inks() if channels == 4 else samples.scene()
    pixels = pixels[..., :channels].copy()
    if deep:
        low = np.random.default_rng(3).integers(0, 256, pixels.shape)
        pixels = (pixels.astype(np.uint16) * 256 + low).astype(np.uint16)
    return photo(pixels, icc)


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("space", SPACES)
def test_no_change_gives_back_the_very_same_pixels(space: str, deep: bool) -> None:
    source = sample(space, deep)
    seen = to_model(source)
    assert seen.shape == (64, 96, 3) and seen.dtype == np.float32
    assert seen.min() >= 0 and seen.max() <= 1
    same = apply_change(source, seen, seen.copy())
    assert same.dtype == source.pixels.dtype
    assert np.array_equal(same, source.pixels)


def test_each_kind_of_profile_is_used() -> None:
    kinds = {
        "srgb": SrgbSpace, "srgb-icc": SrgbSpace, "adobe": MatrixSpace, "p3": MatrixSpace,
        "prophoto": MatrixSpace, "grey": GreySpace, "grey-icc": MatrixSpace,
        "cmyk": NaiveInkSpace, "cmyk-icc": LutSpace, "broken": SrgbSpace, "mismatch": SrgbSpace,
        "grey-with-rgb": GreySpace,
    }  # fmt: skip
    for name, kind in kinds.items():
        assert type(space_of(sample(name, deep=False))) is kind, name


@pytest.mark.parametrize("space", ["adobe", "p3", "prophoto"])
def test_wide_gamut_looks_right_to_the_model(space: str) -> None:
    """Wide-gamut numbers taken for sRGB would look pale, and be edited as pale."""
    icc = SPACES[space][0]
    source = photo(samples.deep_scene(), icc)
    expected = imagecodecs.cms_transform(
        source.pixels / 65535.0, icc, samples.srgb(), colorspace="rgb", outcolorspace="rgb",
        outdtype=np.float64, intent=1, flags=0x100,
    )  # fmt: skip
    assert np.abs(to_model(source) - np.clip(expected, 0, 1)).max() < 0.5 / 255


def test_16_bits_pass_without_an_8_bit_bottleneck() -> None:
    ramp = np.repeat(np.arange(30000, 30600, dtype=np.uint16)[None, :, None], 3, axis=2)
    for icc in (None, samples.prophoto()):
        seen = to_model(photo(ramp, icc))
        assert len(np.unique(seen[0, :, 0])) == 600


def test_a_profile_of_tables_is_set_up_a_few_times_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each time takes a tenth of a second: strip by strip a scan of 24 megapixels took minutes."""
    calls = []
    real = imagecodecs.cms_transform
    monkeypatch.setattr(
        imagecodecs, "cms_transform", lambda *a, **k: calls.append(1) or real(*a, **k)
    )
    source = photo(np.full((1000, 1000, 4), 90, np.uint8), samples.cmyk_profile())
    to_model(source)
    assert len(calls) <= 4, "two to see that the profile works"


def test_colours_outside_srgb_are_moved_not_clipped() -> None:
    """A red that sRGB does not have stays that red, a little darker."""
    pixels = np.full((8, 8, 3), (250, 10, 10), np.uint8)
    source = photo(pixels, samples.prophoto())
    before = to_model(source)
    assert before.max() > 0.9999
    darker = apply_change(source, before, before * np.float32(0.97))
    assert darker[..., 0].min() >= 240 and darker[..., 0].max() < 250
    lab = apply_change(source, before, before)
    assert np.array_equal(lab, pixels)


@pytest.mark.parametrize("space", ["srgb", "adobe", "prophoto", "grey-icc", "cmyk-icc", "cmyk"])
def test_a_change_reads_back_as_that_change(space: str) -> None:
    source = sample(space, deep=True)
    before = to_model(source)
    after = np.clip(before + np.float32(0.06), 0, 1)
    if before.shape[2] == 3 and source.pixels.shape[2] == 1:
        assert np.ptp(before, axis=2).max() == 0
    edited = photo(apply_change(source, before, after), source.icc)
    inside = ((before > 0.1) & (before < 0.85)).all(axis=2)
    error = np.abs(to_model(edited) - after)[inside]
    assert np.median(error) < 0.012


def test_a_repainted_cmyk_picture_shows_what_was_painted() -> None:
    """Rich black repainted white must not keep a veil of ink."""
    black = np.zeros((8, 8, 4), np.uint8)
    black[..., 3] = 255
    source = photo(black, samples.cmyk_profile())
    white = np.ones((8, 8, 3), np.float32)
    painted = apply_change(source, to_model(source), white)
    assert painted.max() <= 6


def test_a_small_change_leaves_the_share_of_black_alone() -> None:
    source = photo(np.full((8, 8, 4), (10, 10, 10, 120), np.uint8), samples.cmyk_profile())
    before = to_model(source)
    after = apply_change(source, before, before - np.float32(0.02))
    assert np.abs(after.astype(int) - source.pixels).max() <= 14


def separated(rgb: np.ndarray, share: float, deep: bool = False) -> Pixels:
    """Return plain inks (H, W, 4) of 8-bit RGB with a share of the greatest black."""
    values = rgb / 255
    top = 65535 if deep else 255
    black = np.rint((1 - values.max(axis=2, keepdims=True)) * share * top) / top
    colours = 1 - values / np.maximum(1 - black, 1e-9)
    inks = np.rint(np.clip(np.concatenate((colours, black), axis=2), 0, 1) * top)
    return np.asarray(inks, np.uint16 if deep else np.uint8)


def smoothed(values: np.ndarray) -> np.ndarray:
    """Return (H, W, 3) as a denoiser leaves it: each pixel the mean of 5 by 5."""
    padded = np.pad(values, ((2, 2), (2, 2), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (5, 5), axis=(0, 1))
    return np.asarray(windows.mean(axis=(3, 4)), np.float32)


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("light", [1.0, 0.15])
def test_untagged_cmyk_is_as_bright_as_what_was_made_of_it(
    light: float, share: float, deep: bool
) -> None:
    """However it was separated; without black, as Pillow does it, it came out paler all over."""
    noise = np.random.default_rng(5).normal(0, 10, (64, 96, 3))
    scene = np.clip((samples.scene() * 0.5 + noise) * light, 0, 255)
    source = photo(separated(np.rint(scene), share, deep))
    before = to_model(source)
    after = smoothed(before)
    cleaned = apply_change(source, before, after)
    error = (to_model(photo(cleaned)) - after) * 255
    assert np.abs(error).max() < (0.01 if deep else 0.6)
    assert np.abs(error.mean(axis=(0, 1))).max() < 0.1
    if share == 0:
        assert not cleaned[..., 3].any()


def test_untagged_cmyk_without_a_change_keeps_any_inks() -> None:
    """Full black hides the inks under it, and full inks hide black: both must be kept."""
    levels = np.array([0, 1, 2, 127, 254, 255], np.uint8)
    inks = np.stack(np.meshgrid(*[levels] * 4, indexing="ij"), axis=-1).reshape(36, 36, 4)
    for pixels in (inks, inks.astype(np.uint16) * 257, (inks * np.uint16(257)) ^ np.uint16(1)):
        source = photo(pixels)
        seen = to_model(source)
        assert np.array_equal(apply_change(source, seen, seen.copy()), pixels)
        edited = seen.copy()
        edited[:18] += np.float32(0.05)
        assert np.array_equal(apply_change(source, seen, edited)[18:], pixels[18:])


def test_deep_shadows_do_not_swing_the_inks_under_black() -> None:
    """Where black covers nearly all, two levels of noise must not redo the other inks."""
    source = photo(np.full((64, 64, 4), (153, 128, 128, 245), np.uint8))
    before = to_model(source)
    noise = np.random.default_rng(6).normal(0, 2 / 255, (64, 64, 1)).astype(np.float32)
    moved = apply_change(source, before, before + noise).astype(int) - source.pixels
    assert np.abs(moved).mean() < 8


def test_rich_black_brightened_a_little_stays_rich() -> None:
    source = photo(np.full((8, 8, 4), (153, 102, 102, 255), np.uint8))
    lighter = apply_change(source, np.zeros((8, 8, 3), np.float32), np.full((8, 8, 3), 0.02, "f4"))
    assert np.abs(to_model(photo(lighter)) - 0.02).max() < 0.5 / 255
    assert lighter[0, 0, 0] >= 90 and 235 <= lighter[0, 0, 3] < 255


@pytest.mark.parametrize(
    "ink", [(0, 0, 0, 0), (0, 0, 0, 255), (255, 255, 255, 255), (9, 80, 3, 99)]
)
@pytest.mark.parametrize("colour", [(0, 0, 0), (1, 1, 1), (0.8, 0.1, 0.4)])
def test_untagged_cmyk_repainted_shows_what_was_painted(
    ink: tuple[int, ...], colour: tuple[float, ...]
) -> None:
    source = photo(np.full((8, 8, 4), ink, np.uint8))
    painted = np.full((8, 8, 3), colour, np.float32)
    shown = to_model(photo(apply_change(source, to_model(source), painted)))
    assert np.abs(shown - painted).max() < 0.6 / 255


def test_grey_stays_grey_whatever_colour_is_painted() -> None:
    source = sample("grey", deep=False)
    before = to_model(source)
    tinted = before + np.array([0.3, 0.0, -0.1], np.float32)
    assert apply_change(source, before, tinted).shape == (64, 96, 1)


def test_values_beyond_the_range_are_clipped_not_wrapped() -> None:
    source = sample("srgb", deep=False)
    before = to_model(source)
    assert apply_change(source, before, before + 5).min() == 255 - (source.pixels.max() - 255)
    assert (apply_change(source, before, np.zeros_like(before)) == 0).all()


@pytest.mark.parametrize("space", ["srgb", "adobe", "cmyk-icc", "cmyk"])
def test_a_region_equals_that_part_of_the_whole(space: str) -> None:
    source = sample(space, deep=False)
    whole = to_model(source)
    after = np.clip(whole * np.float32(0.9), 0, 1)
    part = to_model_region(source, 10, 40, 5, 77)
    assert np.array_equal(part, whole[10:40, 5:77])
    edited = apply_change_region(source, part, after[10:40, 5:77], 10, 40, 5, 77)
    assert np.array_equal(edited, apply_change(source, whole, after)[10:40, 5:77])


def test_adobe_rgb_named_by_exif_alone_is_used() -> None:
    """Cameras set to Adobe RGB often embed no profile, only the DCF mark R03."""
    made = samples.ExifBuilder()
    interop = made.directory([made.text(1, "R03")])
    exif = made.directory([made.long(0xA005, interop)])
    first = made.directory([made.long(0x8769, exif)])
    made.data[4:8] = first.to_bytes(4, "little")
    marked = photo(samples.scene(), None, bytes(made.data))
    embedded = photo(samples.scene(), samples.adobe_rgb())
    assert np.abs(to_model(marked) - to_model(embedded)).max() < 1 / 255


def test_large_pictures_are_converted_in_bands() -> None:
    """12 bytes a pixel for the result, and little more."""
    source = photo(np.zeros((3000, 4000, 3), np.uint8), samples.prophoto())
    to_model(photo(source.pixels[:8], source.icc))
    tracemalloc.start()
    to_model(source)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3000 * 4000 * 12 + (120 << 20)
