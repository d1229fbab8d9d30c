"""`python -m core.builtin.sheet FOLDER OUT.png`: a sheet of what cleaning and each strength do."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw

from core.builtin.evaluate import (
    Pixels,
    add_noise,
    clean_once,
    list_pictures,
    load_model,
    read_picture,
    to_pixels,
    to_tensor,
)
from core.builtin.network import PhotoDenoiser
from core.builtin.repaint import repaint

STRENGTHS = (0.1, 0.2, 0.3, 0.5, 0.7, 0.9)
SIGMA = 25.0
HEADER = 16
HEADINGS = ("original", f"sigma {SIGMA:g}", "cleaned", *(f"{value:g}" for value in STRENGTHS))


def cut_middle(pixels: Pixels, side: int) -> Pixels:
    """The middle of a picture, at its own scale; sides are multiples of 8."""
    height, width = (min(side, length) // 8 * 8 for length in pixels.shape[:2])
    top, left = (pixels.shape[0] - height) // 2, (pixels.shape[1] - width) // 2
    return pixels[top : top + height, left : left + width]


def make_row(model: PhotoDenoiser, pixels: Pixels) -> Iterator[Pixels]:
    """The cells of one photograph, in the order of HEADINGS."""
    picture = to_tensor(pixels)
    noisy = add_noise(picture, SIGMA)
    yield pixels
    yield to_pixels(noisy)
    yield to_pixels(clean_once(model, noisy, SIGMA))
    for strength in STRENGTHS:
        yield to_pixels(repaint(model, picture, strength))


def make_sheet(model: PhotoDenoiser, pictures: Sequence[Path], side: int) -> Image.Image:
    """One row a photograph, `side` pixels a cell, headings above."""
    sheet = Image.new("RGB", (side * len(HEADINGS), HEADER + side * len(pictures)), "white")
    draw = ImageDraw.Draw(sheet)
    for column, heading in enumerate(HEADINGS):
        draw.text((column * side + 4, 2), heading, fill="black")
    for row, path in enumerate(pictures):
        for column, cell in enumerate(make_row(model, cut_middle(read_picture(path), side))):
            place = (column * side, HEADER + row * side)
            sheet.paste(Image.fromarray(np.ascontiguousarray(cell)), place)
    return sheet


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the sheet."""
    parser = argparse.ArgumentParser(prog="python -m core.builtin.sheet", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--model", type=Path, help="model folder (default: the bundled one)")
    parser.add_argument("--side", type=int, default=256, help="side of a cell in pixels")
    parser.add_argument("--every", type=int, default=4, help="take every n-th photograph")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    pictures = list_pictures(options.folder)[:: options.every]
    make_sheet(load_model(options.model), pictures, options.side).save(options.out)


if __name__ == "__main__":
    main()
