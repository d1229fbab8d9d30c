"""Lets many of diffusers' pipelines share one denoiser: each runs until it needs the network.

A pipeline runs in a greenlet, a second stack of the same thread. The shared network's `forward` is
replaced by one that leaves the greenlet with what it is asked, and comes back with the answer.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from greenlet import GreenletExit, getcurrent, greenlet

from core.engine.change import all_finite
from core.engine.img2img import Ask, NotFinite
from core.engine.latent.cutting import Cutting
from core.engine.latent.forms import Form
from core.engine.latent.request import RESIDUALS, Arguments, Request

T = TypeVar("T")
Seen = Callable[[Request], None]
Woven = Generator[Ask, list[Any], T]
"""Yields Asks, is sent an answer for each of their samples, and returns what the call returned."""

_REAL = "_regrain_real_forward"


@dataclass(frozen=True)
class _Deferred:
    """Stands for a ControlNet's answer until the denoiser is asked, tile by tile."""

    controller: Any
    control: Arguments


class _Strand(greenlet):
    """The greenlet of one pipeline's call, with how its requests are cut."""

    def __init__(self, call: Callable[[], Any], cutting: Cutting, seen: Seen | None) -> None:
        super().__init__(call)
        self.cutting = cutting
        self.seen = seen


def woven(
    call: Callable[[], T],
    cutting: Cutting,
    seen: Seen | None = None,
    enter: Callable[[], None] = lambda: None,
) -> Woven[T]:
    """Run `call` in pieces, from one request to a woven network to the next.

    Args:
        call: calls a pipeline whose networks are woven.
        cutting: how each request is cut.
        seen: is told of each request that was answered.
        enter: is called each time before `call` goes on; other calls have run in between.
    """
    strand = _Strand(call, cutting, seen)
    try:
        said = _go_on(strand, enter)
        while not strand.dead:
            answers = yield said
            said = _go_on(strand, enter, answers)
        result: T = said
        return result
    finally:
        if strand:
            _resumed(strand, strand.throw, GreenletExit)


def _go_on(strand: _Strand, enter: Callable[[], None], *answers: Any) -> Any:
    enter()
    return _resumed(strand, strand.switch, *answers)


def _resumed(strand: _Strand, resume: Callable[..., Any], *given: Any) -> Any:
    strand.parent = getcurrent()
    # Whether gradients are kept is the thread's: pipelines that take turns would undo each
    # other's wish.
    with torch.no_grad():
        return resume(*given)


def weave(network: Any, form: Form) -> None:
    """Make a network ask, when it is called by a woven pipeline; once is enough."""
    if hasattr(network, _REAL):
        return
    ask = functools.partial(_ask, form=form)
    _replace(network, ask)


def weave_control(network: Any) -> None:
    """Make a ControlNet wait until the denoiser is asked; once is enough."""
    if not hasattr(network, _REAL):
        _replace(network, functools.partial(_defer, network))


def real_forward(network: Any) -> Callable[..., Any]:
    """Return what computes a woven network."""
    forward: Callable[..., Any] = getattr(network, _REAL)
    return forward


def _replace(network: Any, ask: Callable[[_Strand, Arguments], Any]) -> None:
    real = network.forward
    signature = inspect.signature(real)

    @functools.wraps(real)
    def forward(*args: Any, **kwargs: Any) -> Any:
        strand = getcurrent()
        if not isinstance(strand, _Strand):
            return real(*args, **kwargs)
        values = signature.bind(*args, **kwargs).arguments
        extra = values.pop("kwargs", {})
        return ask(strand, values | extra)

    setattr(network, _REAL, real)
    network.forward = forward


def _ask(strand: _Strand, values: Arguments, form: Form) -> tuple[Any]:
    """Leave the pipeline with a request; return the network's answer when it comes back."""
    given = values.get("down_block_additional_residuals")
    request, cutting = Request(values, form), strand.cutting
    if given and isinstance(given[0], _Deferred):
        plain = {name: value for name, value in values.items() if name not in RESIDUALS}
        request = Request(plain, form, given[0].control, given[0].controller)
    first = cutting.part(request, 0)
    ask = Ask(cutting.count, request.level, lambda k: cutting.part(request, k), first.alike())
    assert strand.parent is not None
    answers = strand.parent.switch(ask)
    if not all(map(_is_finite, answers)):
        raise NotFinite
    answer = cutting.blend(answers, request)
    if strand.seen is not None:
        strand.seen(request)
    return (answer,)


def _defer(network: Any, _strand: _Strand, values: Arguments) -> tuple[list[Any], Any]:
    deferred = _Deferred(network, values)
    return [deferred], deferred


def _is_finite(answer: Any) -> bool:
    planes = answer if isinstance(answer, list | tuple) else [answer]
    return all(map(all_finite, planes))
