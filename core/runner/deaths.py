"""What the deaths of the render process say: about one photograph, about the device, or nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum, auto

from core.engine.host import Died
from core.engine.messages import Numerics
from core.library.ids import ItemId

DEATHS_TO_BLOCK = 3
OUTSIDE_KILLS_TO_BLOCK = 10
HANGS_TO_FAIL = 2
_SMALLER_TILES = (512, 256)


class Verdict(StrEnum):
    """What becomes of an item that was in work when the process died."""

    AGAIN = auto()
    """It waits again; nothing counts."""
    CRASHED = auto()
    """The death counts for it; the queue says when it is enough."""
    TIMED_OUT = auto()
    OUT_OF_MEMORY = auto()


@dataclass(frozen=True)
class Judgement:
    """What a death means: for each announced item, and for the whole batch (`block`: why)."""

    items: dict[ItemId, Verdict] = field(default_factory=dict)
    block: str = ""


class Suspects:
    """Remembers deaths during one run.

    A crash or a hang counts for the items that had been announced; they are rendered alone from
    then on. Three crashes on different items with none finished between are the device's fault,
    not theirs. Kills from outside count for nothing, but somebody who always kills is noticed.
    """

    def __init__(self) -> None:
        self._alone: set[ItemId] = set()
        self._hangs: Counter[ItemId] = Counter()
        self._levels: Counter[ItemId] = Counter()
        self.item_finished()

    def item_finished(self) -> None:
        """A photograph was finished: the process and its device do work."""
        self._crashes: list[frozenset[ItemId]] = []
        self._outside = 0

    def is_alone(self, item: ItemId) -> bool:
        """Whether the item must be rendered with nothing else in flight."""
        return item in self._alone

    def level(self, item: ItemId) -> int:
        """Return the rung of the memory ladder for the item; 0 is the batch's own numerics."""
        return self._levels[item]

    def judge(
        self, died: Died, announced: Iterable[ItemId], *, alone: bool, rungs: int
    ) -> Judgement:
        """Return what a death means.

        Args:
            died: the death.
            announced: items that were being touched.
            alone: whether the process had nothing else to do than one item.
            rungs: length of the memory ladder.
        """
        items = list(announced)
        if died.preview is not None:
            # That photograph, or its decoder, is as likely; it is not shown a second time.
            return Judgement(dict.fromkeys(items, Verdict.AGAIN))
        if died.death.native or died.death.oom_killed or died.hung:
            self._alone |= set(items)
        if died.hung:
            return self._hang(items, alone)
        if died.death.oom_killed:
            return self._memory(items, alone, rungs)
        if died.death.native:
            return self._crash(items, died)
        return self._kill(items)

    def _hang(self, items: list[ItemId], alone: bool) -> Judgement:
        self._hangs.update(items)
        if not items:
            return self._silent()
        guilty = alone or len(items) == 1
        verdicts = {
            item: Verdict.TIMED_OUT
            if guilty and self._hangs[item] >= HANGS_TO_FAIL
            else Verdict.AGAIN
            for item in items
        }
        return Judgement(verdicts)

    def _memory(self, items: list[ItemId], alone: bool, rungs: int) -> Judgement:
        if not items:
            return self._silent()
        if alone:
            self._levels.update(items)
        return Judgement(
            {
                item: Verdict.OUT_OF_MEMORY if self._levels[item] >= rungs else Verdict.AGAIN
                for item in items
            }
        )

    def _crash(self, items: list[ItemId], died: Died) -> Judgement:
        self._crashes.append(frozenset(items))
        different = set(self._crashes)
        nothing_announced = self._crashes.count(frozenset())
        block = ""
        if max(len(different), nothing_announced) >= DEATHS_TO_BLOCK:
            block = _crash_message(died, started=bool(items))
        return Judgement(dict.fromkeys(items, Verdict.CRASHED), block)

    def _kill(self, items: list[ItemId]) -> Judgement:
        self._outside += 1
        block = ""
        if self._outside >= OUTSIDE_KILLS_TO_BLOCK:
            block = f"Something ended the render process {self._outside} times."
        return Judgement(dict.fromkeys(items, Verdict.AGAIN), block)

    def _silent(self) -> Judgement:
        """A death with nothing in work: bounded like crashes, or it would start for ever."""
        self._crashes.append(frozenset())
        if self._crashes.count(frozenset()) >= DEATHS_TO_BLOCK:
            return Judgement(block="The render process stopped answering before any work.")
        return Judgement()


def ladder(numerics: Numerics) -> tuple[Numerics, ...]:
    """Return ever smaller settings for a photograph that did not fit into memory.

    The first is the same again: another program may have taken the memory meanwhile.
    """
    rungs = [numerics]
    if numerics.rows > 1:
        rungs.append(numerics.model_copy(update={"rows": 1}))
    smaller = [tile for tile in _SMALLER_TILES if tile < numerics.tile]
    rungs += [numerics.model_copy(update={"rows": 1, "tile": tile}) for tile in smaller]
    return tuple(rungs)


def _crash_message(died: Died, *, started: bool) -> str:
    said = died.death.stderr.splitlines()[-1] if died.death.stderr else died.death.describe()
    if not started:
        return f"The render process does not start: {said}."
    return (
        f"The render process broke down on {DEATHS_TO_BLOCK} photographs one after the other "
        f"({died.death.describe()})."
    )
