"""A run in a process of its own, to be killed: `python -P -m tests.faults.driver HOME`.

Opens the library below HOME, stores (or takes up) the batch over HOME/trip, runs it, and writes a
line for each event, so that whoever kills knows how far it is.
"""

from __future__ import annotations

import argparse
import inspect
import json
import os
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path

from core.engine.host import HANG_SECONDS, RenderHost
from core.events import Event, ItemDone, ItemStarted, ModelReady, StepProgress
from core.library.lock import RenderLock
from core.library.recovery import recover
from core.runner import RunOutcome, StopSignal
from core.runner.deaths import Suspects
from core.runner.follow import Follower, follow
from core.runner.shift import Shift
from tests.faults import mutants
from tests.runs import Bench

_EXIT = {RunOutcome.FINISHED: 0, RunOutcome.BLOCKED: 4, RunOutcome.BUSY: 5}


class LoggedLock(RenderLock):
    """A render lock that writes down who held it from when to when."""

    def acquire(self) -> bool:
        had = self.held
        got = super().acquire()
        if got and not had:
            self._log("+")
        return got

    def release(self) -> None:
        if self.held:
            self._log("-")
        super().release()

    def _log(self, sign: str) -> None:
        with self.path.with_name("holders").open("a") as file:
            file.write(f"{sign} {os.getpid()} {time.monotonic_ns()}\n")


class Driver:
    """Runs one batch and tells how far it is."""

    def __init__(self, options: argparse.Namespace) -> None:
        fake: dict[str, object] = {"delay": options.delay, "rows": options.rows}
        self.bench = Bench(
            options.home,
            fake=fake,
            sink=self.tell,
            real=options.real,
            hang_seconds=options.hang,
            lock_type=LoggedLock,
        )

    def tell(self, event: Event) -> None:
        if isinstance(event, ModelReady):
            self.say("child", self.host.pid)
        elif isinstance(event, ItemStarted | StepProgress):
            self.say("work", event.item)
        elif isinstance(event, ItemDone):
            self.say("done", event.source.name)

    @property
    def host(self) -> RenderHost:
        return self.bench.hosts[-1]

    def say(self, word: str, what: object) -> None:
        print(word, what, flush=True)  # noqa: T201

    def run(self, *, to_the_end: bool) -> int:
        """Run the batch; `to_the_end`: after another process too, as the command line does."""
        self.say("up", os.getpid())
        job = self.bench.enqueue().job
        self.say("stored", job)
        stop = StopSignal()
        if to_the_end:
            follower = Follower(self.bench.queue, job, self.tell, resumed=True)
            run = self.bench.run
            busy = self.say
            outcome = follow(lambda: run(job, stop), follower, stop, lambda: busy("busy", job))
        else:
            outcome = self.bench.run(job, stop)
        totals = self.bench.queue.totals(job)
        self.bench.close()
        self.say("end", json.dumps({"outcome": outcome, **asdict(totals)}))
        return _EXIT[outcome]

    def recover(self) -> int:
        """Only settle what a dead run left, as at each start."""
        if not self.bench.lock.acquire():
            return _EXIT[RunOutcome.BUSY]
        recover(self.bench.publisher, self.bench.lock)
        self.bench.close()
        return 0


class _Nap:
    """A clock that jumps an hour ahead whenever the process is continued after a stop."""

    def __init__(self) -> None:
        self.slept = 0.0
        self._real = time.monotonic
        signal.signal(signal.SIGCONT, self._wake)

    def _wake(self, *_: object) -> None:
        self.slept += 3600.0

    def __call__(self) -> float:
        return self._real() + self.slept


def nap() -> None:
    """Let every clock of the run jump an hour ahead at each SIGCONT."""
    clock = _Nap()
    for taker in (RenderHost, Shift, Suspects):
        init = taker.__init__  # type: ignore[misc]
        given = inspect.signature(init).parameters["clock"].default
        assert given is time.monotonic
        init.__defaults__ = (
            tuple(clock if one is given else one for one in init.__defaults__ or ()) or None
        )
        if init.__kwdefaults__:
            init.__kwdefaults__["clock"] = clock


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--rows", type=int, default=0)
    parser.add_argument("--hang", type=float, default=HANG_SECONDS)
    parser.add_argument("--real", action="store_true", help="the real process and model")
    parser.add_argument("--follow", action="store_true", help="wait for another's run")
    parser.add_argument("--recover", action="store_true", help="only recover")
    parser.add_argument("--naps", action="store_true", help="each SIGSTOP lasts an hour")
    parser.add_argument("--mutant", choices=sorted(mutants.MUTANTS))
    return parser.parse_args()


def main() -> int:
    options = parse()
    if options.mutant:
        mutants.MUTANTS[options.mutant]()
    if options.naps:
        nap()
    driver = Driver(options)
    return driver.recover() if options.recover else driver.run(to_the_end=options.follow)


if __name__ == "__main__":
    sys.exit(main())
