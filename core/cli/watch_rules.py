"""`regrain watch add`, `list`, `pause`, `resume` and `remove`."""

from __future__ import annotations

from pathlib import Path

from core.cli.console import Console
from core.cli.exits import ExitCode
from core.cli.watch_options import WatchOptions
from core.cli.watch_wish import store_rule
from core.events import WatchState
from core.library.ids import WatchRuleId
from core.library.watch import PAUSED
from core.library.watched import Counts, FileKind, WatchRule
from core.services import open_services
from core.watch.presence import who_watches

_STATE_WORDS = {
    WatchState.STARTING: "Waiting",
    WatchState.WATCHING: "Watching",
    WatchState.POLLING: "Looking at intervals",
    WatchState.PAUSED: "Paused",
    WatchState.MISSING: "Folder missing",
    WatchState.BLOCKED: "Held up",
}
_KIND_WORDS = {
    FileKind.TAKEN: "taken",
    FileKind.AGAIN: "to be taken again",
    FileKind.KNOWN: "left alone",
    FileKind.LEFT_OUT: "left out",
    FileKind.OWN_OUTPUT: "Regrain's own",
}


def add_rule(
    options: WatchOptions,
) -> ExitCode:
    """Store a rule for the service or the window.

    Raises:
        CoreError: a setting is wrong, or results would come back into the folder.
    """
    reporting = options.reporting
    console = Console(quiet=reporting.quiet, verbose=reporting.verbose, json_lines=reporting.json)
    with open_services(reporting.library) as services:
        rule, _ = store_rule(options, services, console, attended=False)
        console.json(rule_values(rule, {}))
        if not who_watches(services.watch_lock).running:
            console.say("Nobody watches yet. To start: regrain service install, or open the window")
    return ExitCode.OK


def list_rules(console: Console, library: Path | None) -> None:
    """Write one line a rule, and what stands in its way."""
    with open_services(library) as services:
        running = who_watches(services.watch_lock).running
        rules = services.watch.all()
        for rule in rules:
            counts = services.watch.counts(rule.id)
            console.json(rule_values(rule, counts))
            for line in rule_lines(rule, counts, running=running):
                console.result(line)
    if not rules:
        console.say("No folder is watched. To begin: regrain watch add FOLDER -o OUT")


def pause_rule(number: int, console: Console, library: Path | None) -> None:
    """Take nothing from a folder until it is resumed."""
    with open_services(library) as services:
        rule = services.watch.get(WatchRuleId(number))
        services.watch.pause(rule.id)
    console.say(f"{rule.folder} is paused. To go on: regrain watch resume {number}")


def resume_rule(number: int, console: Console, library: Path | None) -> None:
    """Go on with a paused folder."""
    with open_services(library) as services:
        rule = services.watch.get(WatchRuleId(number))
        services.watch.resume(rule.id)
    console.say(f"{rule.folder} is watched again, with what came meanwhile.")


def remove_rule(number: int, console: Console, library: Path | None) -> None:
    """Forget a rule."""
    from core.watch.setup import end_watch

    with open_services(library) as services:
        rule = services.watch.get(WatchRuleId(number))
        end_watch(services.watch, rule)
    console.say(f"{rule.folder} is watched no more. Photographs and results stay.")


def rule_lines(rule: WatchRule, counts: Counts, *, running: bool) -> list[str]:
    """Return a rule in words, a second line for what stands in its way."""
    state = "Paused" if rule.paused else _STATE_WORDS[rule.state]
    if not rule.paused and not (running or rule.settings.attended):
        state = "Nobody watches"
    recipe = rule.settings.recipe
    numbers = [f"{counts[kind]:,} {word}" for kind, word in _KIND_WORDS.items() if counts.get(kind)]
    line = f"{rule.id:4}  {state}: {rule.folder} -> {rule.settings.output}"
    line += f", {recipe.name or recipe.id or 'Recipe'}"
    line += f" ({', '.join(numbers)})" if numbers else ""
    if rule.settings.attended:
        line += ", only while its own command runs"
    quiet = rule.state in (WatchState.STARTING, WatchState.WATCHING)
    quiet = quiet or rule.message == PAUSED
    more = "" if quiet or not rule.message else f"      {rule.message} {rule.hint}".rstrip()
    return [line, more] if more else [line]


def rule_values(rule: WatchRule, counts: Counts) -> dict[str, object]:
    """Return a rule as a JSON line."""
    settings = rule.settings
    return {
        "rule": rule.id,
        "folder": str(rule.folder),
        "output": str(settings.output),
        "recipe": settings.recipe.model_dump(mode="json"),
        "strengths": list(settings.strengths),
        "patterns": list(settings.patterns),
        "recursion": settings.recursion.value,
        "settle": settings.settle,
        "use_polling": settings.use_polling,
        "attended": settings.attended,
        "paused": rule.paused,
        "state": WatchState.PAUSED.value if rule.paused else rule.state.value,
        "message": rule.message,
        "hint": rule.hint,
        "scanned": rule.scanned,
        "files": {kind.value: count for kind, count in counts.items()},
    }
