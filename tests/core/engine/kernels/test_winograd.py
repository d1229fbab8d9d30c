"""Faster convolutions that were wrong at a border or a size would spoil every photograph."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch.nn import functional

from core.engine.kernels import winograd
from core.engine.kernels.winograd import WinogradConvolution, Workspace

CLOSE = 3e-5
"""Of the largest value: an eighth of a level of 8 bits is 5e-4."""


def _parts(*shape: int, made: int = 24) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(sum(shape))
    picture = torch.randn(shape, generator=draw)
    weight = torch.randn(made, shape[1], 3, 3, generator=draw) / shape[1]
    return picture, weight, torch.randn(made, generator=draw)


def _distance(answer: torch.Tensor, expected: torch.Tensor) -> float:
    return float((answer - expected).abs().max() / expected.abs().max())


@pytest.mark.parametrize("side", [2, 4])
@pytest.mark.parametrize(
    "shape",
    [(1, 16, 16, 16), (2, 20, 13, 9), (3, 8, 1, 1), (1, 8, 2, 31), (2, 8, 33, 2), (1, 8, 5, 70)],
)
def test_it_computes_what_the_plain_one_does(side: int, shape: tuple[int, ...]) -> None:
    picture, weight, bias = _parts(*shape)
    with torch.no_grad():
        answer = WinogradConvolution(weight, bias, side, Workspace())(picture)
        expected = functional.conv2d(picture, weight, bias, padding=1)
    assert answer.shape == expected.shape
    assert _distance(answer, expected) < CLOSE


@pytest.mark.parametrize("side", [2, 4])
@pytest.mark.parametrize("most", [1, 3, 7])
def test_a_picture_worked_on_in_pieces_has_no_seam(
    side: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture, weight, _ = _parts(2, 12, 27, 30)
    with torch.no_grad():
        whole = WinogradConvolution(weight, None, side, Workspace())(picture)
        monkeypatch.setattr(winograd, "_MOST_TILES", most)
        monkeypatch.setattr(winograd, "_LEAST_TILES", 1)
        pieces = WinogradConvolution(weight, None, side, Workspace())(picture)
    assert _distance(pieces, whole) < CLOSE


def test_buffers_of_one_picture_leave_nothing_in_the_next() -> None:
    """One workspace serves all layers: a stale border would shine through in smaller pictures."""
    workspace = Workspace()
    large, weight, bias = _parts(1, 32, 40, 40)
    small, other, _ = _parts(1, 8, 6, 5)
    with torch.no_grad():
        alone = WinogradConvolution(other, None, 4, Workspace())(small)
        WinogradConvolution(weight, bias, 4, workspace)(large * 1e6)
        after = WinogradConvolution(other, None, 4, workspace)(small)
    assert torch.equal(alone, after)


def test_two_threads_do_not_write_into_each_others_pictures() -> None:
    workspace = Workspace()
    _, weight, bias = _parts(1, 16, 24, 24)
    convolution = WinogradConvolution(weight, bias, 4, workspace)
    pictures = [_parts(1, 16, 24 + k, 24)[0] for k in range(8)]

    def run(picture: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            return convolution(picture)

    alone = [run(picture) for picture in pictures]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(run, pictures))
    # Threads share their work out otherwise, which rounds the last bits otherwise.
    assert max(map(_distance, together, alone)) < CLOSE
