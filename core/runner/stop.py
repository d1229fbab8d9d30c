"""How a run is asked to stop: from a signal handler, another thread, or a button."""

from __future__ import annotations

from enum import IntEnum


class Stop(IntEnum):
    """How soon; a later request may only be more urgent."""

    NO = 0
    AFTER_THIS_ONE = 1
    NOW = 2


class StopSignal:
    """Asked for from any thread or from a signal handler; the runner looks several times a second.

    `after_this_one` lets the photographs that are being worked on finish; `now` drops them at the
    next denoiser call. Either way nothing is lost: what is not done is waiting again.
    """

    def __init__(self) -> None:
        # No lock and no Event: a signal handler may interrupt the very thread that holds one.
        self._asked = Stop.NO

    @property
    def asked(self) -> Stop:
        """Return how soon the run is to stop; `Stop.NO` while it may go on."""
        return self._asked

    def after_this_one(self) -> None:
        """Finish the photographs in work, then stop."""
        self._asked = max(self._asked, Stop.AFTER_THIS_ONE)

    def now(self) -> None:
        """Drop the photographs in work and stop, within two seconds."""
        self._asked = Stop.NOW
