"""A photograph's pixels do not depend on what else is in work: not on its place among others, nor
on who they are, nor on tiles. Else a resumed run would end in other files."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from core.engine.latent.denoiser import LatentDenoiser, latent_denoiser
from core.engine.latent.weave import Woven
from core.engine.passes import Group
from core.errors import ItemError, Reason
from core.recipe import EditSettings
from core.recipe import SchedulerName as S
from tests.families.leading import (
    Seen,
    denoising,
    edit_of,
    in_bytes,
    led_down,
    seen,
    snapshot,
    spot,
)
from tests.families.loading import Loaded

EIGHT = 8
REST = ("sdxl", "sd3", "z-image", "qwen-image")
FAMILIES = ["sd1", "flux", *(pytest.param(name, marks=pytest.mark.slow) for name in REST)]


def companions(components: Any, edit: EditSettings, first: int) -> dict[int, Woven[torch.Tensor]]:
    """Return photographs to be in work beside another one, each unlike the others."""
    return {
        key: denoising(components, seen(snapshot(seed=first + key)), edit, seed=first + key)
        for key in range(EIGHT - 1)
    }


@pytest.mark.parametrize("family_id", FAMILIES)
@pytest.mark.parametrize("rows", [pytest.param(1, marks=pytest.mark.slow), EIGHT])
def test_alone_first_in_the_middle_and_last_of_eight_are_the_same(
    family_id: str, rows: int, loaded: Loaded
) -> None:
    components = loaded(family_id)
    # Each step draws noise: a stream that was shared would show.
    scheduler = S.EULER_A if S.EULER_A in components.spec.schedulers else S.FLOW_EULER
    edit = edit_of(components, strength=0.5, num_inference_steps=4, scheduler=scheduler)
    working = seen(snapshot())
    alone = led_down(components, {"it": denoising(components, working, edit)}, rows)["it"]
    for place, first in ((0, 20), (4, 40), (EIGHT - 1, 60)):
        others = list(companions(components, edit, first).items())
        it: Any = ("it", denoising(components, working, edit))
        together: dict[Any, Any] = dict([*others[:place], it, *others[place:]])
        found = led_down(components, together, rows)
        assert torch.equal(found["it"], alone), (place, rows)
        assert not any(torch.equal(found[key], alone) for key, _ in others)


@pytest.mark.parametrize("family_id", ["sd1", "flux", *REST])
def test_one_pass_for_several_gives_each_what_it_asked(family_id: str, loaded: Loaded) -> None:
    """As on graphics cards, where rows are put together: a mixed-up row would be seen at once."""
    components = loaded(family_id)
    edit = edit_of(components, strength=0.6, num_inference_steps=2, guidance_scale=3.0)
    rows: list[list[Any]] = []
    for joined in (True, False):
        asks = {seed: next(_leading(components, edit, seed)) for seed in (1, 2, 3)}
        assert len({ask.alike for ask in asks.values()}) == 1
        requests = [ask.sample(0) for ask in asks.values()]
        predict = _Together(components)._answers if joined else _one_by_one(components)
        with torch.no_grad():
            rows.append(predict(requests))
    for together, apart in zip(*rows, strict=True):
        for one, other in zip(together, apart, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


class _Together(LatentDenoiser):
    """The denoiser, with what it does on devices other than a processor in reach."""


def _one_by_one(components: Any) -> Any:
    denoiser = latent_denoiser(components)
    return lambda requests: denoiser.predict(requests, torch.empty(0))


def _leading(components: Any, edit: EditSettings, seed: int) -> Woven[torch.Tensor]:
    return denoising(components, seen(snapshot(seed=seed)), edit, seed=seed)


def test_photographs_of_unlike_shapes_go_through_in_passes_of_their_own(loaded: Loaded) -> None:
    components = loaded("sd1")
    edit = edit_of(components, strength=0.5, num_inference_steps=4, guidance_scale=1.0)
    shapes = {"square": (64, 64), "wide": (64, 96), "masked": (64, 64)}
    workings = {
        name: seen(snapshot(side, width=width), spot() if name == "masked" else None)
        for name, (side, width) in shapes.items()
    }
    alone = {
        name: led_down(components, {name: denoising(components, working, edit)}, 4)[name]
        for name, working in workings.items()
    }
    leading = {name: denoising(components, w, edit) for name, w in workings.items()}
    together = led_down(components, leading, 4)
    assert all(torch.equal(together[name], alone[name]) for name in shapes)


@pytest.mark.parametrize("family_id", FAMILIES)
def test_tiles_of_several_photographs_mix_without_harm(family_id: str, loaded: Loaded) -> None:
    components = loaded(family_id)
    edit = edit_of(components, strength=0.3, num_inference_steps=2, guidance_scale=1.0)
    workings = [seen(snapshot(112, seed, 64), tile=96) for seed in range(2)]
    alone = [
        led_down(components, {0: denoising(components, working, edit)})[0] for working in workings
    ]
    both = {key: denoising(components, working, edit) for key, working in enumerate(workings)}
    found = led_down(components, both, rows=3)
    assert all(torch.equal(found[key], alone[key]) for key in both)
    assert found[0].shape == workings[0].picture.shape


def test_a_photograph_that_is_dropped_leaves_the_others_as_they_are(loaded: Loaded) -> None:
    components = loaded("sd1")
    edit = edit_of(components, strength=0.8, num_inference_steps=5)
    alone = led_down(components, {0: denoising(components, seen(snapshot()), edit)})[0]
    group: Group[int, torch.Tensor] = Group(latent_denoiser(components).predict, 2)
    gradients = torch.is_grad_enabled()
    for key in range(3):
        group.add(key, denoising(components, seen(snapshot(seed=key)), edit))
    group.run_pass()
    group.drop(1)
    while group.keys:
        group.run_pass()
    found = {ended.key: ended.outcome for ended in group.take_ended()}
    assert set(found) == {0, 2}
    assert isinstance(found[0], torch.Tensor)
    assert torch.equal(found[0], alone)
    assert torch.is_grad_enabled() is gradients, "what pipelines switch off stays theirs"


def test_numbers_that_are_none_are_one_photographs_trouble(loaded: Loaded) -> None:
    components = loaded("sd1")
    edit = edit_of(components, strength=0.5, num_inference_steps=4)
    broken = Seen(torch.full((3, 64, 64), float("nan")))
    group: Group[int, torch.Tensor] = Group(latent_denoiser(components).predict, 1)
    group.add(0, denoising(components, broken, edit))
    group.add(1, denoising(components, seen(snapshot()), edit))
    while group.keys:
        group.run_pass()
    found = {ended.key: ended.outcome for ended in group.take_ended()}
    assert isinstance(found[0], ItemError)
    assert found[0].reason is Reason.NAN
    assert isinstance(found[1], torch.Tensor)
    assert in_bytes(found[1]).std() > 1
