"""What the deaths of the render process say: about one photograph, about the device, or nothing."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum, auto

from core.engine.host import Died
from core.engine.messages import Numerics
from core.library.ids import ItemId

DEATHS_TO_BLOCK = 3
OUTSIDE_KILLS_TO_BLOCK = 10
HANGS_TO_FAIL = 2
LOSSES_TO_BLOCK = 3
LOSS_SECONDS = 300.0
"""So many failures of the device within so long, with nothing finished between, stop the batch."""

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


class Record:
    """What one lane's process and device did since they last finished a photograph."""

    def __init__(self) -> None:
        self.accused: set[ItemId] = set()
        self.finished()

    def finished(self) -> None:
        """They do work."""
        self.crashes: list[frozenset[ItemId]] = []
        self.losses: list[float] = []
        self.outside = 0


class Suspects:
    """Remembers deaths during one run.

    A crash or a hang counts for the items that had been announced; they are rendered alone from
    then on. Three crashes on different items with none finished between are the device's fault,
    not theirs; but an item that crashed before, with others finished since on that very device, is
    guilty itself, on any. A device that failed is taken anew, and only counts for the photograph
    as long as others get done. Kills from outside count for nothing, but somebody who always kills
    is noticed. Each lane has a record of its own; what is known of photographs holds for all.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._alone: set[ItemId] = set()
        self._starved: set[ItemId] = set()
        self._guilty: set[ItemId] = set()
        self._hangs: Counter[ItemId] = Counter()
        self._levels: Counter[ItemId] = Counter()
        self._deaths: Counter[tuple[ItemId, int]] = Counter()
        self._records: defaultdict[int, Record] = defaultdict(Record)

    def item_finished(self, lane: int = 0) -> None:
        """A photograph was finished: the lane's process and its device do work."""
        self._guilty |= self._records[lane].accused
        self._records[lane].finished()

    def is_alone(self, item: ItemId) -> bool:
        """Whether the item must be rendered with nothing else in flight in its process."""
        return item in self._alone

    def is_greedy(self, item: ItemId) -> bool:
        """Whether memory ran out over the item: nothing may be in flight in any process."""
        return item in self._starved

    def deaths(self, item: ItemId, lane: int) -> int:
        """Return how often the lane's process died of itself with this item in work."""
        return self._deaths[item, lane]

    def level(self, item: ItemId) -> int:
        """Return the rung of the memory ladder for the item; 0 is the batch's own numerics."""
        return self._levels[item]

    def judge(
        self, died: Died, announced: Iterable[ItemId], *, alone: bool, rungs: int, lane: int = 0
    ) -> Judgement:
        """Return what a death means; `block` is about that lane's process or device.

        Args:
            died: the death.
            announced: items that were being touched.
            alone: whether the process had nothing else to do than one item.
            rungs: length of the memory ladder.
            lane: whose process it was.
        """
        items, record = list(announced), self._records[lane]
        if died.preview is not None:
            # That photograph, or its decoder, is as likely; it is not shown a second time.
            return Judgement(dict.fromkeys(items, Verdict.AGAIN))
        if died.by_itself:
            self._alone |= set(items)
            self._deaths.update((item, lane) for item in items)
        if died.hung:
            return self._hang(record, items, alone)
        if died.starved:
            return self._memory(record, items, alone, rungs)
        if died.device_lost:
            return self._loss(record, items)
        if died.death.native:
            return self._crash(record, items, died)
        return _kill(record, items)

    def _hang(self, record: Record, items: list[ItemId], alone: bool) -> Judgement:
        self._hangs.update(items)
        if not items:
            return _silent(record, "The render process stopped answering before any work.")
        guilty = alone or len(items) == 1
        verdicts = {
            item: Verdict.TIMED_OUT
            if guilty and self._hangs[item] >= HANGS_TO_FAIL
            else Verdict.AGAIN
            for item in items
        }
        return Judgement(verdicts)

    def _memory(self, record: Record, items: list[ItemId], alone: bool, rungs: int) -> Judgement:
        if not items:
            return _silent(record, "This computer has too little free memory to load the model.")
        self._starved |= set(items)
        if alone:
            self._levels.update(items)
        return Judgement(
            {
                item: Verdict.OUT_OF_MEMORY if self._levels[item] >= rungs else Verdict.AGAIN
                for item in items
            }
        )

    def _loss(self, record: Record, items: list[ItemId]) -> Judgement:
        if self._are_guilty(record, items):
            return Judgement(dict.fromkeys(items, Verdict.CRASHED))
        now = self._clock()
        record.losses = [when for when in record.losses if now - when < LOSS_SECONDS] + [now]
        if len(record.losses) < LOSSES_TO_BLOCK:
            return Judgement(dict.fromkeys(items, Verdict.CRASHED))
        block = f"The device stopped answering {len(record.losses)} times within 5 minutes."
        return Judgement(dict.fromkeys(items, Verdict.AGAIN), block)

    def _are_guilty(self, record: Record, items: list[ItemId]) -> bool:
        """Whether others were finished since these did the same before; remembers that they did."""
        record.accused |= set(items)
        return bool(items) and self._guilty.issuperset(items)

    def _crash(self, record: Record, items: list[ItemId], died: Died) -> Judgement:
        if self._are_guilty(record, items):
            return Judgement(dict.fromkeys(items, Verdict.CRASHED))
        record.crashes.append(frozenset(items))
        different = set(record.crashes)
        nothing_announced = record.crashes.count(frozenset())
        block = ""
        if max(len(different), nothing_announced) >= DEATHS_TO_BLOCK:
            block = _crash_message(died, started=bool(items))
        return Judgement(dict.fromkeys(items, Verdict.CRASHED), block)


def _kill(record: Record, items: list[ItemId]) -> Judgement:
    record.outside += 1
    block = ""
    if record.outside >= OUTSIDE_KILLS_TO_BLOCK:
        block = f"Something ended the render process {record.outside} times."
    return Judgement(dict.fromkeys(items, Verdict.AGAIN), block)


def _silent(record: Record, message: str) -> Judgement:
    """A death with nothing in work: bounded like crashes, or it would start for ever."""
    record.crashes.append(frozenset())
    if record.crashes.count(frozenset()) >= DEATHS_TO_BLOCK:
        return Judgement(block=message)
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
