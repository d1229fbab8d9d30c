"""`regrain watch FOLDER`: in the foreground, until Ctrl-C."""

from __future__ import annotations

from core.cli.attend import attend
from core.cli.console import Console
from core.cli.exits import ExitCode
from core.cli.options import DetailOptions, EditOptions, OutputOptions
from core.cli.watch_options import WatchInputs, WatchReporting, WatchTiming
from core.cli.watch_wish import WatchOptions, store_rule
from core.events import WatchState
from core.runner import EngineChoice
from core.services import open_services


def watch_here(
    inputs: WatchInputs,
    timing: WatchTiming,
    edit: EditOptions,
    detail: DetailOptions,
    output: OutputOptions,
    reporting: WatchReporting,
) -> ExitCode:
    """Watch one folder as long as this command runs; return the exit code.

    Raises:
        CoreError: a setting is wrong, or results would come back into the folder.
    """
    console = Console(quiet=reporting.quiet, verbose=reporting.verbose, json_lines=reporting.json)
    options = WatchOptions(inputs, timing, edit, detail, output, reporting)
    with open_services(reporting.library) as services:
        rule, wanted = store_rule(options, services, console, attended=True)
        device = detail.device or services.preferences.device
        choice = EngineChoice(device, wanted.recipe.edit.dtype.value, detail.batch_size)
        console.say("Ctrl-C ends it; the same command goes on, with what came meanwhile.")
        try:
            return attend(services, console, choice, only=[rule.id])
        finally:
            services.watch.say(rule.id, WatchState.STARTING, "", "")
