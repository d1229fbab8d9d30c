"""A run in a process of its own, to be killed: `python -P -m tests.faults.driver HOME`.

Opens the library below HOME, stores (or takes up) the batch over HOME/trip, runs it, and writes a
line for each event, so that whoever kills knows how far it is.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from core.engine.host import RenderHost
from core.events import Event, ItemDone, ItemStarted, ModelReady, StepProgress
from core.runner import RunOutcome
from tests.faults import mutants
from tests.runs import Bench


class Driver:
    """Runs one batch and tells how far it is."""

    def __init__(self, home: Path, delay: float, rows: int, *, real: bool) -> None:
        fake: dict[str, object] = {"delay": delay, "rows": rows}
        self.bench = Bench(home, fake=fake, sink=self.tell, real=real)

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

    def run(self) -> int:
        self.say("up", os.getpid())
        job = self.bench.enqueue().job
        self.say("stored", job)
        outcome = self.bench.run(job)
        totals = self.bench.queue.totals(job)
        self.bench.close()
        self.say("end", json.dumps({"outcome": outcome, **asdict(totals)}))
        return {RunOutcome.FINISHED: 0, RunOutcome.BLOCKED: 4, RunOutcome.BUSY: 5}[outcome]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--rows", type=int, default=0)
    parser.add_argument("--real", action="store_true", help="the real process and model")
    parser.add_argument("--mutant", choices=sorted(mutants.MUTANTS))
    options = parser.parse_args()
    if options.mutant:
        mutants.MUTANTS[options.mutant]()
    return Driver(options.home, options.delay, options.rows, real=options.real).run()


if __name__ == "__main__":
    sys.exit(main())
