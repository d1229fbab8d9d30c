"""`python -m core.builtin.texture FOLDER`: how much texture Clean leaves where noise is faint.

Blocks of hair, cloth and leaves are found by measure: gradients everywhere in the block, and far
above what the noise adds to them. In these, Clean must keep 90 % of the gradients' energy, in
photographs as they are and in such with a camera's mild noise. "Along" is the energy along the true
gradients alone, which noise left over adds nothing to. `--crops` draws what happened, at 1:1.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Column, Table
from scipy.ndimage import uniform_filter

from core.builtin.calibrate import estimate_noise
from core.builtin.camera_noise import Taken, take_at
from core.builtin.evaluate import Pixels, compare, mean_of, read_pictures
from core.builtin.options import add_crop, conclude, make_parser, read_options
from core.builtin.sheet import paste_cells
from core.builtin.whole_path import WholePath, add_engine_options, load_whole_path

Plane = npt.NDArray[np.float64]
BLOCK = 16
LEAST_KEPT = 0.9
OVER_NOISE = 16.0
"""A block counts where its gradients hold this many times the energy that noise adds to them: the
least at which taking out what is as likely noise as texture (Wiener) leaves 90 %."""

_LUMA = (0.2126, 0.7152, 0.0722)
_LIVELY = 16.0
"""Mean squared gradient, levels of 255, from which a block is no flat area."""

_SPREAD = 0.2
"""Median over mean of the squared gradients: 0.69 where they are everywhere, 0 at a lone edge."""

LEAST_BLOCKS = 8
MOST_CROPS = 6
HEADINGS = ("before", "after", "what there was")


@dataclass(frozen=True)
class Kept:
    """What Clean left of the texture, 0 to 1, or means over photographs.

    `energy`: of the gradients, noise included; `along`: of the true ones alone. `share`: of the
    picture that counts as texture. `psnr`: of the result to what there was; `noise`: as found.
    """

    share: float
    energy: float
    along: float
    psnr: float
    noise: float


def measure_gradients(pixels: npt.NDArray[np.generic]) -> tuple[Plane, Plane]:
    """Differences of neighbours' brightness down and across, each (height - 1, width - 1)."""
    luma = pixels.astype(np.float64) @ np.asarray(_LUMA)
    return luma[1:, :-1] - luma[:-1, :-1], luma[:-1, 1:] - luma[:-1, :-1]


def _blocks(plane: Plane) -> Plane:
    """The whole blocks of a plane, (down, across, BLOCK * BLOCK)."""
    down, across = (length // BLOCK for length in plane.shape)
    cut = plane[: down * BLOCK, : across * BLOCK].reshape(down, BLOCK, across, BLOCK)
    return cut.swapaxes(1, 2).reshape(down, across, -1)


def _squared(pixels: npt.NDArray[np.generic]) -> Plane:
    down, across = measure_gradients(pixels)
    return down**2 + across**2


def find_texture(taken: Taken, found: float) -> npt.NDArray[np.bool_]:
    """Which blocks hold texture that noise does not hide, (blocks down, blocks across).

    found: the noise that Clean found, of 255; what is known to be noise counts besides.
    """
    squares = _blocks(_squared(taken.quiet))
    known = _blocks(_squared(np.subtract(taken.noisy, taken.quiet, dtype=np.float64))).mean(2)
    # White noise of sigma adds 2 sigma squared to either difference of a channel.
    added = np.maximum(known, 4 * found**2 * float(np.square(_LUMA).sum()))
    mean = squares.mean(2)
    is_spread = np.median(squares, 2) >= _SPREAD * mean
    return np.asarray((mean >= np.maximum(_LIVELY, OVER_NOISE * added)) & is_spread)


def measure_kept(taken: Taken, cleaned: Pixels, found: float) -> Kept | None:
    """What is left of the texture of one photograph; None where it has hardly any."""
    is_texture = find_texture(taken, found)
    if is_texture.sum() < LEAST_BLOCKS:
        return None
    true, after = (
        np.concatenate([_blocks(plane)[is_texture] for plane in measure_gradients(pixels)])
        for pixels in (taken.quiet, cleaned)
    )
    energy = float((true**2).sum())
    return Kept(
        share=float(is_texture.mean()),
        energy=float((after**2).sum()) / energy,
        along=(float((true * after).sum()) / energy) ** 2,
        psnr=compare(taken.quiet, cleaned)[0],
        noise=found,
    )


def take_all(pictures: Sequence[Pixels], decibels: float | None) -> list[Taken]:
    """The photographs as they are (None), or with so much camera noise."""
    if decibels is None:
        return [Taken(pixels, pixels.astype(np.float32)) for pixels in pictures]
    return [take_at(pixels, decibels, number, jpeg=False) for number, pixels in enumerate(pictures)]


def measure_all(engine: WholePath, photographs: Sequence[Taken]) -> list[Kept]:
    """What Clean leaves of each photograph's texture, of those that have any."""
    edited = [(taken, engine.edit(taken.noisy)) for taken in photographs]
    kept = [measure_kept(taken, one.pixels, one.noise) for taken, one in edited]
    return [one for one in kept if one is not None]


def _name(decibels: float | None) -> str:
    return "as they are" if decibels is None else f"camera noise, {decibels:g} dB"


def make_table(all_kept: dict[str, list[Kept]]) -> Table:
    """One row for each way the photographs were taken; energies in percent."""
    headings = (
        Column("photographs", no_wrap=True),
        "count",
        "noise",
        "share %",
        "energy %",
        "least",
        "along %",
    )
    title = f"gradients left, blocks of {BLOCK}x{BLOCK}"
    table = Table(*headings, "PSNR", title=title, box=SIMPLE, pad_edge=False)
    for name, kept in all_kept.items():
        mean, least = mean_of(kept), min(one.energy for one in kept)
        shares = (100 * value for value in (mean.share, mean.energy, least, mean.along))
        percents = (f"{share:.1f}" for share in shares)
        noise, psnr = f"{mean.noise:.2f}", f"{mean.psnr:.2f}"
        table.add_row(name, str(len(kept)), noise, *percents, psnr)
    return table


def find_missed(all_kept: dict[str, list[Kept]]) -> Iterator[str]:
    """Bars that are missed, in words."""
    for name, kept in all_kept.items():
        mean = mean_of(kept)
        if mean.energy < LEAST_KEPT:
            kept_share = f"{100 * mean.energy:.1f} % of the gradients' energy is kept"
            yield f"{name}: {kept_share}, not {100 * LEAST_KEPT:g}"


def draw_crops(engine: WholePath, photographs: Sequence[Taken], side: int) -> Image.Image:
    """Where the photographs with most texture have most of it, before, after and in truth."""
    found = [find_texture(taken, estimate_noise(taken.noisy)) for taken in photographs]
    order = np.argsort([-is_texture.mean() for is_texture in found])[:MOST_CROPS]
    rows = []
    for number in order:
        taken, window = photographs[number], _place(found[number], side)
        cells = (taken.noisy, engine.edit(taken.noisy).pixels, np.rint(taken.quiet))
        rows.append([np.asarray(cell[window], np.uint8) for cell in cells])
    return paste_cells(rows, HEADINGS, side)


def _place(is_texture: npt.NDArray[np.bool_], side: int) -> tuple[slice, slice]:
    """Where a window of `side` pixels holds most texture."""
    blocks = max(1, side // BLOCK)
    counted = uniform_filter(is_texture.astype(float), blocks, mode="constant")
    low = [blocks // 2] * 2
    high = [max(blocks // 2 + 1, length - (blocks - 1) // 2) for length in is_texture.shape]
    inner = counted[low[0] : high[0], low[1] : high[1]]
    top, left = (int(place) * BLOCK for place in np.unravel_index(inner.argmax(), inner.shape))
    return slice(top, top + side), slice(left, left + side)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = make_parser("texture", __doc__)
    add_crop(parser)
    add_engine_options(parser)
    parser.add_argument("--decibels", type=float, default=34.0, help="PSNR with camera noise")
    parser.add_argument("--crops", type=Path, metavar="OUT.png", help="draw before and after")
    parser.add_argument("--side", type=int, default=192, help="side of the drawn crops")
    return read_options(parser, arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table, draw the crops; returns 1 if a bar is missed."""
    options = _parse(arguments)
    engine, pictures = load_whole_path(options), read_pictures(options)
    taken = {level: take_all(pictures, level) for level in (None, options.decibels)}
    kept = {_name(level): measure_all(engine, photographs) for level, photographs in taken.items()}
    kept = {name: several for name, several in kept.items() if several}
    if options.crops:
        draw_crops(engine, taken[options.decibels], options.side).save(options.crops)
    console = Console()
    if not kept:
        console.print("none of these photographs has texture: nothing was measured")
        return 1
    console.print(make_table(kept))
    return conclude(console, list(find_missed(kept)))


if __name__ == "__main__":
    raise SystemExit(main())
