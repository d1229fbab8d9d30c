"""What an edit means for one photograph: the wrong level, seed or tile is the wrong picture."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.builtin.schedule import ratio_of_strength
from core.engine import prepare as module
from core.engine.messages import Render
from core.engine.noise import NoiseCurve
from core.engine.prepare import Prepared, photo_seed, prepare, read_source
from core.errors import ImageReadError, Reason, SettingsError
from core.images.decode import read_photo
from core.images.photo import Photo
from core.models.spec import ModelSpec
from core.recipe import EditSettings, OutputSettings
from tests.core.engine.samples import photograph, save


def render_of(source: Path, **edit: object) -> Render:
    return Render(
        item=1,
        attempt=1,
        source=source,
        source_sha256=hashlib.sha256(source.read_bytes()).hexdigest(),
        target=source.with_name("target.tmp"),
        edit=EditSettings.model_validate(edit),
        output=OutputSettings(),
    )


@pytest.fixture
def noisy(tmp_path: Path) -> Path:
    return save(tmp_path, "noisy.png", photograph(96, 128, sigma=12))


def prepared(source: Path, spec: ModelSpec, curve: NoiseCurve, **edit: object) -> Prepared:
    render = render_of(source, **edit)
    return prepare(render, read_source(render), spec, curve, spec.native_size)


def test_a_picture_over_the_pixel_limit_is_refused(noisy: Path) -> None:
    """A bomb must not take the memory of the whole computer."""
    limited = render_of(noisy).model_copy(update={"max_pixels": 96 * 128 - 1})
    with pytest.raises(ImageReadError) as caught:
        read_source(limited)
    assert caught.value.reason is Reason.TOO_LARGE
    assert "max_megapixels" in caught.value.hint


@pytest.mark.parametrize(("amount", "factor"), [("auto", 1.1), ("less", 0.7), ("more", 1.4)])
def test_clean_starts_at_the_noise_that_was_measured(
    noisy: Path, spec: ModelSpec, curve: NoiseCurve, amount: str, factor: float
) -> None:
    made = prepared(noisy, spec, curve, amount=amount)
    assert made.descent is not None
    assert made.descent.ratios[0] * 127.5 == pytest.approx(12 * factor, rel=0.05)
    assert not made.descent.add_noise
    assert made.facts["noise"] == pytest.approx(12, rel=0.12)
    assert str(made.facts["note"]).startswith("noise 1")


def test_clean_by_a_number_takes_that_number(
    noisy: Path, spec: ModelSpec, curve: NoiseCurve
) -> None:
    made = prepared(noisy, spec, curve, amount=25, num_inference_steps=4)
    assert made.descent is not None
    assert made.descent.ratios[0] == pytest.approx(25 / 127.5)
    assert len(made.descent.ratios) == 4
    assert made.holding.limit_sigma == 25


@pytest.mark.parametrize(
    "edit",
    [{"amount": 0}, {"mode": "repaint", "strength": 0}],
)
def test_nothing_asked_is_nothing_done(
    noisy: Path, spec: ModelSpec, curve: NoiseCurve, edit: dict[str, object]
) -> None:
    assert prepared(noisy, spec, curve, **edit).descent is None


def test_a_clean_photograph_stays_as_it_is(
    tmp_path: Path, spec: ModelSpec, curve: NoiseCurve
) -> None:
    clean = save(tmp_path, "clean.png", photograph(96, 128, sigma=0))
    made = prepared(clean, spec, curve)
    assert made.descent is None
    assert made.facts["note"] == "already clean, unchanged"


def test_repainting_starts_at_the_strengths_level(
    noisy: Path, spec: ModelSpec, curve: NoiseCurve
) -> None:
    made = prepared(noisy, spec, curve, mode="repaint", strength=0.3, hold_structure=30)
    assert made.descent is not None
    assert made.descent.ratios[0] == pytest.approx(ratio_of_strength(0.3))
    assert len(made.descent.ratios) == 6
    assert made.descent.add_noise
    assert made.holding.limit_sigma is None
    assert made.holding.hold_structure == 30
    assert made.facts["note"] == "noise level 0.30, 6 of 20 steps"


def test_the_native_scale_is_diffusers_own(noisy: Path, spec: ModelSpec, curve: NoiseCurve) -> None:
    made = prepared(noisy, spec, curve, mode="repaint", strength=0.33, strength_scale="native")
    assert made.descent is not None
    assert len(made.descent.ratios) == 6
    assert curve.timestep_of_ratio(made.descent.ratios[0]) == pytest.approx(299)


@pytest.mark.parametrize(
    ("edit", "word"),
    [
        ({"prompt": "watercolour"}, "prompt"),
        ({"scheduler": "lcm"}, "lcm"),
        ({"size": "fit"}, "size"),
    ],
)
def test_what_the_model_cannot_use_is_refused(
    noisy: Path, spec: ModelSpec, curve: NoiseCurve, edit: dict[str, object], word: str
) -> None:
    with pytest.raises(SettingsError, match=word):
        prepared(noisy, spec, curve, **edit)


def test_large_pictures_go_in_tiles(tmp_path: Path, spec: ModelSpec, curve: NoiseCurve) -> None:
    large = save(tmp_path, "large.png", photograph(200, 220))
    assert prepared(large, spec, curve).tile == spec.native_size
    assert prepared(large, spec, curve, size="native").tile == 0


def seed_of(photo: Photo, **edit: object) -> int:
    return photo_seed(EditSettings.model_validate(edit), photo)


def test_the_seed_is_of_the_pixels_not_of_the_file(tmp_path: Path) -> None:
    """Renamed, saved losslessly elsewhere, or turned by its tag: the same noise."""
    pixels = photograph(40, 60)
    png = read_photo(save(tmp_path, "a.png", pixels))
    tiff = read_photo(save(tmp_path, "b.tif", pixels))
    turned = tmp_path / "c.png"
    exif = Image.Exif()
    exif[0x0112] = 3
    Image.fromarray(np.ascontiguousarray(pixels[::-1, ::-1])).save(turned, exif=exif)
    assert len({seed_of(png), seed_of(tiff), seed_of(read_photo(turned))}) == 1
    assert 0 <= seed_of(png) < 2**63


def test_other_pixels_or_another_seed_are_other_noise(tmp_path: Path) -> None:
    photo = read_photo(save(tmp_path, "a.png", photograph(40, 60)))
    other = replace(photo, pixels=photo.pixels.copy())
    other.pixels[3, 3, 0] ^= 1
    shaped = replace(photo, pixels=photo.pixels.reshape(60, 40, 3))
    assert len({seed_of(photo), seed_of(other), seed_of(shaped), seed_of(photo, seed=1)}) == 4


@pytest.mark.parametrize("mode", ["fixed", "random"])
def test_a_chosen_seed_is_taken_as_it_is(tmp_path: Path, mode: str) -> None:
    photo = read_photo(save(tmp_path, "a.png", photograph(40, 60)))
    assert seed_of(photo, seed=77, seed_mode=mode) == 77


def test_another_file_than_the_parent_saw_is_not_edited(noisy: Path) -> None:
    """Its result would be recorded under the wrong photograph's hash."""
    render = render_of(noisy)
    save(noisy.parent, noisy.name, photograph(96, 128, seed=9))
    with pytest.raises(ImageReadError) as caught:
        read_source(render)
    assert caught.value.reason is Reason.CHANGED_WHILE_READING


def test_a_decoders_own_bug_concerns_one_file(noisy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(path: Path) -> Photo:
        raise IndexError("tag 9")

    monkeypatch.setattr(module, "read_photo", broken)
    with pytest.raises(ImageReadError) as caught:
        read_source(render_of(noisy))
    assert caught.value.reason is Reason.DECODE_ERROR


def test_a_photograph_that_is_gone_has_vanished(noisy: Path) -> None:
    render = render_of(noisy)
    noisy.unlink()
    with pytest.raises(ImageReadError) as caught:
        read_source(render)
    assert caught.value.reason is Reason.VANISHED
