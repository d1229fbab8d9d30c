"""Fewer progress events than a fast model makes: nobody sees more than ten a second."""

from __future__ import annotations

import time
from collections.abc import Callable

from core.events import Event, EventSink, ItemDone, ItemFailed, ItemLeftOut, StepProgress
from core.library.ids import ItemId

STEPS_A_SECOND = 10.0


class Coalesced:
    """An event sink that leaves out steps which follow too soon; the last step is never left out.

    Args:
        sink: gets the others, and every other event.
        clock: seconds that only grow.
    """

    def __init__(self, sink: EventSink, clock: Callable[[], float] = time.monotonic) -> None:
        self._sink = sink
        self._clock = clock
        self._told: dict[ItemId, float] = {}

    def __call__(self, event: Event) -> None:
        """Pass an event on, or leave it out."""
        if isinstance(event, StepProgress):
            now = self._clock()
            told = self._told.get(event.item)
            soon = told is not None and now - told < 1 / STEPS_A_SECOND
            if soon and event.step < event.steps:
                return
            self._told[event.item] = now
        elif isinstance(event, ItemDone | ItemFailed | ItemLeftOut):
            self._told.pop(event.item, None)
        self._sink(event)
