"""A picture in tiles must come out as in one piece, whatever its size: seams are unforgivable."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from core.engine import bands as bands_module
from core.engine.bands import Bands, Descent
from core.engine.img2img import NotFinite, denoise
from core.engine.loader import load_denoiser
from core.engine.noise import NoiseCurve, noise_ratios
from core.engine.passes import Group
from core.errors import ItemError
from core.images.tile import Tile
from core.models.spec import builtin_spec
from core.recipe import SchedulerName, SigmaSchedule
from tests.core.engine.samples import photograph, small_network

RUNS = builtin_spec().schedulers
NETWORK = small_network()

Predict = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


@torch.inference_mode()
def predict(samples: torch.Tensor, timesteps: torch.Tensor) -> torch.Tensor:
    return torch.as_tensor(NETWORK(samples, timesteps).sample)


def picture(height: int, width: int) -> torch.Tensor:
    return torch.from_numpy(photograph(height, width)).permute(2, 0, 1) / 127.5 - 1


def start(source: torch.Tensor, name: SchedulerName, ratios: tuple[float, ...]) -> Bands:
    def rows(top: int, bottom: int) -> torch.Tensor:
        return source[:, top:bottom].contiguous()

    descent = Descent(name, ratios, seed=7, add_noise=True)
    return Bands(source.shape[1], source.shape[2], rows, descent)


def repainted(
    source: torch.Tensor,
    curve: NoiseCurve,
    tile: int,
    name: SchedulerName = SchedulerName.DDIM,
    *,
    steps: int = 3,
    with_predict: Predict = predict,
) -> torch.Tensor:
    ratios = noise_ratios(0.3, steps, SigmaSchedule.NORMAL, curve)
    group: Group[int] = Group(with_predict, rows=1)
    group.add(0, denoise(start(source, name, ratios), ratios, curve, tile))
    while group.keys:
        group.run_pass()
    outcome = group.take_ended()[0].outcome
    if isinstance(outcome, ItemError):
        raise outcome
    return outcome.rows(0, source.shape[1])


@pytest.mark.parametrize("name", RUNS)
def test_tiles_leave_no_seams(name: SchedulerName, curve: NoiseCurve) -> None:
    """Also with the schedulers that draw noise: the noise is the picture's, not the tile's."""
    source = picture(310, 270)
    whole = repainted(source, curve, 0, name)
    tiled = repainted(source, curve, 160, name)
    assert (whole - source).abs().max() > 0.2
    assert (whole - tiled).abs().max() * 127.5 < 0.5


def test_bands_of_rows_change_nothing_either(
    curve: NoiseCurve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tall pictures are stepped in bands; where one ends, nothing may show."""
    source = picture(310, 100)
    monkeypatch.setattr(bands_module, "BAND_PIXELS", 6400)
    whole = repainted(source, curve, 0, SchedulerName.UNIPC)
    in_bands = repainted(source, curve, 160, SchedulerName.UNIPC)
    assert (whole - in_bands).abs().max() * 127.5 < 0.5


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (3, 2), (13, 5), (65, 7), (100, 131)])
def test_any_size_comes_back_in_its_size(size: tuple[int, int], curve: NoiseCurve) -> None:
    result = repainted(picture(*size), curve, 128)
    assert result.shape == (3, *size)
    assert torch.isfinite(result).all()


def test_a_diffusers_script_makes_the_same_picture(curve: NoiseCurve) -> None:
    """Up to one band of rows, the noise is that of a generator with the photograph's seed."""
    source = picture(48, 56)
    ratios = noise_ratios(0.3, 1, SigmaSchedule.NORMAL, curve)
    state = start(source, SchedulerName.DDIM, ratios).rows(0, 48)
    noise = torch.randn((1, 3, 48, 56), generator=torch.Generator().manual_seed(7))[0]
    assert torch.allclose(state * (1 + 0.3**2) ** 0.5, source + 0.3 * noise, atol=1e-6)


def test_tiles_see_the_picture_reflected_beyond_its_edges(curve: NoiseCurve) -> None:
    """Zeros there would darken the border of every photograph."""
    source = picture(20, 30)
    state = start(source, SchedulerName.DDIM, (0.3,))
    rows = state.rows(0, 20)
    seen = state.tile(Tile(top=8, left=16, height=16, width=24))
    assert torch.equal(seen[:, :12, :14], rows[:, 8:, 16:])
    assert torch.equal(seen[:, 12, :14], rows[:, 18, 16:])
    assert torch.equal(seen[:, 0, 14:20], rows[:, 8, 23:29].flip(-1))


def test_the_network_is_asked_at_the_photographs_noise(curve: NoiseCurve) -> None:
    asked: list[float] = []

    def noting(samples: torch.Tensor, timesteps: torch.Tensor) -> torch.Tensor:
        asked.extend(timesteps.tolist())
        return predict(samples, timesteps)

    repainted(picture(40, 40), curve, 0, steps=4, with_predict=noting)
    ratios = noise_ratios(0.3, 4, SigmaSchedule.NORMAL, curve)
    expected = [curve.timestep_of_ratio(ratio) for ratio in ratios]
    assert asked == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_numbers_that_are_none_end_the_photograph(bad: float, curve: NoiseCurve) -> None:
    def broken(samples: torch.Tensor, timesteps: torch.Tensor) -> torch.Tensor:
        v = predict(samples, timesteps).clone()
        v[..., 3, 3] = bad
        return v

    with pytest.raises(NotFinite):
        repainted(picture(40, 40), curve, 0, with_predict=broken)


@pytest.mark.parametrize(("first", "steps"), [(25 / 127.5, 1), (1.0, 3)])
def test_the_bundled_model_leaves_no_seams(first: float, steps: int, curve: NoiseCurve) -> None:
    """What a tile's cut edge spoils must lie in the margin that is thrown away."""
    denoiser = load_denoiser(builtin_spec(), "cpu", "fp32")
    source = picture(176, 288)
    ratios = noise_ratios(first, steps, SigmaSchedule.NORMAL, curve)
    results = []
    for tile in (0, 176):
        group: Group[int] = Group(denoiser.predict, rows=1)
        bands = start(source, SchedulerName.DDIM, ratios)
        group.add(0, denoise(bands, ratios, curve, tile))
        while group.keys:
            group.run_pass()
        (ended,) = group.take_ended()
        assert isinstance(ended.outcome, Bands)
        results.append(ended.outcome.rows(0, 176))
    whole, tiled = results
    apart = (whole - tiled).abs() * 127.5
    assert apart.max() < 2
    across = apart.diff(dim=2).amax((0, 1))
    assert across.max() < 2
