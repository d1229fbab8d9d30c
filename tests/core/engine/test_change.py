"""What stands between a model that goes astray and somebody's photograph."""

from __future__ import annotations

import pytest
import torch

from core.engine.change import HALO, Holding, Verdict, blurred, held_change

SIGMA = 10.0
LEVEL = 1 / 255
ALL = slice(None)


def noise(height: int = 200, width: int = 240, seed: int = 0) -> torch.Tensor:
    """Return a change such as Clean makes: the noise itself, taken away."""
    random = torch.Generator().manual_seed(seed)
    return SIGMA * LEVEL * torch.randn(3, height, width, generator=random)


def test_ordinary_cleaning_is_let_through() -> None:
    change = noise()
    kept, mask = held_change(change, Holding(limit_sigma=SIGMA), ALL)
    assert mask is None
    assert torch.equal(kept, change)


def test_no_pixel_changes_by_more_than_six_sigma() -> None:
    """A disc of colours on a fence, 15 sigma strong, is what a network without norms can paint."""
    change = noise()
    change[:, 80:120, 90:130] += 15 * SIGMA * LEVEL
    kept, _ = held_change(change, Holding(limit_sigma=SIGMA), ALL)
    assert kept.abs().max() * 255 <= 6 * SIGMA - 0.5 + 1e-4


def test_where_the_model_runs_away_the_photograph_stays_softly() -> None:
    change = noise()
    change[:, 80:120, 90:130] += 15 * SIGMA * LEVEL
    kept, mask = held_change(change, Holding(limit_sigma=SIGMA), ALL)
    assert mask is not None
    assert not kept[:, 78:122, 88:132].any()
    assert torch.equal(kept[:, :16], change[:, :16])
    assert mask.diff(dim=0).abs().max() < 0.05
    assert mask.diff(dim=1).abs().max() < 0.05


def test_debris_at_the_edge_of_the_picture_goes_back_to_the_source_whole() -> None:
    change = noise()
    change[:, :12, :12] += 15 * SIGMA * LEVEL
    kept, mask = held_change(change, Holding(limit_sigma=SIGMA), ALL)
    assert mask is not None
    assert mask[:12, :12].min() > 0.999
    assert float(kept[:, :12, :12].abs().max()) < 1e-3


def test_a_hot_pixel_costs_its_neighbourhood_nothing() -> None:
    """Night photographs have single bright points; around them noise must still go."""
    change = noise()
    change[:, 100, 100] = 20 * SIGMA * LEVEL
    kept, mask = held_change(change, Holding(limit_sigma=SIGMA), ALL)
    assert mask is None
    around = kept.clone()
    around[:, 100, 100] = change[:, 100, 100]
    assert torch.equal(around, change)


def test_bands_are_guarded_as_the_whole_picture_is() -> None:
    """The picture is finished band by band; at a band's edge the guard must not break off."""
    change = noise(400, 160)
    change[:, 190:205, 60:100] += 15 * SIGMA * LEVEL
    holding = Holding(keep_grain=40, limit_sigma=SIGMA)
    whole, _ = held_change(change, holding, ALL)
    upper, _ = held_change(change[:, : 200 + HALO], holding, slice(0, 200))
    lower, _ = held_change(change[:, 200 - HALO :], holding, slice(HALO, None))
    assert torch.allclose(torch.cat([upper, lower], 1), whole, atol=1e-6)


def test_grain_comes_back_in_the_share_asked_for() -> None:
    """Grey noise that was taken away comes back; colour noise does not."""
    grey = noise()[:1].expand(3, -1, -1)
    half, _ = held_change(grey, Holding(keep_grain=50, limit_sigma=SIGMA), ALL)
    ratio = float(half.std() / grey.std())
    assert 0.45 < ratio < 0.6
    colour = noise() * torch.tensor([1.0, -0.2126 / 0.7152, 0.0])[:, None, None]
    colour[1] = -colour[0] * 0.2126 / 0.7152
    kept, _ = held_change(colour, Holding(keep_grain=100, limit_sigma=SIGMA), ALL)
    assert torch.allclose(kept, colour, atol=1e-6)


def test_grain_of_a_hundred_percent_keeps_all_fine_light() -> None:
    grey = noise()[:1].expand(3, -1, -1)
    kept, _ = held_change(grey, Holding(keep_grain=100, limit_sigma=SIGMA), ALL)
    assert float(kept.std() / grey.std()) < 0.2


def test_held_structure_gives_the_source_its_large_shapes_back() -> None:
    """Strong repainting shifts light and colour of whole areas; holding takes that back."""
    change = 0.05 * noise() + 0.2
    free, _ = held_change(change, Holding(), ALL)
    half, _ = held_change(change, Holding(hold_structure=50), ALL)
    held, _ = held_change(change, Holding(hold_structure=100), ALL)
    assert torch.equal(free, change)
    assert float(half.mean()) == pytest.approx(0.1, abs=1e-3)
    assert float(held.mean()) == pytest.approx(0.0, abs=1e-3)
    assert float(held.std()) == pytest.approx(float(change.std()), rel=0.05)


def test_blur_keeps_flat_parts_flat_to_the_edge() -> None:
    assert torch.allclose(blurred(torch.full((2, 30, 40), 0.7), 5), torch.tensor(0.7))


def test_a_flat_result_of_a_lively_picture_is_black() -> None:
    lively, flat = torch.rand(3, 50, 50), torch.full((3, 50, 50), 0.02)
    assert judged(lively, flat).is_black()
    assert not judged(lively, lively * 0.5).is_black()


def test_a_black_frame_may_stay_black() -> None:
    dark = torch.rand(3, 50, 50) * 0.01
    assert not judged(dark, torch.zeros(3, 50, 50)).is_black()


def test_a_value_that_is_no_number_is_noticed() -> None:
    after = torch.rand(3, 50, 50)
    after[1, 2, 3] = float("nan")
    assert not judged(torch.rand(3, 50, 50), after).finite


def judged(before: torch.Tensor, after: torch.Tensor) -> Verdict:
    verdict = Verdict()
    for rows in (slice(0, 20), slice(20, None)):
        verdict.add(before[:, rows].numpy(), after[:, rows].numpy())
    return verdict
