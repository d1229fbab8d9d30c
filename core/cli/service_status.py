"""`regrain service run` and `status`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from core.cli.attend import attend
from core.cli.batch_list import state_sentence
from core.cli.console import Console
from core.cli.exits import ExitCode
from core.cli.interrupts import stop_on_signals
from core.cli.summary import sentence
from core.cli.watch_rules import rule_lines, rule_values
from core.runner import EngineChoice, StopSignal
from core.services import open_services
from core.watch.presence import who_watches


def run_service(console: Console, library: Path | None, device: str | None) -> ExitCode:
    """Watch and render until a signal ends it; that is its regular end.

    Raises:
        LibraryError: the library cannot be used.
    """
    stop = StopSignal()
    # From the first moment: an interrupt raised just anywhere may be lost, or leave things halfway.
    with stop_on_signals(stop), open_services(library) as services:
        rules = [rule for rule in services.watch.all() if not rule.settings.attended]
        count = "1 folder is" if len(rules) == 1 else f"{len(rules)} folders are"
        console.say(f"Regrain's service: {count} watched.")
        watchers = who_watches(services.watch_lock)
        if watchers.running:
            console.say(
                f"Another Regrain (process {watchers.process}) watches them; "
                "this one takes over when it ends."
            )
        choice = EngineChoice(device or services.preferences.device)
        attend(services, console, choice, stop=stop)
    return ExitCode.OK


def show_status(console: Console, library: Path | None) -> ExitCode:
    """Write who watches, a line a folder, a line an unfinished batch; the library tells it all."""
    with open_services(library) as services:
        watchers = who_watches(services.watch_lock)
        running = f"running (process {watchers.process})" if watchers.running else "not running"
        console.result(f"Watching: {running}")
        console.json({"event": "service", "running": watchers.running, "pid": watchers.process})
        for rule in services.watch.all():
            counts = services.watch.counts(rule.id)
            totals = services.watch.totals(rule.id)
            values = rule_values(rule, counts) | {"totals": asdict(totals)}
            console.json({"event": "rule", **values})
            for line in rule_lines(rule, counts, running=watchers.running):
                console.result(line)
            if totals.found:
                console.result(f"      {sentence(totals)}")
        for job in reversed(services.queue.jobs(unfinished=True)):
            totals = services.queue.totals(job.id)
            values = {"event": "batch", "batch": job.id, "name": job.name, "state": job.state.value}
            console.json({**values, **asdict(totals)})
            console.result(f"Batch {job.id}: {job.name}  {state_sentence(job, totals)}")
            if job.stop_message:
                console.result(f"      {job.stop_message} {job.stop_hint}".rstrip())
    return ExitCode.OK
