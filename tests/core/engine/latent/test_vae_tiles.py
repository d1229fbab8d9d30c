"""A large picture that is decoded otherwise than by diffusers, or with more memory."""

from __future__ import annotations

import copy

import pytest
import torch
from diffusers import AutoencoderKL

from core.engine.latent.vae_tiles import stream_tiles


@pytest.fixture(scope="module")
def vae() -> AutoencoderKL:
    torch.manual_seed(0)
    made = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        block_out_channels=(8, 8),
        norm_num_groups=4,
        sample_size=32,
    )
    made.enable_tiling()
    return made.eval().requires_grad_(False)


@pytest.mark.parametrize("sides", [(16, 16), (17, 40), (40, 24), (61, 47), (12, 30), (24, 25)])
def test_rows_of_tiles_give_the_very_values_of_all_at_once(
    vae: AutoencoderKL, sides: tuple[int, int]
) -> None:
    streamed = copy.deepcopy(vae)
    stream_tiles(streamed)
    stream_tiles(streamed)
    latents = torch.randn(1, 4, *sides, generator=torch.Generator().manual_seed(1))
    assert torch.equal(streamed.decode(latents).sample, vae.decode(latents).sample)
    assert torch.equal(streamed.decode(latents, return_dict=False)[0], vae.decode(latents).sample)


def test_what_cannot_be_cut_is_left_as_it_is() -> None:
    network = torch.nn.Identity()
    stream_tiles(network)
    assert not hasattr(network, "tiled_decode")
