"""Only what gives the same picture may be computed another way, and only where memory allows."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from core.engine.kernels import quicken
from core.engine.kernels.quicken import Quickener, quicken_model
from core.engine.kernels.winograd import WinogradConvolution
from core.engine.loaded_model import LoadedModel
from core.engine.memory import MemoryGauge
from core.engine.messages import WINOGRAD, WINOGRAD_SMALL
from tests.core.engine.rig import Rig
from tests.core.engine.samples import photograph


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Which convolutions ran the fast way, by their channels."""
    monkeypatch.setattr(quicken, "_LEAST_CHANNELS", 8)
    ran: list[int] = []
    real = WinogradConvolution.__call__

    def noted(self: WinogradConvolution, picture: torch.Tensor) -> torch.Tensor:
        ran.append(picture.shape[1])
        return real(self, picture)

    monkeypatch.setattr(WinogradConvolution, "__call__", noted)
    return ran


class _Own(nn.Conv2d):
    """A convolution that does more than its class says."""

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        return super().forward(picture) * 2


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(8, 8, 3, padding=1, stride=2),
        nn.Conv2d(8, 8, 3, padding=1, groups=2),
        nn.Conv2d(8, 8, 3, padding=2, dilation=2),
        nn.Conv2d(8, 8, 3, padding=1, padding_mode="reflect"),
        nn.Conv2d(8, 8, 3),
        nn.Conv2d(8, 8, 1),
        nn.Conv2d(8, 8, 5, padding=2),
        nn.Conv2d(4, 8, 3, padding=1),
        _Own(8, 8, 3, padding=1),
    ],
    ids=str,
)
def test_other_convolutions_stay_as_they_are(layer: nn.Module, seen: list[int]) -> None:
    network = nn.Sequential(layer)
    channels = layer.in_channels
    picture = torch.randn(1, int(channels), 12, 12)  # type: ignore[arg-type]
    with torch.no_grad():
        before = network(picture)
        assert Quickener(WINOGRAD).quicken(network)
        assert torch.allclose(network(picture), before, atol=1e-6)
    assert not seen


def test_a_network_in_lower_precision_keeps_the_plain_way(seen: list[int]) -> None:
    network = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1)).to(torch.bfloat16)
    assert Quickener(WINOGRAD).quicken(network)
    with torch.no_grad():
        network(torch.randn(1, 8, 12, 12).bfloat16())
    assert not seen


def test_a_quickened_network_refuses_lower_precision(seen: list[int]) -> None:
    """Its plain weights are gone: what came of them would be nothing that anyone asked for."""
    network = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1))
    Quickener(WINOGRAD).quicken(network)
    picture = torch.randn(1, 8, 12, 12)
    with torch.no_grad():
        network(picture)
        with (
            torch.autocast("cpu", dtype=torch.bfloat16),
            pytest.raises(TypeError, match="single precision"),
        ):
            network(picture)
        with pytest.raises(TypeError, match="single precision"):
            network(picture.bfloat16())
    assert seen == [8]


class _Full(MemoryGauge):
    """Memory of which the transformed weights may take what is asked for."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._count = count

    def free(self) -> int:
        return self._count


@pytest.mark.parametrize(
    ("free", "kernels"),
    [(1_000_000, WINOGRAD), (5_000, WINOGRAD_SMALL), (1_000, "plain")],
)
def test_without_memory_a_smaller_way_is_taken_or_none(
    free: int, kernels: str, rig: Rig, seen: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch that was possible must not fail for the sake of speed."""
    network = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1))
    monkeypatch.setattr(quicken, "MemoryGauge", lambda: _Full(free + 500))
    denoiser = replace(rig.denoiser, network=network)
    numerics = rig.numerics.model_copy(update={"kernels": WINOGRAD})
    picture = torch.randn(1, 8, 12, 12)
    with torch.no_grad():
        before = network(picture)
        assert quicken_model(LoadedModel(rig.spec, numerics, denoiser), 500) == kernels
        assert torch.allclose(network(picture), before, atol=1e-4)
    assert bool(seen) == (kernels != "plain")


def test_a_photograph_comes_out_the_same(rig: Rig, seen: list[int]) -> None:
    """To within one level of 255, in every pixel."""
    plain = rig.add(photograph(120, 100), mode="repaint", strength=0.4)
    rig.work()
    assert not seen
    numerics = rig.numerics.model_copy(update={"kernels": WINOGRAD})
    assert quicken_model(LoadedModel(rig.spec, numerics, rig.denoiser)) == WINOGRAD
    quick = rig.add(photograph(120, 100), mode="repaint", strength=0.4)
    rig.work()
    assert seen
    distance = rig.result(plain).astype(int) - rig.result(quick).astype(int)
    assert abs(distance).max() <= 1


def test_a_preview_within_a_pass_leaves_the_pass_as_it_was(seen: list[int]) -> None:
    """Previews come in between two layers, over the same buffers."""
    torch.manual_seed(0)
    layers = [nn.Conv2d(8, 8, 3, padding=1) for _ in range(3)]
    network = nn.Sequential(*layers)
    Quickener(WINOGRAD).quicken(network)
    picture, other = torch.randn(1, 8, 20, 20), torch.randn(1, 8, 48, 48)
    with torch.no_grad():
        alone = network(picture)
        first = layers[0]
        hook = layers[1].register_forward_pre_hook(lambda _module, _inputs: void(first(other)))
        assert torch.equal(network(picture), alone)
    hook.remove()


def void(_answer: torch.Tensor) -> None:
    """Give a hook nothing to put in the place of its input."""
