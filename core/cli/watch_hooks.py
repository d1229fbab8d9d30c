"""`--on-done` of watched folders: a command each time all that came is done."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from core.cli.console import Console
from core.cli.exits import ExitCode
from core.cli.hook import run_hook
from core.events import Event, ItemDone, ItemFailed, ItemLeftOut, Totals
from core.library.ids import JobId, WatchRuleId
from core.library.queue import JobQueue
from core.library.watch import WatchRules

_SIGNATURE = re.compile(r"watch-(\d+)-")


class WatchHooks:
    """Counts what became of each folder's photographs, and runs its command when asked to."""

    def __init__(self, rules: WatchRules, queue: JobQueue, console: Console) -> None:
        self._rules = rules
        self._queue = queue
        self._console = console
        self._counts: dict[JobId, Counter[str]] = {}
        self._folders: dict[JobId, list[Path]] = {}
        self.totals: Counter[str] = Counter()

    def __call__(self, event: Event) -> None:
        """Count what an event says of a photograph."""
        if isinstance(event, ItemDone):
            self._count(event.job, "already_done" if event.already else "done")
            self._folders.setdefault(event.job, []).append(event.output.parent)
        elif isinstance(event, ItemLeftOut):
            self._count(event.job, "left_out")
        elif isinstance(event, ItemFailed):
            self._count(event.job, "quarantined" if event.quarantined else "failed")

    def _count(self, job: JobId, name: str) -> None:
        self._counts.setdefault(job, Counter())[name] += 1
        self.totals[name] += 1

    def quiet(self) -> None:
        """Nothing waits any more: run the commands of the folders of which something was done."""
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
                outputs = [folder for job in jobs for folder in folders.get(job, ())]
                self._run(command, counted, sorted(set(outputs)))

    def _run(self, command: str, counts: Counter[str], outputs: list[Path]) -> None:
        run_hook(command, totals_of(counts), exit_code(counts), outputs, self._console)


def totals_of(counts: Counter[str]) -> Totals:
    """Return counts as totals that add up."""
    return Totals(found=counts.total(), **counts)


def exit_code(counts: Counter[str]) -> ExitCode:
    """Return what a run with these counts would end with."""
    failed = counts["failed"] + counts["quarantined"]
    return ExitCode.SOME_FAILED if failed else ExitCode.OK
