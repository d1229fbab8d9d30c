"""A mask that is off by a pixel, or let through, edits what was to be left alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core.engine.latent.bring_back import finish_photograph
from core.engine.latent.masks import cover_of
from core.engine.latent.working import working_of
from core.errors import ItemError, Reason
from core.images.photo import Photo, Pixels
from core.recipe import MaskSetting, OutputSettings
from tests.core.engine.latent.pictures import edit, photo, scene, spec


def square(height: int = 120, width: int = 160) -> Pixels:
    plane = np.zeros((height, width), np.uint8)
    plane[height // 3 : 2 * height // 3, width // 4 : 3 * width // 4] = 255
    return plane


@pytest.fixture
def drawn(tmp_path: Path) -> Path:
    path = tmp_path / "mask.png"
    Image.fromarray(square()).save(path)
    return path


def sources() -> dict[str, Photo]:
    colours = scene(120, 160)
    inks = np.concatenate((colours, colours[..., :1] // 2), axis=2)
    deep = colours.astype(np.uint16) * 257 + 77
    return {
        "8 bits": photo(colours),
        "16 bits": photo(deep),
        "grey": photo(colours[..., :1]),
        "cmyk": photo(inks),
    }


@pytest.mark.parametrize("kind", ["8 bits", "16 bits", "grey", "cmyk"])
@pytest.mark.parametrize(("strength", "feather"), [(0.3, 0), (0.3, 9), (0.9, 0), (0.9, 9)])
def test_outside_the_mask_every_bit_is_the_sources(
    drawn: Path, kind: str, strength: float, feather: int
) -> None:
    given = sources()[kind]
    settings = edit(strength, mask=MaskSetting(path=drawn, feather=feather))
    working = working_of(given, settings, OutputSettings(), spec())
    _, result = finish_photograph(working, torch.rand_like(working.picture))
    outside = square() == 0
    assert np.array_equal(result[outside], given.pixels[outside])
    assert (result[~outside] != given.pixels[~outside]).mean() > 0.5


def test_inside_the_mask_the_models_picture_is_the_result_to_the_value(drawn: Path) -> None:
    settings = edit(0.3, size="native", mask=MaskSetting(path=drawn))
    working = working_of(photo(scene(120, 160)), settings, OutputSettings(), spec())
    assert working.mask is not None
    assert np.array_equal(working.mask[0].numpy(), square() / 255)
    after = torch.rand_like(working.picture)
    _, result = finish_photograph(working, after)
    wanted = (after.permute(1, 2, 0).numpy() * 255).round().astype("uint8")
    assert np.array_equal(result[square() == 255], wanted[square() == 255])


def test_of_a_part_the_part_of_the_mask_is_used(drawn: Path) -> None:
    """Else a preview of a part is edited elsewhere than the photograph will be."""
    given, settings = photo(scene(120, 160)), edit(0.3, mask=MaskSetting(path=drawn))
    part = photo(given.pixels[40:, 24:])
    cover = cover_of(MaskSetting(path=drawn), given)[40:, 24:]
    working = working_of(part, settings, OutputSettings(), spec(), cover=cover)
    _, result = finish_photograph(working, torch.rand_like(working.picture))
    outside = square()[40:, 24:] == 0
    assert np.array_equal(result[outside], part.pixels[outside])
    assert (result[~outside] != part.pixels[~outside]).mean() > 0.5


def test_all_that_the_mask_touches_is_repainted_at_the_working_size(drawn: Path) -> None:
    """Else the edge of the mask shows the source's old pixels, enlarged."""
    settings = edit(0.9, mask=MaskSetting(path=drawn))
    working = working_of(photo(scene(120, 160)), settings, OutputSettings(), spec())
    assert working.mask is not None
    assert working.mask.shape == (1, *working.picture.shape[1:])
    up = torch.nn.functional.interpolate(working.mask[None], (120, 160), mode="nearest")[0, 0]
    assert bool((up[square() == 255] == 1).all())


def test_growing_and_shrinking_move_the_edge_by_so_many_pixels(drawn: Path) -> None:
    given = photo(scene(120, 160))
    for grow in (5, -5):
        cover = cover_of(MaskSetting(path=drawn, grow=grow), given)
        row = np.flatnonzero(cover[60])
        assert (row[0], row[-1]) == (40 - grow, 119 + grow)
        column = np.flatnonzero(cover[:, 80])
        assert (column[0], column[-1]) == (40 - grow, 79 + grow)


def test_feathering_goes_inwards_only(drawn: Path) -> None:
    cover = cover_of(MaskSetting(path=drawn, feather=4), photo(scene(120, 160)))
    assert not cover[square() == 0].any()
    assert list(cover[60, 39:46]) == [0, 51, 102, 153, 204, 255, 255]


def test_bands_of_large_masks_join(drawn: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given, setting = photo(scene(120, 160)), MaskSetting(path=drawn, grow=7, feather=9)
    whole = cover_of(setting, given)
    monkeypatch.setattr("core.engine.latent.masks._ROWS", 160 * 11)
    assert np.array_equal(cover_of(setting, given), whole)


def test_inverting_turns_the_mask_over_before_it_grows(drawn: Path) -> None:
    given = photo(scene(120, 160))
    plain = cover_of(MaskSetting(path=drawn), given)
    assert np.array_equal(cover_of(MaskSetting(path=drawn, invert=True), given), 255 - plain)


def test_transparency_is_a_mask(tmp_path: Path) -> None:
    given = photo(scene(120, 160), square())
    assert np.array_equal(cover_of(MaskSetting(), given), square())
    cut_out = np.dstack((scene(120, 160) * 0 + 255, square()))
    Image.fromarray(cut_out).save(tmp_path / "cut.png")
    cover = cover_of(MaskSetting(path=tmp_path / "cut.png"), photo(scene(120, 160)))
    assert np.array_equal(cover, square())


def test_a_mask_of_another_size_is_fitted_of_another_shape_refused(tmp_path: Path) -> None:
    Image.fromarray(square(60, 80)).save(tmp_path / "half.png")
    cover = cover_of(MaskSetting(path=tmp_path / "half.png"), photo(scene(120, 160)))
    assert cover.shape == (120, 160)
    assert (cover[45:75, 45:115] == 255).all()
    Image.fromarray(square(160, 120)).save(tmp_path / "tall.png")
    with pytest.raises(ItemError, match="another shape"):
        cover_of(MaskSetting(path=tmp_path / "tall.png"), photo(scene(120, 160)))


def test_a_mask_that_cannot_be_used_is_said_and_nothing_is_edited_all_over(tmp_path: Path) -> None:
    given = photo(scene(120, 160))
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    for name, words in (("gone.png", "is not in"), ("broken.png", "Its mask cannot be used")):
        with pytest.raises(ItemError, match=words):
            cover_of(MaskSetting(path=tmp_path / name), given)
    with pytest.raises(ItemError) as caught:
        cover_of(MaskSetting(), given)
    assert caught.value.reason is Reason.UNSUPPORTED_MODE


def test_an_empty_mask_is_known_before_any_work(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((120, 160), np.uint8)).save(tmp_path / "black.png")
    settings = edit(0.3, mask=MaskSetting(path=tmp_path / "black.png"))
    assert working_of(photo(scene(120, 160)), settings, OutputSettings(), spec()).is_untouched
