"""Tiles must cover every pixel once: a gap is a hole in the photograph, a wrong weight a seam."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.images.blend import blend_weights, reflected
from core.images.tile import (
    BLEND,
    OVERLAP,
    chosen_tile,
    pass_shape,
    round_up,
    tile_grid,
    tile_starts,
)
from core.recipe import SizeMode

sides = st.integers(1, 9000)
tiles = st.sampled_from([0, 256, 512, 768, 1024])


@settings(deadline=None)
@given(length=sides, tile=tiles)
def test_weights_sum_to_one_at_every_pixel(length: int, tile: int) -> None:
    size, _ = pass_shape(length, length, tile)
    starts = tile_starts(length, size)
    total = np.zeros(round_up(length, 8))
    for start, weight in zip(starts, blend_weights(starts, size), strict=True):
        assert weight.min() >= 0
        total[start : start + size] += weight
    assert np.abs(total - 1).max() < 1e-6


@settings(deadline=None)
@given(length=sides, tile=tiles)
def test_starts_lie_on_the_networks_grid_and_overlap_enough(length: int, tile: int) -> None:
    """Off the grid, the network would fold other pixels together than on the whole picture."""
    size, _ = pass_shape(length, length, tile)
    starts = tile_starts(length, size)
    assert all(start % 8 == 0 for start in starts)
    assert starts[-1] + size == round_up(length, 8)
    gaps = np.diff(starts)
    assert (size - gaps >= OVERLAP).all()


@settings(deadline=None)
@given(length=sides, tile=tiles)
def test_no_value_near_a_cut_edge_is_used(length: int, tile: int) -> None:
    size, _ = pass_shape(length, length, tile)
    starts = tile_starts(length, size)
    margin = (OVERLAP - BLEND) // 2
    for number, weight in enumerate(blend_weights(starts, size)):
        assert number == 0 or not weight[:margin].any()
        assert number == len(starts) - 1 or not weight[-margin:].any()


@settings(deadline=None)
@given(height=sides, width=sides, tile=tiles)
def test_all_tiles_of_a_picture_have_one_shape(height: int, width: int, tile: int) -> None:
    """Constant shapes are what makes a resumed batch come out byte-identical."""
    shape = pass_shape(height, width, tile)
    grid = tile_grid(height, width, tile)
    assert {(t.height, t.width) for t in grid} == {shape}
    assert all(side % 8 == 0 for side in shape)
    assert tile == 0 or max(shape) <= max(tile, 8) + 8


def test_a_picture_just_over_the_tile_is_not_computed_nearly_twice() -> None:
    height, _ = pass_shape(776, 776, 768)
    area = sum(t.height * t.width for t in tile_grid(776, 776, 768))
    assert area < 1.35 * 776 * 776
    assert height < 500


@pytest.mark.parametrize(
    ("size", "height", "width", "expected"),
    [
        (SizeMode.AUTO, 512, 768, 0),
        (SizeMode.AUTO, 940, 940, 0),
        (SizeMode.AUTO, 950, 950, 768),
        (SizeMode.TILE, 512, 768, 768),
        (SizeMode.NATIVE, 4000, 6000, 0),
    ],
)
def test_which_pictures_are_tiled(size: SizeMode, height: int, width: int, expected: int) -> None:
    assert chosen_tile(size, height, width, 768) == expected


@settings(deadline=None)
@given(length=st.integers(1, 40), start=st.integers(-100, 50), count=st.integers(0, 100))
def test_reflection_stays_inside_and_never_repeats_the_edge(
    length: int, start: int, count: int
) -> None:
    indices = reflected(start, start + count, length)
    assert indices.shape == (count,)
    assert ((indices >= 0) & (indices < length)).all()
    if length > 1:
        assert (np.abs(np.diff(indices)) == 1).all()


def test_reflection_is_numpys_own() -> None:
    row = np.arange(7)
    assert (row[reflected(-5, 12, 7)] == np.pad(row, 5, mode="reflect")).all()


def test_a_picture_smaller_than_what_tiles_share_goes_whole() -> None:
    """However small the tiles that memory leaves: it would end in a division by zero."""
    assert pass_shape(OVERLAP - 8, OVERLAP, 64) == (OVERLAP - 8, OVERLAP)
