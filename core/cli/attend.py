"""Watching and rendering in one process until a signal ends it, for `watch` and `service`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict

from core.cli.console import Console
from core.cli.exits import ExitCode
from core.cli.interrupts import stop_on_signals
from core.cli.logs import log_to
from core.cli.station import Station
from core.cli.summary import sentence
from core.cli.watch_hooks import WatchHooks, exit_code, totals_of
from core.cli.watch_lines import WatchLines
from core.events import Event
from core.library.ids import WatchRuleId
from core.runner import EngineChoice, StopSignal
from core.services import Services


def attend(
    services: Services,
    console: Console,
    choice: EngineChoice,
    *,
    only: Collection[WatchRuleId] | None = None,
    stop: StopSignal | None = None,
) -> ExitCode:
    """Watch folders and render what waits, until SIGINT or SIGTERM; both end within seconds.

    Args:
        services: the open library.
        console: one line an item goes there.
        choice: the device.
        only: these rules; None: all those of the service.
        stop: ends it too; it may be given already.

    Raises:
        LibraryError: the library was unusable for minutes.
    """
    stop = stop or StopSignal()
    lines = WatchLines(console, lost=stop.now)
    hooks = WatchHooks(services.watch, services.queue, console)

    def sink(event: Event) -> None:
        hooks(event)
        lines(event)

    station = Station(services, sink, choice, stop, hooks.quiet)
    watcher = services.watcher(lines, station.wake, only=only)
    with stop_on_signals(stop), log_to(services.paths.logs, console):
        watcher.start()
        try:
            station.run()
        finally:
            watcher.stop()
            hooks.close()
    totals = totals_of(hooks.totals)
    if totals.found:
        console.say(sentence(totals))
    console.json({"event": "summary", **asdict(totals)})
    return exit_code(hooks.totals)
