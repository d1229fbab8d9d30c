"""Pipelines that take turns on one stack of the program: nothing of one may reach another."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from core.engine.latent.cutting import cut_picture
from core.engine.latent.forms import UNET
from core.engine.latent.request import Request
from core.engine.latent.weave import Woven, real_forward, weave, woven

WHOLE = cut_picture(64, 64, 0, 8, 8)


class Doubling(nn.Module):
    """A network that doubles what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def forward(self, sample: torch.Tensor, timestep: Any, **rest: Any) -> tuple[torch.Tensor]:
        self.calls += 1
        return (sample * 2 + timestep * 0,)


@pytest.fixture
def network() -> Doubling:
    made = Doubling()
    weave(made, UNET)
    weave(made, UNET)
    return made


def answered(leading: Woven[Any], network: Doubling) -> Any:
    """Lead to the end, alone."""
    try:
        ask = next(leading)
        while True:
            requests = [ask.sample(k) for k in range(ask.count)]
            ask = leading.send([real_forward(network)(**r.values)[0] for r in requests])
    except StopIteration as end:
        return end.value


def powers(network: Doubling, count: int, start: float = 1.0) -> torch.Tensor:
    """Double a picture `count` times, as a pipeline that makes so many steps."""
    sample = torch.full((1, 4, 8, 8), start)
    for step in range(count):
        sample = network(sample, timestep=torch.tensor(float(step)), return_dict=False)[0]
    return sample


def test_a_call_in_pieces_ends_as_the_call_alone(network: Doubling) -> None:
    plain = powers(network, 3)
    assert network.calls == 3, "outside, the network answers by itself"
    assert torch.equal(answered(woven(lambda: powers(network, 3), WHOLE), network), plain)
    assert network.calls == 6


def test_two_calls_that_take_turns_keep_apart(network: Doubling) -> None:
    first, second = (
        woven(lambda start=start: powers(network, 2, start), WHOLE) for start in (1.0, 3.0)
    )
    asks = [next(first), next(second)]
    found: list[Any] = []
    for leading, ask in ((second, asks[1]), (first, asks[0])):
        answer = [real_forward(network)(**ask.sample(0).values)[0]]
        ask = leading.send(answer)
        with pytest.raises(StopIteration) as end:
            leading.send([real_forward(network)(**ask.sample(0).values)[0]])
        found.append(end.value.value)
    assert [float(picture.mean()) for picture in found] == [12.0, 4.0]


def test_a_call_within_the_networks_pass_for_another_one_works(network: Doubling) -> None:
    """A preview is made between two layers of a batch's pass."""
    outer = woven(lambda: powers(network, 1), WHOLE)
    ask = next(outer)
    inner = answered(woven(lambda: powers(network, 3, 5.0), WHOLE), network)
    with pytest.raises(StopIteration) as end:
        outer.send([real_forward(network)(**ask.sample(0).values)[0]])
    assert float(inner.mean()) == 40.0
    assert float(end.value.value.mean()) == 2.0


def test_a_closed_call_is_unwound_at_once(network: Doubling) -> None:
    """What it holds, pictures and latents, is free again when a photograph was canceled."""
    told: list[str] = []

    def call() -> None:
        try:
            powers(network, 2)
        finally:
            told.append("unwound")

    leading = woven(call, WHOLE)
    next(leading)
    assert torch.is_grad_enabled()
    leading.close()
    assert told == ["unwound"]
    assert torch.is_grad_enabled()
    never = woven(call, WHOLE)
    never.close()
    assert told == ["unwound"]


def test_what_a_pipeline_raises_arrives_where_it_is_led(network: Doubling) -> None:
    def call() -> None:
        powers(network, 1)
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        answered(woven(call, WHOLE), network)


def test_gradients_are_off_within_and_as_they_were_without(network: Doubling) -> None:
    within: list[bool] = []

    @torch.no_grad()
    def call() -> torch.Tensor:
        picture = powers(network, 1)
        within.append(torch.is_grad_enabled())
        return picture

    several = [woven(call, WHOLE) for _ in range(2)]
    asks = [next(leading) for leading in several]
    assert torch.is_grad_enabled()
    for leading, ask in zip(several, asks, strict=True):
        with pytest.raises(StopIteration):
            leading.send([ask.sample(0).values["sample"]])
        assert torch.is_grad_enabled()
    assert within == [False, False]


def test_requests_are_told_to_who_looks_on_and_each_turn_begins_with_its_own(
    network: Doubling,
) -> None:
    seen: list[Request] = []
    turns: list[None] = []
    leading = woven(lambda: powers(network, 2), WHOLE, seen.append, lambda: turns.append(None))
    answered(leading, network)
    assert [request.level for request in seen] == [0.0, 1.0]
    assert len(turns) == 3
