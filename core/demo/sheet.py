"""The contact sheet: one photograph a row, before and after, one pixel shown as one pixel."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageCms, ImageDraw, ImageFont

Color = tuple[int, int, int]

CELL = 300
MARGIN = 48
GUTTER = 20
_HEAD = 164
_CAPTION = 62
_PAPER: Color = (27, 28, 30)
_INK: Color = (236, 236, 234)
_PALE: Color = (158, 160, 163)
_EMPTY: Color = (36, 37, 40)
_MARK: Color = (255, 196, 64)


@dataclass(frozen=True, slots=True)
class Column:
    """A heading: the preset's name and what it does."""

    title: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One picture of a row and the line under it; without a path the line stands alone."""

    path: Path | None
    caption: str


@dataclass(frozen=True, slots=True)
class Row:
    """One photograph: `cells` begins with the original; `focus` is the crop's middle, as shares."""

    title: str
    subtitle: str
    focus: tuple[float, float]
    cells: tuple[Cell, ...]


def draw_sheet(rows: Sequence[Row], columns: Sequence[Column]) -> Image.Image:
    """Return the sheet in sRGB: the whole photograph, then a 1:1 crop of each column."""
    count = len(columns) + 1
    width = 2 * MARGIN + count * CELL + (count - 1) * GUTTER
    height = _HEAD + len(rows) * (CELL + _CAPTION) + MARGIN
    sheet = Image.new("RGB", (width, height), _PAPER)
    draw = ImageDraw.Draw(sheet)
    _write(draw, (MARGIN, 38), "Regrain", 34, _INK)
    _write(draw, (MARGIN, 84), "The frame shows where the crops are from;", 15, _PALE)
    _write(draw, (MARGIN, 104), "they are 1:1, pixel for pixel.", 15, _PALE)
    for number, column in enumerate(columns):
        left = _left(number + 1)
        _write(draw, (left, 48), column.title, 22, _INK)
        _write_wrapped(draw, (left, 84), column.sentence, 15)
    for number, row in enumerate(rows):
        _draw_row(sheet, draw, row, _HEAD + number * (CELL + _CAPTION))
    return sheet


def save_sheet(sheet: Image.Image, path: Path) -> None:
    """Write the sheet as PNG, whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.png")
    try:
        sheet.save(temporary)
        temporary.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()


def _left(column: int) -> int:
    return MARGIN + column * (CELL + GUTTER)


def _draw_row(sheet: Image.Image, draw: ImageDraw.ImageDraw, row: Row, top: int) -> None:
    original = next(cell.path for cell in row.cells if cell.path is not None)
    whole = _open_srgb(original)
    _paste_whole(sheet, draw, whole, row.focus, top)
    _write(draw, (MARGIN, top + CELL + 8), row.title, 17, _INK)
    _write(draw, (MARGIN, top + CELL + 30), row.subtitle, 14, _PALE)
    for number, cell in enumerate(row.cells):
        left = _left(number + 1)
        if cell.path is not None:
            picture = whole if cell.path == original else _open_srgb(cell.path)
            sheet.paste(picture.crop(_crop_box(picture.size, row.focus)), (left, top))
        else:
            draw.rectangle((left, top, left + CELL - 1, top + CELL - 1), fill=_EMPTY)
        _write_wrapped(draw, (left, top + CELL + 8), cell.caption, 14)


def _paste_whole(
    sheet: Image.Image,
    draw: ImageDraw.ImageDraw,
    picture: Image.Image,
    focus: tuple[float, float],
    top: int,
) -> None:
    """Paste the whole photograph, fitted into the cell and set on its ground, with the frame."""
    scale = min(CELL / picture.width, CELL / picture.height)
    size = (round(picture.width * scale), round(picture.height * scale))
    corner = (MARGIN, top + CELL - size[1])
    sheet.paste(picture.resize(size, Image.Resampling.LANCZOS), corner)
    box = _crop_box(picture.size, focus)
    frame = [round(edge * scale) + corner[number % 2] for number, edge in enumerate(box)]
    frame[2] = max(frame[2] - 1, frame[0] + 4)
    frame[3] = max(frame[3] - 1, frame[1] + 4)
    draw.rectangle(tuple(frame), outline=_MARK, width=2)


def _crop_box(size: tuple[int, int], focus: tuple[float, float]) -> tuple[int, int, int, int]:
    """Return the square of CELL pixels (less in a smaller picture) about the focus."""
    width, height = (min(CELL, side) for side in size)
    left = min(max(0, round(size[0] * focus[0]) - width // 2), size[0] - width)
    top = min(max(0, round(size[1] * focus[1]) - height // 2), size[1] - height)
    return left, top, left + width, top + height


def _open_srgb(path: Path) -> Image.Image:
    """Return the picture as 8-bit sRGB, whatever profile it carries."""
    with Image.open(path, formats=("JPEG", "PNG")) as image:
        image.load()
        profile = image.info.get("icc_profile")
        picture = image.convert("RGB")
    if profile:
        with contextlib.suppress(ImageCms.PyCMSError):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(picture, source, target)
            return converted or picture
    return picture


def _write(
    draw: ImageDraw.ImageDraw, corner: tuple[int, int], text: str, size: int, color: Color
) -> None:
    draw.text(corner, text, fill=color, font=ImageFont.load_default(size))


def _write_wrapped(
    draw: ImageDraw.ImageDraw, corner: tuple[int, int], text: str, size: int
) -> None:
    """Write lines no wider than a cell."""
    font = ImageFont.load_default(size)
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and draw.textlength(longer, font=font) <= CELL:
            lines[-1] = longer
        else:
            lines.append(word)
    draw.multiline_text(corner, "\n".join(lines), fill=_PALE, font=font, spacing=5)
