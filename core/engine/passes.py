"""Network passes of always the same number of rows, shared by the tiles of several photographs."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Generator, Hashable
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic

import torch
from typing_extensions import TypeVar

from core.engine.bands import State
from core.engine.img2img import Ask
from core.errors import ItemError

Key = TypeVar("Key", bound=Hashable)
Result = TypeVar("Result", default=State)

Predict = Callable[[Any, torch.Tensor], Any]
"""The network's answers, one a row, to samples at timesteps (rows,).

Samples and answers are (rows, 3, h, w) for models that work on pixels; for those that work on
latents, samples are a list of Requests, and answers what the network gave for each.
"""


@dataclass(frozen=True)
class Ended(Generic[Key, Result]):
    """A photograph that left the group: what it came to, or what went wrong."""

    key: Key
    outcome: Result | ItemError


@dataclass
class _Open(Generic[Result]):
    """An Ask and the answers it has so far."""

    denoising: Generator[Ask, list[Any], Result]
    ask: Ask
    answers: list[Any]


class Group(Generic[Key, Result]):
    """Photographs led on together; each ends on its own. Result: State, if nothing else is said.

    Every pass has exactly `rows` rows, the last ones filled up with copies: kernels choose their
    order of sums by shape, so only a constant shape gives the same bits whatever the neighbours.
    Samples of another shape than the first one waiting go into a pass of their own.
    """

    def __init__(self, predict: Predict, rows: int) -> None:
        self._predict, self._rows = predict, rows
        self._open: dict[Key, _Open[Result]] = {}
        self._waiting: deque[tuple[Key, int]] = deque()
        self._ended: list[Ended[Key, Result]] = []

    @property
    def keys(self) -> tuple[Key, ...]:
        """The photographs that are still being led."""
        return tuple(self._open)

    def add(self, key: Key, denoising: Generator[Ask, list[Any], Result]) -> None:
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
        return tuple(dict.fromkeys(key for key, _ in self._next()))

    def run_pass(self) -> Counter[Key]:
        """Run the network once; return how many rows each photograph had in the pass."""
        chosen = self._next()
        for row in chosen:
            self._waiting.remove(row)
        padded = chosen + chosen[-1:] * (self._rows - len(chosen))
        asks = {key: self._open[key].ask for key, _ in chosen}
        samples = [asks[key].sample(index) for key, index in padded]
        timesteps = torch.tensor([asks[key].timestep for key, _ in padded])
        for (key, index), answer in zip(
            chosen, self._predict(_together(samples), timesteps), strict=False
        ):
            self._open[key].answers[index] = answer
        for key in asks:
            self._answer(key)
        return Counter(key for key, _ in chosen)

    def _next(self) -> list[tuple[Key, int]]:
        if not self._waiting:
            return []
        kind = self._open[self._waiting[0][0]].ask.alike
        fitting = (row for row in self._waiting if self._open[row[0]].ask.alike == kind)
        return list(islice(fitting, self._rows))

    def take_ended(self) -> list[Ended[Key, Result]]:
        """Return those that ended since the last call, in order."""
        ended, self._ended = self._ended, []
        return ended

    def _answer(self, key: Key) -> None:
        waiting = self._open[key]
        answers = [answer for answer in waiting.answers if answer is not None]
        if len(answers) == len(waiting.answers):
            del self._open[key]
            self._advance(key, waiting.denoising, answers)

    def _advance(
        self, key: Key, denoising: Generator[Ask, list[Any], Result], answers: list[Any] | None
    ) -> None:
        try:
            ask = next(denoising) if answers is None else denoising.send(answers)
        except StopIteration as end:
            self._ended.append(Ended(key, end.value))
        except ItemError as error:
            self._ended.append(Ended(key, error))
        else:
            self._open[key] = _Open(denoising, ask, [None] * ask.count)
            self._waiting.extend((key, index) for index in range(ask.count))


def _together(samples: list[Any]) -> Any:
    if not isinstance(samples[0], torch.Tensor):
        return samples
    return samples[0][None] if len(samples) == 1 else torch.stack(samples)
