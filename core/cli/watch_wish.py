"""From the options of `regrain watch` to a stored rule; what is there already is asked about."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from core.cli.console import Console
from core.cli.names import known_names
from core.cli.recipes import Wanted, read_options
from core.cli.watch_options import WatchOptions
from core.errors import SettingsError
from core.library.watch import WatchRules
from core.library.watched import Existing, Recursion, WatchRule
from core.services import Services
from core.watch.cost import cost_of
from core.watch.guards import same_place
from core.watch.setup import WatchPlan, WatchWish, begin_watch, plan_watch


def store_rule(
    options: WatchOptions,
    services: Services,
    console: Console,
    *,
    attended: bool,
    ask: Callable[[str], str] | None = None,
) -> tuple[WatchRule, Wanted]:
    """Check the options and store, or change, the rule; say what it does.

    Args:
        options: as given.
        services: the open library.
        console: where it is said.
        attended: watched only while this command runs.
        ask: reads an answer from the user; None: from the terminal, if there is one.

    Raises:
        SettingsError: an option is wrong, or results would come back into the folder.
    """
    wanted = read_options(options.recipe, known_names(console), folder=options.inputs.output)
    existing = _read_existing(options.inputs.existing)
    wish = _wish(options, wanted, attended=attended)
    plan = plan_watch(wish, services.watch, services.registry, services.paths.pictures)
    chosen = existing or _ask_existing(plan, services, console, ask)
    rule = begin_watch(plan, services.watch, chosen, again=options.reporting.again)
    _say(plan, rule, chosen, services.watch, console)
    return rule, wanted


def _wish(options: WatchOptions, wanted: Wanted, *, attended: bool) -> WatchWish:
    inputs = options.inputs
    recursion = Recursion.MIRROR if inputs.recursive else Recursion.SKIP
    return WatchWish(
        folder=inputs.folder,
        recipe=wanted.recipe,
        strengths=wanted.strengths,
        patterns=tuple(inputs.pattern or ()),
        recursion=Recursion.FLATTEN if inputs.flatten else recursion,
        settle=options.timing.settle,
        use_polling=options.timing.use_polling,
        folder_recipes=inputs.folder_recipes,
        attended=attended,
        on_done=options.timing.on_done or "",
        project=options.reporting.project,
    )


def _read_existing(text: str | None) -> Existing | None:
    if text is None:
        return None
    try:
        return Existing(text.casefold().replace("_", "-"))
    except ValueError as error:
        raise SettingsError(
            f"--existing {text}: allowed are new-only and all.",
            hint="new-only leaves alone what is in the folder already.",
        ) from error


def _ask_existing(
    plan: WatchPlan,
    services: Services,
    console: Console,
    ask: Callable[[str], str] | None,
) -> Existing:
    """Ask about photographs that are there already, with their number and the time they take."""
    if plan.rule is not None or not plan.photographs:
        return Existing.NEW_ONLY
    cost = cost_of(plan, services)
    there = f"{_photographs(plan.photographs)} in {plan.settings.folder} already"
    if ask is None and (not sys.stdin.isatty() or console.quiet):
        console.say(f"{there}: only new ones are edited. All ({cost.time()}): --existing all")
        return Existing.NEW_ONLY
    question = f"{there}. Only new ones, or all ({cost.time()})? [new-only] "
    answer = (ask or _from_terminal)(question).strip().casefold()
    return Existing.ALL if answer in ("all", "a") else Existing.NEW_ONLY


def _from_terminal(question: str) -> str:
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline()


def _say(
    plan: WatchPlan, rule: WatchRule, existing: Existing, rules: WatchRules, console: Console
) -> None:
    recipe = rule.settings.recipe
    what = recipe.name or recipe.id or "its recipe"
    if plan.rule is not None:
        console.say(f"Number {rule.id}, {rule.folder}: {what} from now on, into {_out(rule)}.")
    else:
        console.say(f"Number {rule.id}: photographs from {rule.folder} into {_out(rule)}, {what}.")
    for note in (*plan.notes, *_also(rule, rules)):
        console.say(note)
    if existing is Existing.ALL and plan.photographs:
        console.say(f"{_photographs(plan.photographs)} there already; they are edited too.")
    if rule.settings.marker and plan.rule is None:
        console.say(
            f"The hidden file {rule.settings.marker} was put into it: without it, the drive is "
            "taken to be away."
        )


def _also(rule: WatchRule, rules: WatchRules) -> list[str]:
    """Say who else edits the same photographs: somebody may have meant to change that rule."""
    return [
        f"Number {other.id} watches {rule.folder} too, into {_out(other)}."
        for other in rules.all()
        if other.id != rule.id and same_place(other.folder, rule.folder)
    ]


def _out(rule: WatchRule) -> Path:
    return rule.settings.output


def _photographs(count: int) -> str:
    return "1 photograph is" if count == 1 else f"{count:,} photographs are"
