"""What one run has in its hands: the batch it works on and its photographs in every stage."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from core.library.ids import ItemId
from core.library.records import Claim, Job
from core.models.spec import ModelSpec
from core.runner.crew import Lane
from core.runner.decide import Later, ToRender


@dataclass
class Flight:
    """A photograph on its way through the render process."""

    task: ToRender
    target: Path
    lane: Lane
    alone: bool
    announced: bool = False
    canceled: bool = False

    @property
    def claim(self) -> Claim:
        """The claim that it fulfils."""
        return self.task.claim


@dataclass
class Work:
    """The claimed items of one batch, for all lanes, each item in exactly one place."""

    job: Job
    spec: ModelSpec | None = None
    fresh: deque[Claim] = field(default_factory=deque)
    """Claimed, not looked at yet."""
    ready: deque[ToRender] = field(default_factory=deque)
    """Decided, waiting to be handed to the render process."""
    flights: dict[ItemId, Flight] = field(default_factory=dict)
    """Handed over."""
    parked: list[ToRender] = field(default_factory=list)
    """Wait for another item with the same key: its result will be copied."""
    later: list[tuple[float, Claim]] = field(default_factory=list)
    """Could not be read; to be tried again at that time."""

    @property
    def empty(self) -> bool:
        """Whether nothing is claimed."""
        return self.open == 0

    @property
    def open(self) -> int:
        """How many items are claimed."""
        waiting = len(self.fresh) + len(self.ready) + len(self.parked) + len(self.later)
        return waiting + len(self.flights)

    def add(self, decision: ToRender | Later | None, now: float) -> None:
        """Put a decided item into its place."""
        if isinstance(decision, Later):
            self.later.append((now + decision.delay, decision.claim))
        elif isinstance(decision, ToRender):
            (self.parked if decision.key in self.keys() else self.ready).append(decision)

    def keys(self) -> set[str]:
        """Return the keys of results that are being made."""
        flying = {flight.task.key for flight in self.flights.values()}
        return flying | {task.key for task in self.ready}

    def take_due(self, now: float) -> list[Claim]:
        """Take out the items whose time to be tried again has come."""
        due = [claim for when, claim in self.later if when <= now]
        self.later = [(when, claim) for when, claim in self.later if when > now]
        return due

    def take_parked(self) -> list[Claim]:
        """Take out the parked items whose key nobody is making any more."""
        keys = self.keys()
        free = [task.claim for task in self.parked if task.key not in keys]
        self.parked = [task for task in self.parked if task.key in keys]
        return free

    def take_idle(self) -> list[Claim]:
        """Take out everything that is not in the render process."""
        claims = [*self.fresh, *(task.claim for task in (*self.ready, *self.parked))]
        claims += [claim for _, claim in self.later]
        self.fresh.clear()
        self.ready.clear()
        self.parked.clear()
        self.later.clear()
        return claims

    def flights_of(self, lane: Lane) -> list[Flight]:
        """Return what is in the lane's render process."""
        return [flight for flight in self.flights.values() if flight.lane is lane]

    def take_flights(self, lane: Lane) -> list[Flight]:
        """Take out everything that is in the lane's render process."""
        flights = self.flights_of(lane)
        for flight in flights:
            del self.flights[flight.claim.item]
        return flights


def claims_of(flights: Iterable[Flight]) -> list[Claim]:
    """Return the claims of `flights`."""
    return [flight.claim for flight in flights]
