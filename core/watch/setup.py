"""Beginning to watch a folder: everything is checked and counted first, then stored at once."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from core.errors import SettingsError, WatchError
from core.library.ids import WatchRuleId
from core.library.records import FileStat
from core.library.watch import WatchRules
from core.library.watched import Existing, FileKind, Mark, Recursion, WatchRule, WatchSettings
from core.models.spec import ModelRegistry
from core.outputs.folders import default_folder, make_root
from core.outputs.fsops import FsOps
from core.recipe import Recipe
from core.scan import scan
from core.watch.guards import (
    check_circle,
    check_output,
    results_that_land_in,
    same_place,
)
from core.watch.mounts import Mount, mount_of
from core.watch.names import Names, check_patterns
from core.watch.recipes import check_recipe

MARKER = ".regrain-watch-"


@dataclass(frozen=True)
class WatchPlan:
    """What would be watched. `rule`: the one that watches this folder into this output already.

    `there`: files that are there already and would be left alone; `photographs` of them could be
    edited. `notes`: what the user should know besides.
    """

    settings: WatchSettings
    rule: WatchRule | None = None
    there: Mapping[str, Mark] = field(default_factory=dict)
    photographs: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class WatchWish:
    """What the user asks for, as it is given; `plan_watch` checks it."""

    folder: Path
    recipe: Recipe
    strengths: tuple[float, ...] = ()
    patterns: Sequence[str] = ()
    recursion: Recursion = Recursion.SKIP
    settle: float = 5.0
    use_polling: bool = False
    folder_recipes: bool = False
    attended: bool = False
    on_done: str = ""
    project: str = ""


def plan_watch(
    wish: WatchWish,
    rules: WatchRules,
    registry: ModelRegistry,
    pictures: Path,
    mount: Callable[[Path], Mount] = mount_of,
    *,
    changes: WatchRuleId | None = None,
) -> WatchPlan:
    """Check what is asked for and count what is there, writing nothing.

    `changes`: the rule that is to be changed, of this folder; None: the one that is the same.

    Raises:
        SettingsError: there is no such folder, results would come back into it, or a setting is
            wrong.
        ModelNotFoundError: the recipe names a model that is not here.
    """
    check_recipe(wish.recipe, wish.strengths, registry)
    check_patterns(wish.patterns)
    settings = _settings(wish, pictures)
    stored = rules.all()
    rule = _same(settings, stored) if changes is None else rules.get(changes)
    check_output(settings)
    others = [one.settings for one in stored if rule is None or one.id != rule.id]
    check_circle(settings, others)
    notes = tuple(
        f"Results from {other.folder} land in {settings.folder}; Regrain leaves its own results "
        "alone."
        for other in results_that_land_in(settings, others)
    )
    if rule is not None:
        kept = {"marker": rule.settings.marker, "project": wish.project or rule.settings.project}
        settings = settings.model_copy(update=kept)
        return WatchPlan(settings, rule, notes=notes)
    if mount(settings.folder).removable:
        marker = f"{MARKER}{secrets.token_hex(4)}"
        settings = settings.model_copy(update={"marker": marker})
    there, photographs = _there(settings)
    return WatchPlan(settings, None, there, photographs, notes)


def begin_watch(
    plan: WatchPlan, rules: WatchRules, existing: Existing, *, again: bool = False
) -> WatchRule:
    """Store what was planned; make the output folder, and the drive's marker where one is needed.

    A rule that is there is changed: its recipe counts for new photographs, or (`again`) for all.

    Raises:
        WatchError: the marker cannot be written.
        BatchStopped: the output folder cannot be made.
    """
    settings = plan.settings.model_copy(update={"existing": existing})
    make_root(settings.output, FsOps())
    if settings.marker:
        _write_marker(settings.folder / settings.marker)
    if plan.rule is not None:
        take_known = existing is Existing.ALL
        return rules.change(plan.rule.id, settings, again=again, take_known=take_known)
    return rules.add(settings, plan.there if existing is Existing.NEW_ONLY else {})


def end_watch(rules: WatchRules, rule: WatchRule) -> None:
    """Forget a rule, and its marker on the drive; photographs and results stay."""
    rules.remove(rule.id)
    if rule.settings.marker:
        try:
            (rule.folder / rule.settings.marker).unlink(missing_ok=True)
        except OSError:
            return  # the drive is away or full of its own rights; an empty hidden file stays


def _settings(wish: WatchWish, pictures: Path) -> WatchSettings:
    folder = _folder(wish.folder)
    output = wish.recipe.output.folder or default_folder(folder, pictures)
    results = wish.recipe.output.model_copy(update={"folder": output.expanduser().resolve()})
    try:
        return WatchSettings(
            folder=folder,
            recipe=wish.recipe.model_copy(update={"output": results}),
            strengths=wish.strengths,
            patterns=tuple(wish.patterns),
            recursion=wish.recursion,
            settle=wish.settle,
            use_polling=wish.use_polling,
            folder_recipes=wish.folder_recipes,
            attended=wish.attended,
            on_done=wish.on_done,
            project=wish.project,
        )
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"{name} = {first['input']!r}: {first['msg']}.") from error


def _folder(given: Path) -> Path:
    try:
        folder = given.expanduser().resolve(strict=True)
    except OSError as error:
        raise SettingsError(
            f"There is no folder called {given}.",
            hint="Check the spelling, and that its drive is connected.",
        ) from error
    if not folder.is_dir():
        raise SettingsError(f"{given} is a file; only folders can be watched.")
    return folder


def _same(settings: WatchSettings, stored: Sequence[WatchRule]) -> WatchRule | None:
    """Return the rule of this folder and output; one of the service is not taken over."""
    for rule in stored:
        if not same_place(rule.folder, settings.folder):
            continue
        if not same_place(rule.settings.output, settings.output):
            continue
        if settings.attended and not rule.settings.attended:
            raise SettingsError(
                f"{settings.folder} is watched already, as number {rule.id}.",
                hint=f"`regrain service status` shows how it stands; to end it: "
                f"regrain watch remove {rule.id}",
            )
        return rule
    return None


def _there(settings: WatchSettings) -> tuple[dict[str, Mark], int]:
    """Return marks of all files that are there, and how many of them are photographs."""
    deep = settings.recursion is not Recursion.SKIP
    found = scan([settings.folder], recursive=deep, exclude=[settings.output])
    names = Names(str(settings.folder), settings.patterns, deep=deep)
    photographs = [file.path for file in found.photographs if names.matches(str(file.relative))]
    marks = {str(path): mark for path in photographs if (mark := _known(path)) is not None}
    count = len(marks)
    for trouble in (*found.left_out, *found.problems):
        mark = _known(trouble.path)
        if mark is not None:
            marks[str(trouble.path)] = mark
    return marks, count


def _known(path: Path) -> Mark | None:
    try:
        return Mark(FileStat.of(os.stat(path)), FileKind.KNOWN)  # noqa: PTH116
    except OSError:
        return None


def _write_marker(path: Path) -> None:
    text = "Regrain watches this folder. Without this file, its drive is taken to be away.\n"
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise WatchError(
            f"{path.parent} is on a drive that may be taken away, and no mark can be put on it: "
            f"{error.strerror}.",
            hint="Allow writing there, or copy the photographs to a folder of this computer.",
        ) from error
