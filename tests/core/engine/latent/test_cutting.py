"""Tiles of what a denoiser is asked: joined again they must be the picture, in every form."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from core.engine.latent.cutting import Cutting, cut_picture
from core.engine.latent.forms import FORMS, Form, Kind
from core.engine.latent.request import Request, join, split

HEIGHT, WIDTH, TILE = 224, 320, 160
FAMILIES = ("sd1", "sd3", "flux", "flux2-klein", "qwen-image", "z-image")


def request_of(form: Form, planes: torch.Tensor) -> Request:
    """Return a request for (rows, channels, h, w) latents in a denoiser's own form."""
    height, width = planes.shape[-2:]
    values: dict[str, Any] = {form.timestep: torch.tensor(500.0)}
    if form.kind is Kind.PLANES:
        values[form.picture] = planes
    elif form.kind is Kind.LISTED:
        values[form.picture] = [row[:, None] for row in planes]
    else:
        values[form.picture] = planes.flatten(-2).mT
        if "img_shapes" in form.rows:
            values["img_shapes"] = [[(1, height, width)]] * len(planes)
        else:
            down, across = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
            places = torch.stack([torch.zeros_like(down), down, across], -1).flatten(0, 1).float()
            one_for_all = "img_ids" in form.shared
            values["img_ids"] = places if one_for_all else places.expand(len(planes), -1, -1)
    return Request(values, form)


def cut(form: Form) -> tuple[Cutting, Request]:
    cutting = cut_picture(HEIGHT, WIDTH, TILE, 16, form.cell)
    size = HEIGHT // form.cell, WIDTH // form.cell
    return cutting, request_of(form, torch.randn(2, 4, *size))


def flat(answer: Any) -> torch.Tensor:
    return torch.stack(list(answer)) if isinstance(answer, list) else answer


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_cut_and_joined_is_the_picture_again(family: str) -> None:
    """A mistake of one token would shear the picture, and look like a broken model."""
    form = FORMS[family]
    cutting, request = cut(form)
    assert cutting.count > 4
    parts = [cutting.part(request, k) for k in range(cutting.count)]
    assert len({part.alike() for part in parts}) == 1, "all of one pass"
    answers = [part.values[form.picture] for part in parts]
    whole = cutting.blend(answers, request)
    torch.testing.assert_close(flat(whole), flat(request.values[form.picture]))


@pytest.mark.parametrize("family", ["flux", "flux2-klein"])
def test_a_tile_of_tokens_is_to_the_network_a_picture_of_its_own(family: str) -> None:
    form = FORMS[family]
    cutting, request = cut(form)
    side = cutting.tiles[0].width // form.cell, cutting.tiles[0].height // form.cell
    for k in range(cutting.count):
        values = cutting.part(request, k).values
        places = values["img_ids"].reshape(-1, side[0] * side[1], 3)
        assert values[form.picture].shape[1] == places.shape[1]
        assert places.amax((0, 1)).tolist() == [0, side[1] - 1, side[0] - 1]
    assert torch.equal(request.values["img_ids"], cut(form)[1].values["img_ids"])


def test_seams_are_blended_and_nowhere_hard() -> None:
    form = FORMS["sd1"]
    cutting, request = cut(form)
    levels = [torch.full_like(cutting.part(request, k).values["sample"], float(k))
              for k in range(cutting.count)]  # fmt: skip
    across = cutting.blend(levels, request)[0, 0, 0].diff().abs()
    assert 0 < float(across.max()) <= 0.34


def test_a_controlnets_picture_is_cut_where_the_latents_are() -> None:
    form = FORMS["sd1"]
    cutting, request = cut(form)
    shown = torch.randn(2, 3, HEIGHT, WIDTH)
    request = Request(
        request.values, form, {"sample": request.values["sample"], "controlnet_cond": shown}
    )
    for k, tile in enumerate(cutting.tiles):
        control = cutting.part(request, k).control
        assert control is not None
        rows, columns = (
            slice(tile.top, tile.top + tile.height),
            slice(tile.left, tile.left + tile.width),
        )
        assert torch.equal(control["controlnet_cond"], shown[:, :, rows, columns])
        assert control["sample"].shape[-2:] == (tile.height // 8, tile.width // 8)


@pytest.mark.parametrize("family", FAMILIES)
def test_requests_that_were_joined_get_their_own_answers_back(family: str) -> None:
    form = FORMS[family]
    requests = [request_of(form, torch.randn(2, 4, 4, 6)) for _ in range(3)]
    joined = join(requests)
    assert joined.rows == 6
    level = joined.values[form.timestep]
    assert level.shape == (6,)
    answers = split(joined.values[form.picture], requests)
    for request, answer in zip(requests, answers, strict=True):
        assert torch.equal(flat(answer), flat(request.values[form.picture]))


def test_pictures_of_equal_area_but_unlike_shape_are_not_alike() -> None:
    """Their tokens are as many, and only their places tell them apart."""
    form = FORMS["flux"]
    wide, high = (request_of(form, torch.randn(1, 4, *size)) for size in ((4, 6), (6, 4)))
    assert wide.values["hidden_states"].shape == high.values["hidden_states"].shape
    assert wide.alike() != high.alike()
