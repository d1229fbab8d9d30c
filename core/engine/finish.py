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
from core.images.colour import apply_change_region, strips_of
from core.images.layout import put_together
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
        before, kept = _held(prepared, bands, top, bottom, verdict)
        for first, last in strips_of(photo, bottom - top):
            was = before[first:last]
            now = was + kept[first:last]
            verdict.add(was, now)
            place = top + first, top + last, 0, photo.width
            put_together(pixels[place[0] : place[1]], apply_change_region(photo, was, now, *place))
    if not verdict.finite:
        raise NotFinite
    if verdict.is_black():
        raise black_error()
    return Finished(pixels, 100 * verdict.guarded / (photo.height * photo.width))


def _held(
    prepared: Prepared, bands: State, top: int, bottom: int, verdict: Verdict
) -> tuple[Floats, Floats]:
    """Return rows before, and what is changed in them, (rows, W, 3) from 0 to 1."""
    halo, photo = prepared.holding.halo, prepared.photo
    first, last = max(0, top - halo), min(photo.height, bottom + halo)
    before, change = (torch.empty(3, last - first, photo.width) for _ in range(2))
    state = bands.rows(first, last)
    # NumPy: on so little at a time PyTorch waits longer for its threads than it computes.
    for above, below in strips_of(photo, last - first):
        source, after, difference = (
            planes[:, above:below].permute(1, 2, 0).numpy() for planes in (before, state, change)
        )
        source[:] = prepared.pixels(first + above, first + below)
        np.multiply(after, np.float32(0.5), out=difference)
        difference += np.float32(0.5)
        difference -= source
    inner = slice(top - first, bottom - first)
    kept, mask = held_change(change, prepared.holding, inner, before)
    verdict.guarded += float(mask.sum()) if mask is not None else 0.0
    return before[:, inner].permute(1, 2, 0).numpy(), kept.permute(1, 2, 0).numpy()
