"""With what a result was made, read on the library's thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale

from core.library.photo import Photo
from core.recipe import Amount, EditSettings, Mode, Recipe, SeedMode
from desktop.viewer.words import tr

if TYPE_CHECKING:
    from core.models.spec import ModelSpec
    from core.services import Services

Lines = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ResultFacts:
    """What the facts panel says of a result; the recipe holds the strength that was used."""

    lines: Lines = ()
    recipe: Recipe | None = None


def read_result_facts(services: Services, photo: Photo) -> ResultFacts:
    """Return what made the result of a photograph's latest edit."""
    from core.errors import CoreError

    if photo.job is None:
        return ResultFacts()
    recipe = services.queue.job(photo.job).recipe
    edit = recipe.edit
    if photo.strength is not None:
        edit = edit.model_copy(update={"strength": photo.strength})
        recipe = recipe.model_copy(update={"edit": edit})
    try:
        # Only looked up: to be ready for use it might have to be read through first.
        spec = services.registry.all().get(edit.model)
    except CoreError:
        spec = None
    lines = (*_done_lines(photo), *_edit_lines(edit, spec))
    return ResultFacts(tuple(line for line in lines if line[1]), recipe)


def _done_lines(photo: Photo) -> Lines:
    seconds = QLocale().toString(float(photo.seconds), "f", 1 if photo.seconds < 10 else 0)
    note = tr("already clean, unchanged") if photo.unchanged else photo.note
    return (
        (tr("Note"), note[:1].upper() + note[1:]),
        (tr("Took"), tr("{} s").format(seconds) if photo.seconds else ""),
    )


def _edit_lines(edit: EditSettings, spec: ModelSpec | None) -> Lines:
    seed = tr("from the photograph") if edit.seed_mode is SeedMode.PER_PHOTO else str(edit.seed)
    repaint = edit.mode is Mode.REPAINT
    return (
        (tr("Model"), spec.name if spec else tr("{} (not here any more)").format(edit.model)),
        *(_repaint_lines(edit) if repaint else _clean_lines(edit)),
        *(_step_lines(edit, spec) if spec else ()),
        (tr("Prompt"), edit.prompt),
        (tr("Not"), edit.negative_prompt),
        (tr("Seed"), seed if repaint else ""),
    )


def _clean_lines(edit: EditSettings) -> Lines:
    amount = edit.amount
    shown = tr(amount.value) if isinstance(amount, Amount) else tr("{} of 255").format(amount)
    grain = str(edit.keep_grain) if edit.keep_grain else ""
    return (tr("Clean"), shown), (tr("Keep grain"), grain)


def _repaint_lines(edit: EditSettings) -> Lines:
    structure = str(edit.hold_structure) if edit.hold_structure else ""
    return (tr("Strength"), f"{edit.strength:.2f}"), (tr("Hold structure"), structure)


def _step_lines(edit: EditSettings, spec: ModelSpec) -> Lines:
    from core.plan import scheduler_of, step_counts
    from core.scheduler_facts import facts_of

    of_steps, steps = step_counts(edit, spec)
    shown = str(steps) if steps == of_steps else tr("{0} of {1}").format(steps, of_steps)
    guidance = edit.guidance_scale if spec.capabilities.guidance else None
    return (
        (tr("Steps"), shown),
        (tr("Scheduler"), facts_of(scheduler_of(edit, spec)).name),
        (tr("Guidance"), "" if guidance is None else f"{guidance:g}"),
    )
