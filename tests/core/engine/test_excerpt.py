"""A preview of a part must show what the batch will make there, noise and all."""

from __future__ import annotations

import pytest
import torch

from core.engine import bands
from core.engine.bands import Bands, Descent
from core.engine.excerpt import Excerpt, Region
from core.recipe import SchedulerName

HEIGHT, WIDTH = 96, 64
REGION = Region(24, 16, 72, 56)


@pytest.fixture(autouse=True)
def several_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bands, "BAND_PIXELS", 2048)
    assert bands.band_rows(HEIGHT, WIDTH) == 32, "the region lies in all three bands"


@pytest.mark.parametrize("add_noise", [True, False])
@pytest.mark.parametrize(
    "scheduler",
    [SchedulerName.DDIM, SchedulerName.EULER_A, SchedulerName.DPMPP_SDE, SchedulerName.DPMPP_2M],
)
def test_a_part_goes_the_way_that_the_whole_goes(scheduler: SchedulerName, add_noise: bool) -> None:
    picture = torch.rand(3, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(1)) * 2 - 1
    descent = Descent(scheduler, (0.8, 0.5, 0.3, 0.1), 7, add_noise, noise_share=0.6)
    whole = Bands(HEIGHT, WIDTH, lambda top, bottom: picture[:, top:bottom], descent)
    cut = picture[:, 24:72, 16:56]
    part = Excerpt(REGION, HEIGHT, WIDTH, lambda top, bottom: cut[:, top:bottom], descent)
    assert whole.levels == part.levels
    for call in range(len(whole.levels)):
        assert whole.input_scale(call) == part.input_scale(call)
        assert torch.equal(part.rows(0, 48), whole.rows(24, 72)[:, :, 16:56])
        v = torch.rand(3, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(call))
        for number, (top, bottom) in enumerate(((0, 32), (32, 64), (64, 96))):
            whole.step(call, number, v[:, top:bottom])
        mine = v[:, 24:72, 16:56]
        for number, (top, bottom) in enumerate(((0, 8), (8, 40), (40, 48))):
            part.step(call, number, mine[:, top:bottom])
    assert torch.equal(part.rows(0, 48), whole.rows(24, 72)[:, :, 16:56])
    assert list(part.bottoms()) == [8, 40, 48]


def test_a_share_of_the_noise_is_the_same_noise_weaker() -> None:
    """The built-in model adds less than it is told of: strength must still mean one thing."""

    def start(share: float, *, add_noise: bool = True) -> torch.Tensor:
        descent = Descent(SchedulerName.EULER, (0.8, 0.5), 7, add_noise, share)
        grey = torch.zeros(3, HEIGHT, WIDTH)
        return Bands(HEIGHT, WIDTH, lambda top, bottom: grey[:, top:bottom], descent).rows(
            0, HEIGHT
        )

    assert torch.allclose(start(0.5), 0.5 * start(1.0))
    assert float(start(1.0).std()) > 0.5
    assert not start(0.5, add_noise=False).any()


def test_a_part_is_widened_to_the_networks_grid_and_not_beyond_the_photograph() -> None:
    grown = Region(20, 3, 50, 40).grown(9, 96, 61, 8)
    assert grown == Region(8, 0, 64, 56)
    assert Region(0, 50, 96, 61).grown(9, 96, 61, 8) == Region(0, 40, 96, 61)
    rows, columns = Region(20, 3, 50, 40).within(grown)
    assert (rows, columns) == (slice(12, 42), slice(3, 40))
