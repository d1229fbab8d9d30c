"""Decoding a large picture in tiles without holding all of them: one row of tiles beside it."""

from __future__ import annotations

from typing import Any

import torch
from diffusers.models.autoencoders.vae import DecoderOutput

_STREAMS = "_regrain_streams"
_NEEDED = ("tiled_decode", "tile_latent_min_size", "tile_sample_min_size", "tile_overlap_factor")


def stream_tiles(vae: Any) -> None:
    """Let a VAE of the AutoencoderKL kind decode in tiles row by row; once is enough.

    diffusers holds every tile, and then every row, before it joins them: 45 bytes a pixel more
    than the picture. The values are the very same.
    """
    if hasattr(vae, _STREAMS) or not all(hasattr(vae, name) for name in _NEEDED):
        return
    setattr(vae, _STREAMS, True)

    def tiled_decode(z: torch.Tensor, return_dict: bool = True) -> Any:
        picture = decoded_by_rows(vae, z)
        return DecoderOutput(sample=picture) if return_dict else (picture,)

    vae.tiled_decode = tiled_decode


def decoded_by_rows(vae: Any, z: torch.Tensor) -> torch.Tensor:
    """Return what AutoencoderKL.tiled_decode would: (N, 3, H, W) from latents (N, C, h, w)."""
    side, share = vae.tile_latent_min_size, vae.tile_overlap_factor
    stride = int(side * (1 - share))
    blend = int(vae.tile_sample_min_size * share)
    limit = vae.tile_sample_min_size - blend
    picture: torch.Tensor | None = None
    above: list[torch.Tensor] = []
    top = 0
    for i in range(0, z.shape[2], stride):
        row = [
            _decoded(vae, z[:, :, i : i + side, j : j + side]) for j in range(0, z.shape[3], stride)
        ]
        if picture is None:
            factor = row[0].shape[2] // min(side, z.shape[2])
            height, width = (_joined(n, side, stride, limit, factor) for n in z.shape[2:])
            picture = row[0].new_empty(*row[0].shape[:2], height, width)
        top = _place(vae, picture, (above, row), top, blend, limit)
        above = row
    assert picture is not None
    return picture


def _place(
    vae: Any,
    picture: torch.Tensor,
    rows: tuple[list[torch.Tensor], list[torch.Tensor]],
    top: int,
    blend: int,
    limit: int,
) -> int:
    """Blend a row of tiles with the one above and into the picture; return where it ends."""
    above, row = rows
    left = bottom = 0
    for j, tile in enumerate(row):
        if above:
            tile = vae.blend_v(above[j], tile, blend)
        if j:
            tile = vae.blend_h(row[j - 1], tile, blend)
        part = tile[:, :, :limit, :limit]
        bottom, right = top + part.shape[2], left + part.shape[3]
        picture[:, :, top:bottom, left:right] = part
        left = right
    return bottom


def _decoded(vae: Any, tile: torch.Tensor) -> torch.Tensor:
    if getattr(vae.config, "use_post_quant_conv", False):
        tile = vae.post_quant_conv(tile)
    return torch.as_tensor(vae.decoder(tile))


def _joined(length: int, side: int, stride: int, limit: int, factor: int) -> int:
    """Return how long tiles are together, each cut to `limit`."""
    starts = range(0, length, stride)
    return sum(min(limit, factor * min(side, length - start)) for start in starts)
