"""`--on-done` of watched folders: a command each time all that came is done."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from core.cli.console import Console
from core.cli.exits import ExitCode
from core.cli.hook import run_hook
from core.events import Event, ItemDone, ItemFailed, ItemLeftOut, Totals
from core.library.ids import JobId, WatchRuleId
from core.library.queue import JobQueue
from core.library.watch import WatchRules

PATIENCE_SECONDS = 2.0

_Call = tuple[str, "Counter[str]", list[Path]]
_SIGNATURE = re.compile(r"watch-(\d+)-")


class WatchHooks:
    """Counts what became of each folder's photographs, and runs its command when asked to.

    A command runs beside the work, however long it takes; what is done meanwhile is counted for
    the next one, which follows it.
    """

    def __init__(self, rules: WatchRules, queue: JobQueue, console: Console) -> None:
        self._rules = rules
        self._queue = queue
        self._console = console
        self._counts: dict[JobId, Counter[str]] = {}
        self._folders: dict[JobId, set[Path]] = {}
        self._running: threading.Thread | None = None
        self.totals: Counter[str] = Counter()

    def __call__(self, event: Event) -> None:
        """Count what an event says of a photograph."""
        if isinstance(event, ItemDone):
            self._count(event.job, "already_done" if event.already else "done")
            self._folders.setdefault(event.job, set()).add(event.output.parent)
        elif isinstance(event, ItemLeftOut):
            self._count(event.job, "left_out")
        elif isinstance(event, ItemFailed):
            self._count(event.job, "quarantined" if event.quarantined else "failed")

    def _count(self, job: JobId, name: str) -> None:
        self._counts.setdefault(job, Counter())[name] += 1
        self.totals[name] += 1

    def quiet(self) -> None:
        """Nothing waits: run the commands of the folders of which something was done since."""
        if not self._counts or (self._running is not None and self._running.is_alive()):
            return
        calls = list(self._calls())
        if calls:
            self._running = threading.Thread(
                target=self._run_all, args=(calls,), name="on-done", daemon=True
            )
            self._running.start()

    def close(self, seconds: float = PATIENCE_SECONDS) -> None:
        """Give a command that runs so long to end; then it is left to itself."""
        if self._running is not None:
            self._running.join(seconds)

    def _calls(self) -> Iterator[_Call]:
        """Take what was counted; yield each command with its counts and output folders."""
        counts, self._counts = self._counts, {}
        folders, self._folders = self._folders, {}
        by_rule: dict[WatchRuleId, list[JobId]] = {}
        for job in counts:
            match = _SIGNATURE.match(self._queue.job(job).signature)
            if match:
                by_rule.setdefault(WatchRuleId(int(match[1])), []).append(job)
        commands = {rule.id: rule.settings.on_done for rule in self._rules.all()}
        for rule, jobs in by_rule.items():
            command = commands.get(rule)
            if command:
                counted = sum((counts[job] for job in jobs), Counter[str]())
                outputs = set[Path]().union(*(folders.get(job, set()) for job in jobs))
                yield command, counted, sorted(outputs)

    def _run_all(self, calls: list[_Call]) -> None:
        for command, counts, outputs in calls:
            run_hook(command, totals_of(counts), exit_code(counts), outputs, self._console)


def totals_of(counts: Counter[str]) -> Totals:
    """Return counts as totals that add up."""
    return Totals(found=counts.total(), **counts)


def exit_code(counts: Counter[str]) -> ExitCode:
    """Return what a run with these counts would end with."""
    failed = counts["failed"] + counts["quarantined"]
    return ExitCode.SOME_FAILED if failed else ExitCode.OK
