"""What the model changed in the parts that were previewed last, so that a dial need not ask it."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import torch

from core.engine.bands import Descent
from core.engine.excerpt import Region

KEPT_BYTES = 300_000_000


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a photograph: `source` is the file's sha256, `factor` how it was reduced."""

    source: str
    factor: float
    region: Region


class Changes:
    """Keeps the model's change, (3, h, w) from 0 to 1, by part and descent; the last ones only."""

    def __init__(self, limit: int = KEPT_BYTES) -> None:
        self._limit = limit
        self._kept: OrderedDict[tuple[Part, Descent], torch.Tensor] = OrderedDict()

    def get(self, part: Part, descent: Descent) -> torch.Tensor | None:
        """Return what the model changes just so, if it was asked before."""
        found = self._kept.get((part, descent))
        if found is not None:
            self._kept.move_to_end((part, descent))
        return found

    def keep(self, part: Part, descent: Descent, change: torch.Tensor) -> None:
        """Remember an answer of the model."""
        self._kept[part, descent] = change
        while len(self._kept) > 1 and self._bytes() > self._limit:
            self._kept.popitem(last=False)

    def clear(self) -> None:
        """Forget everything: another model answers from now on."""
        self._kept.clear()

    def guess(self, part: Part, descent: Descent) -> tuple[torch.Tensor | None, bool]:
        """Return about what Clean changes at a noise level, from its answers at others.

        Between two known levels the change is taken as linear, below the lowest as proportional.
        The second value says that the level lies between two known ones. None: nothing is known,
        or it is no Clean, whose noise is the photograph's own.
        """
        if descent.add_noise:
            return None, False
        wanted = descent.ratios[0]
        known = sorted(
            ((d.ratios[0], change) for (p, d), change in self._kept.items()
             if p == part and not d.add_noise),
            key=lambda entry: entry[0],
        )  # fmt: skip
        below = [entry for entry in known if entry[0] <= wanted]
        above = [entry for entry in known if entry[0] > wanted]
        if below and above:
            (low, first), (high, second) = below[-1], above[0]
            return torch.lerp(first, second, (wanted - low) / (high - low)), True
        if above:
            ratio, change = above[0]
            return change * (wanted / ratio), False
        return (below[-1][1] if below else None), False

    def _bytes(self) -> int:
        return sum(change.nbytes for change in self._kept.values())
