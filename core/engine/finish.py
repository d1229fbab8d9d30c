"""From the state without noise to the result's pixels: held back, judged, in its own colours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from core.engine.bands import State, band_rows
from core.engine.change import Verdict, black_error, held_change
from core.engine.img2img import NotFinite
from core.engine.prepare import Prepared
from core.images.colour import apply_change_region
from core.images.photo import Floats, Pixels


@dataclass(frozen=True)
class Finished:
    """A result's pixels, (H, W, C) in the photograph's own space; `guarded` in percent of it."""

    pixels: Pixels
    guarded: float = 0.0


def finished_pixels(
    prepared: Prepared, bands: State, breathe: Callable[[], None] = lambda: None
) -> Finished:
    """Bring the model's change into the photograph's own pixels.

    `breathe` is called now and then, for what is not to wait until all is done.

    Raises:
        NotFinite: there are NaN or infinite values in the result.
        ItemError: black.
    """
    photo = prepared.photo
    pixels = np.empty_like(photo.pixels)
    verdict = Verdict()
    rows = band_rows(photo.height, photo.width)
    for top in range(0, photo.height, rows):
        breathe()
        bottom = min(top + rows, photo.height)
        before, after = _band(prepared, bands, top, bottom, verdict)
        pixels[top:bottom] = apply_change_region(photo, before, after, top, bottom, 0, photo.width)
    if not verdict.finite:
        raise NotFinite
    if verdict.is_black():
        raise black_error()
    return Finished(pixels, 100 * verdict.guarded / (photo.height * photo.width))


def _band(
    prepared: Prepared, bands: State, top: int, bottom: int, verdict: Verdict
) -> tuple[Floats, Floats]:
    """Return rows before and after, (rows, W, 3) from 0 to 1."""
    halo = prepared.holding.halo
    first, last = max(0, top - halo), min(prepared.photo.height, bottom + halo)
    before = torch.from_numpy(prepared.pixels(first, last)).permute(2, 0, 1).contiguous()
    change = bands.rows(first, last) * 0.5 + 0.5 - before
    inner = slice(top - first, bottom - first)
    kept, mask = held_change(change, prepared.holding, inner, before)
    source = before[:, inner]
    after = source + kept
    verdict.add(source, after)
    verdict.guarded += float(mask.sum()) if mask is not None else 0.0
    return _pixels_last(source), _pixels_last(after)


def _pixels_last(planes: torch.Tensor) -> Floats:
    return np.ascontiguousarray(planes.permute(1, 2, 0).numpy())
