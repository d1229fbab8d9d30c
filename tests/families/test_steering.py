"""ControlNets in one pass with others and in tiles: they must steer as in diffusers' own call."""

from __future__ import annotations

from typing import Any

import diffusers
import numpy as np
import pytest
import torch

from core.engine.latent.calls import pipeline_call
from core.engine.latent.photograph import photograph
from core.engine.latent.prompts import encode_prompts
from core.recipe import ControlKind, ControlSetting, EditSettings, StrengthScale
from tests.families.leading import edit_of, in_bytes, led_down, seen, snapshot, spot
from tests.families.loading import Loaded


@pytest.fixture(params=["sd1", pytest.param("sdxl", marks=pytest.mark.slow)])
def steered(request: pytest.FixtureRequest, loaded: Loaded) -> tuple[Any, Any]:
    """Return a model and a ControlNet that has something to say."""
    components = loaded(request.param)
    torch.manual_seed(3)
    control = diffusers.ControlNetModel.from_unet(components.denoiser)
    for name, weight in control.named_parameters():
        if "controlnet_" in name:
            torch.nn.init.normal_(weight, std=0.05)
    return components, control.eval().requires_grad_(False)


def steering(components: Any, **settings: Any) -> EditSettings:
    """Return settings with a ControlNet."""
    control = ControlSetting(kind=ControlKind.TILE, path="control", weight=0.7, until=0.8)
    settings = {"strength": 0.8, "num_inference_steps": 4, "guidance_scale": 3.0} | settings
    return edit_of(components, control=control, **settings)


def shown(working: Any) -> dict[str, Any]:
    return {"control_image": working.picture[None]}


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("masked", [False, True])
def test_native_with_a_controlnet_equals_diffusers_own_call(
    steered: tuple[Any, Any], masked: bool
) -> None:
    components, control = steered
    edit = steering(components, strength_scale=StrengthScale.NATIVE)
    working = seen(snapshot(), spot() if masked else None)
    given = encode_prompts(components, edit) | shown(working)
    pipeline = pipeline_call(components, working, edit, given, 5, control).pipeline
    own = pipeline(
        prompt="a cat",
        image=snapshot(),
        control_image=snapshot(),
        **({"mask_image": spot()} if masked else {}),
        height=64,
        width=64,
        strength=0.8,
        num_inference_steps=4,
        guidance_scale=3.0,
        controlnet_conditioning_scale=0.7,
        control_guidance_end=0.8,
        generator=torch.Generator().manual_seed(5),
        output_type="np",
    ).images[0]
    leading = photograph(components, working, edit, given, 5, control=control)
    ours = in_bytes(led_down(components, {0: leading})[0])
    assert np.array_equal(ours, (own * 255).round().astype(np.uint8))


def test_a_controlnet_steers_each_of_several_tile_by_tile(steered: tuple[Any, Any]) -> None:
    components, control = steered
    edit = steering(components, strength=0.3)
    bare = encode_prompts(components, edit)
    workings = [seen(snapshot(80, seed, 64), tile=64) for seed in range(2)]

    def leading(number: int, steer: Any = control) -> Any:
        more = shown(workings[number]) if steer is not None else {}
        return photograph(components, workings[number], edit, bare | more, 5, control=steer)

    alone = [led_down(components, {0: leading(number)})[0] for number in range(2)]
    both = led_down(components, {number: leading(number) for number in range(2)}, rows=3)
    for number in range(2):
        assert torch.equal(both[number], alone[number])
    plain = led_down(components, {0: leading(0, None)})[0]
    assert float((plain - alone[0]).abs().max()) > 1e-3
