"""3x3 convolutions with a quarter of the multiplications, out of matrix products alone.

After S. Winograd, as A. Lavin and S. Gray give it ("Fast Algorithms for Convolutional Neural
Networks", 2015): pictures are cut into overlapping squares, squares and filters are transformed,
multiplied number by number, summed over channels, and transformed back. In single precision the
result differs from the plain one by some 1e-5 of its largest value.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import torch

_SQUARE_4 = (
    (4, 0, -5, 0, 1, 0),
    (0, -4, -4, 1, 1, 0),
    (0, 4, -4, -1, 1, 0),
    (0, -2, -1, 2, 1, 0),
    (0, 2, -1, -2, 1, 0),
    (0, 4, 0, -5, 0, 1),
)
_FILTER_4 = (
    (1 / 4, 0, 0),
    (-1 / 6, -1 / 6, -1 / 6),
    (-1 / 6, 1 / 6, -1 / 6),
    (1 / 24, 1 / 12, 1 / 6),
    (1 / 24, -1 / 12, 1 / 6),
    (0, 0, 1),
)
_BACK_4 = ((1, 1, 1, 1, 1, 0), (0, 1, -1, 2, -2, 0), (0, 1, 1, 4, 4, 0), (0, 1, -1, 8, -8, 1))

_SQUARE_2 = ((1, 0, -1, 0), (0, 1, 1, 0), (0, -1, 1, 0), (0, 1, 0, -1))
_FILTER_2 = ((1, 0, 0), (1 / 2, 1 / 2, 1 / 2), (1 / 2, -1 / 2, 1 / 2), (0, 0, 1))
_BACK_2 = ((1, 1, 1, 0), (0, 1, -1, -1))

_PIECE_BYTES = 48_000_000
"""How large a buffer of transformed squares may be: about what the last cache takes."""

_MOST_TILES = 512
_LEAST_TILES = 64


@dataclass(frozen=True)
class Transform:
    """The matrices for results of `side` x `side` pixels at a time."""

    side: int
    square: torch.Tensor
    filter: torch.Tensor
    back: torch.Tensor

    @property
    def span(self) -> int:
        """Return the side of the squares of the picture that a result is made of."""
        return self.side + 2


def transform_of(side: int) -> Transform:
    """Return the matrices for results of 2 or 4 pixels a side, the filter's in double precision."""
    square, kernel, back = {2: (_SQUARE_2, _FILTER_2, _BACK_2), 4: (_SQUARE_4, _FILTER_4, _BACK_4)}[
        side
    ]
    return Transform(
        side,
        torch.tensor(square, dtype=torch.float32),
        torch.tensor(kernel, dtype=torch.float64),
        torch.tensor(back, dtype=torch.float32),
    )


class Workspace(threading.local):
    """Buffers that are used again and again: fresh memory costs as much as the arithmetic."""

    def __init__(self) -> None:
        self._buffers: dict[str, torch.Tensor] = {}

    def take(self, name: str, *shape: int) -> torch.Tensor:
        """Return a buffer of this shape; what was in it is gone."""
        count = torch.Size(shape).numel()
        buffer = self._buffers.get(name)
        if buffer is None or buffer.numel() < count:
            buffer = self._buffers[name] = torch.empty(count)
        return buffer[:count].view(shape)


class WinogradConvolution:
    """A 3x3 convolution of stride 1 with a border of one zero, in single precision on a CPU.

    Args:
        weight: (out, in, 3, 3).
        bias: (out,), or None.
        side: of the results computed at a time: 4 saves most, 2 takes less memory for weights.
    """

    def __init__(
        self, weight: torch.Tensor, bias: torch.Tensor | None, side: int, workspace: Workspace
    ) -> None:
        self._by = transform_of(side)
        self._bias = torch.zeros(len(weight)) if bias is None else bias.detach()
        self._workspace = workspace
        self._weights = _transformed(weight.detach(), self._by)

    def __call__(self, picture: torch.Tensor) -> torch.Tensor:
        """(rows, in, height, width) -> (rows, out, height, width), channels last in memory."""
        side = self._by.side
        rows, _, height, width = picture.shape
        channels = self._weights.shape[2]
        down, across = -(-height // side), -(-width // side)
        source = picture.contiguous(memory_format=torch.channels_last).permute(0, 2, 3, 1)
        result = torch.empty(rows, height, width, channels)
        lines = max(1, min(down, self._most_tiles() // across))
        at_once = max(1, self._most_tiles() // (down * across)) if lines == down else 1
        for row in range(0, rows, at_once):
            for line in range(0, down, lines):
                top = line * side
                end = min(height, (line + lines) * side)
                self._compute(source[row : row + at_once], result[row : row + at_once], top, end)
        return result.permute(0, 3, 1, 2)

    def _most_tiles(self) -> int:
        points, given, made = self._weights.shape
        fitting = _PIECE_BYTES // (4 * points * max(given, made))
        return max(_LEAST_TILES, min(_MOST_TILES, fitting))

    def _compute(self, source: torch.Tensor, result: torch.Tensor, top: int, bottom: int) -> None:
        """Fill lines `top` to `bottom` of `result`; both are (rows, height, width, channels)."""
        side, span = self._by.side, self._by.span
        rows, _, width, given = source.shape
        made = result.shape[3]
        down, across = -(-(bottom - top) // side), -(-width // side)
        tiles = rows * down * across
        take = self._workspace.take
        squares = take("first", span, span, rows, down, across, given)
        self._cut(source, squares, top)
        points = take("second", span * span, tiles, given)
        self._twice(self._by.square, squares.view(span, span, -1), points.view(span, span, -1))
        products = take("first", span * span, tiles, made)
        torch.bmm(points, self._weights, out=products)
        pixels = take("second", side, side, rows, down, across, made)
        self._twice(self._by.back, products.view(span, span, -1), pixels.view(side, side, -1))
        self._lay_down(pixels, result[:, top:bottom])

    def _cut(self, source: torch.Tensor, squares: torch.Tensor, top: int) -> None:
        """Copy the overlapping squares from line `top` on, with zeros around the picture."""
        side = self._by.side
        _, _, rows, down, across, channels = squares.shape
        height, width = source.shape[1:3]
        lines, columns = down * side + 2, across * side + 2
        padded = self._workspace.take("padded", rows, lines, columns, channels)
        first, last = max(0, top - 1), min(height, top - 1 + lines)
        inside = slice(first - (top - 1), last - (top - 1))
        padded[:, : inside.start] = 0
        padded[:, inside.stop :] = 0
        padded[:, inside, 0] = 0
        padded[:, inside, width + 1 :] = 0
        padded[:, inside, 1 : width + 1] = source[:, first:last]
        line = columns * channels
        strides = (line, channels, lines * line, side * line, side * channels, 1)
        squares.copy_(padded.as_strided(squares.shape, strides, padded.storage_offset()))

    def _twice(self, matrix: torch.Tensor, values: torch.Tensor, into: torch.Tensor) -> None:
        """Write matrix x values x transposed matrix, for (span, span, many) values."""
        after, before = matrix.shape
        between = self._workspace.take("between", after, before, values.shape[2])
        torch.mm(matrix, values.view(before, -1), out=between.view(after, -1))
        torch.bmm(matrix.expand(after, after, before), between, out=into)

    def _lay_down(self, pixels: torch.Tensor, lines: torch.Tensor) -> None:
        """Put the results side by side into `lines`, (rows, lines, width, channels)."""
        side, _, rows, down, across, channels = pixels.shape
        height, width = lines.shape[1:3]
        ordered = pixels.permute(2, 3, 0, 4, 1, 5)
        if (height, width) == (down * side, across * side):
            whole = lines.view(rows, down, side, across, side, channels)
            torch.add(ordered, self._bias, out=whole)
            return
        whole = ordered.reshape(rows, down * side, across * side, channels)
        torch.add(whole[:, :height, :width], self._bias, out=lines)


def weight_bytes(channels_in: int, channels_out: int, side: int) -> int:
    """Return what the transformed weights take."""
    return 4 * (side + 2) ** 2 * channels_in * channels_out


def _transformed(weight: torch.Tensor, by: Transform) -> torch.Tensor:
    """(out, in, 3, 3) -> (points, in, out); quickest when the weights' channels are last."""
    made, given = weight.shape[:2]
    ordered = weight.permute(2, 3, 0, 1).reshape(9, -1)
    both = torch.kron(by.filter, by.filter).float()
    return (both @ ordered).view(by.span**2, made, given).transpose(1, 2)
