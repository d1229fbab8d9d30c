"""`python -m core.builtin.sheet FOLDER OUT.png`: a sheet of what cleaning and each strength do.

Everything as users get it: Clean by default of a photograph with noise, and Repaint by default.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from core.builtin.evaluate import Pixels, add_noise, read_pictures, to_pixels, to_tensor
from core.builtin.options import add_crop, make_parser, read_options
from core.builtin.whole_path import WholePath, add_engine_options, load_whole_path
from core.recipe import EditSettings, Mode

STRENGTHS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
SIGMA = 25.0
HEADER = 16
HEADINGS = ("original", f"sigma {SIGMA:g}", "cleaned", *(f"{value:g}" for value in STRENGTHS))


def make_row(engine: WholePath, pixels: Pixels) -> Iterator[Pixels]:
    """The cells of one photograph, in the order of HEADINGS."""
    noisy = to_pixels(add_noise(to_tensor(pixels), SIGMA))
    yield pixels
    yield noisy
    yield engine.edit(noisy).pixels
    for strength in STRENGTHS:
        yield engine.edit(pixels, EditSettings(mode=Mode.REPAINT, strength=strength)).pixels


def paste_cells(
    rows: Sequence[Sequence[Pixels]], headings: Sequence[str], side: int
) -> Image.Image:
    """Cells of `side` pixels at their own scale, headings above the columns."""
    sheet = Image.new("RGB", (side * len(headings), HEADER + side * len(rows)), "white")
    draw = ImageDraw.Draw(sheet)
    for column, heading in enumerate(headings):
        draw.text((column * side + 4, 2), heading, fill="black")
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            place = (column * side, HEADER + row * side)
            sheet.paste(Image.fromarray(np.ascontiguousarray(cell)), place)
    return sheet


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = make_parser("sheet", __doc__)
    add_engine_options(parser)
    add_crop(parser, 256)
    parser.add_argument("out", type=Path, help="the sheet to write")
    parser.add_argument("--every", type=int, default=4, help="take every n-th photograph")
    return read_options(parser, arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the sheet."""
    options = _parse(arguments)
    engine, pictures = load_whole_path(options), read_pictures(options)[:: options.every]
    rows = [list(make_row(engine, pixels)) for pixels in pictures]
    paste_cells(rows, HEADINGS, options.crop).save(options.out)


if __name__ == "__main__":
    main()
