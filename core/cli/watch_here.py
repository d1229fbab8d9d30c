"""`regrain watch FOLDER`: in the foreground, until Ctrl-C."""

from __future__ import annotations

from core.cli.attend import attend
from core.cli.console import Console
from core.cli.exits import ExitCode
from core.cli.watch_options import WatchOptions
from core.cli.watch_wish import store_rule
from core.events import WatchState
from core.runner import EngineChoice
from core.services import open_services


def watch_here(
    options: WatchOptions,
) -> ExitCode:
    """Watch one folder as long as this command runs; return the exit code.

    Raises:
        CoreError: a setting is wrong, or results would come back into the folder.
    """
    reporting = options.reporting
    console = Console(quiet=reporting.quiet, verbose=reporting.verbose, json_lines=reporting.json)
    with open_services(reporting.library) as services:
        rule, wanted = store_rule(options, services, console, attended=True)
        detail = options.recipe.detail
        device = detail.device or services.preferences.device
        choice = EngineChoice(device, wanted.recipe.edit.dtype.value, detail.batch_size)
        console.say("Ctrl-C ends it; the same command goes on, with what came meanwhile.")
        try:
            return attend(services, console, choice, only=[rule.id])
        finally:
            services.watch.say(rule.id, WatchState.STARTING, "", "")
