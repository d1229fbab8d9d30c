"""Network passes of always the same number of rows, shared by the tiles of several photographs."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

import torch

from core.engine.bands import State
from core.engine.img2img import Ask, Denoising
from core.errors import ItemError

Key = TypeVar("Key", bound=Hashable)

Predict = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""v for samples (rows, 3, h, w) at timesteps (rows,)."""


@dataclass(frozen=True)
class Ended(Generic[Key]):
    """A photograph that left the group: its state without noise, or what went wrong."""

    key: Key
    outcome: State | ItemError


@dataclass
class _Open:
    """An Ask and the answers it has so far."""

    denoising: Denoising
    ask: Ask
    answers: list[torch.Tensor | None]


class Group(Generic[Key]):
    """Photographs whose tiles have one shape, led on together; each ends on its own.

    Every pass has exactly `rows` rows, the last ones filled up with copies: kernels choose their
    order of sums by shape, so only a constant shape gives the same bits whatever the neighbours.
    """

    def __init__(self, predict: Predict, rows: int) -> None:
        self._predict, self._rows = predict, rows
        self._open: dict[Key, _Open] = {}
        self._waiting: deque[tuple[Key, int]] = deque()
        self._ended: list[Ended[Key]] = []

    @property
    def keys(self) -> tuple[Key, ...]:
        """The photographs that are still being led."""
        return tuple(self._open)

    def add(self, key: Key, denoising: Denoising) -> None:
        """Take a photograph in; only before the first pass of its own."""
        self._advance(key, denoising, None)

    def drop(self, key: Key) -> None:
        """Let a photograph go without a result."""
        taken = self._open.pop(key, None)
        if taken is not None:
            taken.denoising.close()
            self._waiting = deque(w for w in self._waiting if w[0] != key)

    def next_keys(self) -> tuple[Key, ...]:
        """Return the photographs of which something goes into the next pass."""
        return tuple(dict.fromkeys(key for key, _ in islice(self._waiting, self._rows)))

    def run_pass(self) -> Counter[Key]:
        """Run the network once; return how many rows each photograph had in the pass."""
        chosen = [self._waiting.popleft() for _ in range(min(self._rows, len(self._waiting)))]
        padded = chosen + chosen[-1:] * (self._rows - len(chosen))
        asks = {key: self._open[key].ask for key, _ in chosen}
        samples = torch.stack([asks[key].sample(index) for key, index in padded])
        timesteps = torch.tensor([asks[key].timestep for key, _ in padded])
        for (key, index), v in zip(chosen, self._predict(samples, timesteps), strict=False):
            self._open[key].answers[index] = v
        for key in asks:
            self._answer(key)
        return Counter(key for key, _ in chosen)

    def take_ended(self) -> list[Ended[Key]]:
        """Return those that ended since the last call, in order."""
        ended, self._ended = self._ended, []
        return ended

    def _answer(self, key: Key) -> None:
        waiting = self._open[key]
        answers = [v for v in waiting.answers if v is not None]
        if len(answers) == len(waiting.answers):
            del self._open[key]
            self._advance(key, waiting.denoising, answers)

    def _advance(self, key: Key, denoising: Denoising, v: list[torch.Tensor] | None) -> None:
        try:
            ask = next(denoising) if v is None else denoising.send(v)
        except StopIteration as end:
            self._ended.append(Ended(key, end.value))
        except ItemError as error:
            self._ended.append(Ended(key, error))
        else:
            self._open[key] = _Open(denoising, ask, [None] * ask.count)
            self._waiting.extend((key, index) for index in range(ask.count))
