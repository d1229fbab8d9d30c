"""Zoom and pan: without them right, a photographer looks at another place than was pointed at."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.viewer import geometry
from desktop.viewer.geometry import MAX_SCALE, Pane, Size, Viewport

PANE = Pane(0, 0, 800, 500, 10)
LARGE = Size(6000, 4000)
SIZES = st.builds(Size, st.integers(1, 20_000), st.integers(1, 20_000))
PANES = st.builds(Pane, st.just(0), st.just(0), st.integers(60, 4000), st.integers(60, 3000))


def test_fit_shows_the_whole_photograph_within_its_margin() -> None:
    view = geometry.fitted(LARGE, PANE)
    seen = geometry.photo_rect(view, LARGE, PANE)
    assert view.fitted
    assert seen.height == 480 and seen.top == 10
    assert abs(seen.left - (800 - seen.width) / 2) <= 1


def test_one_to_one_lies_on_whole_pixels() -> None:
    """Half a pixel of shift blurs what the user wants to judge."""
    view = geometry.zoomed(geometry.fitted(LARGE, PANE), LARGE, PANE, 1.0, (201.0, 133.0))
    left, top = view.origin(PANE)
    assert (view.scale, left % 1, top % 1) == (1.0, 0, 0)


def test_zoom_keeps_what_is_under_the_pointer() -> None:
    view = geometry.zoomed(geometry.fitted(LARGE, PANE), LARGE, PANE, 0.5)
    pointer = (320.0, 210.0)
    before = view.to_photo(pointer, PANE)
    after = geometry.zoomed(view, LARGE, PANE, 0.9, pointer).to_photo(pointer, PANE)
    assert after == pytest.approx(before, abs=2.0)


def test_the_wheel_stops_at_one_to_one_on_its_way() -> None:
    assert geometry.next_scale(0.9, 1.25) == 1.0
    assert geometry.next_scale(1.2, 0.8) == 1.0
    assert geometry.next_scale(1.0, 1.25) == 1.25


def test_zooming_out_ends_at_fit() -> None:
    view = geometry.zoomed(Viewport(3000, 2000, 0.2, False), LARGE, PANE, 0.01)
    assert view == geometry.fitted(LARGE, PANE)


def test_a_small_photograph_can_be_seen_in_its_own_size() -> None:
    small = Size(100, 80)
    fitted = geometry.fitted(small, PANE)
    assert fitted.scale > 1
    assert geometry.zoomed(fitted, small, PANE, 0.5).scale == 1.0


def test_the_next_photograph_is_seen_at_the_same_place_and_scale() -> None:
    view = Viewport(1500, 1000, 1.0, False)
    carried = geometry.carried(view, LARGE, Size(3000, 2000), PANE)
    assert (carried.x, carried.y, carried.scale) == (750, 500, 1.0)
    assert geometry.carried(geometry.fitted(LARGE, PANE), LARGE, Size(10, 10), PANE).fitted


def test_panning_stops_at_the_photographs_edge() -> None:
    view = geometry.zoomed(geometry.fitted(LARGE, PANE), LARGE, PANE, 1.0)
    moved = geometry.panned(view, LARGE, PANE, 1e6, 1e6)
    assert moved.origin(PANE) == (0, 0)
    moved = geometry.panned(view, LARGE, PANE, -1e6, -1e6)
    assert moved.to_photo((800, 500), PANE) == (6000, 4000)


@given(SIZES, PANES, st.floats(0.001, 100), st.floats(-1e5, 1e5), st.floats(-1e5, 1e5))
def test_no_view_leaves_the_photograph(
    size: Size, pane: Pane, scale: float, x: float, y: float
) -> None:
    """Whatever is turned and dragged, something of the photograph stays in the pane's middle."""
    view = geometry.settled(Viewport(x, y, scale, False), size, pane)
    assert 0 <= view.x <= size.width and 0 <= view.y <= size.height
    assert view.scale <= MAX_SCALE + 1e-9
    seen = geometry.photo_rect(view, size, pane)
    whole = (round(size.width * view.scale), round(size.height * view.scale))
    assert seen.width >= min(whole[0], pane.width) - 2
    assert seen.height >= min(whole[1], pane.height) - 2


@given(SIZES, st.floats(-500, 30_000), st.floats(-500, 30_000), st.integers(1, 900))
def test_a_box_lies_within_the_photograph(size: Size, x: float, y: float, side: int) -> None:
    """A preview of what is not there would be refused."""
    left, top, width, height = geometry.box_at((x, y), side, side, size)
    assert left >= 0 and top >= 0 and width >= 1 and height >= 1
    assert left + width <= size.width and top + height <= size.height


def test_what_is_previewed_in_place_is_what_is_seen() -> None:
    view = geometry.zoomed(geometry.fitted(LARGE, PANE), LARGE, PANE, 2.0)
    assert geometry.visible_box(view, LARGE, PANE, 1024) == (2800, 1875, 400, 250)
    assert geometry.visible_box(view, LARGE, PANE, 100)[2:] == (100, 100)
