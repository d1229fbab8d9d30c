"""What a choice changed, in sentences: a model's defaults, a recipe read from a picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.models.spec import ModelSpec
from desktop.recipe import words
from desktop.recipe.state import Switched, effective

_MOST_LINES = 6


def switched_report(switched: Switched, spec: ModelSpec | None) -> str:
    """Return `SDXL: set Steps 30, Scheduler DPM++ 2M. Kept: Prompt. It takes no Keep grain.`"""
    recipe = switched.state.recipe
    parts = []
    if switched.taken:
        values = [
            f"{words.label(name)} {words.shown(name, effective(recipe, name, spec))}"
            for name in switched.taken
            if name not in ("mode", "sigmas")
        ]
        if values:
            parts.append(words.tr("{0} sets {1}.").format(switched.model, ", ".join(values)))
    if switched.kept:
        parts.append(words.tr("Kept as you set it: {0}.").format(_names(switched.kept)))
    if switched.dropped:
        said = words.tr("{0} cannot use: {1}.")
        parts.append(said.format(switched.model, _names(switched.dropped)))
    return " ".join(parts)


def restored_report(
    program: str, left_out: Sequence[str], missing_model: str, *, pasted: bool = False
) -> tuple[str, str]:
    """Return what came of a recipe from a picture or a text, and the list of what was left out."""
    ours = program in ("", "Regrain")
    if pasted:
        said = words.tr("Recipe pasted.") if ours else words.tr("Recipe of {0} pasted.")
    else:
        said = words.tr("Recipe of {0} restored.")
    said = said.format(program or "Regrain")
    if missing_model:
        absent = words.tr("Its model {0} is not here; the built-in one takes its place.")
        said = f"{said} {absent.format(missing_model)}"
    if not left_out:
        return said, ""
    lines = [f"• {line.rstrip('.')}" for line in left_out[:_MOST_LINES]]
    if len(left_out) > _MOST_LINES:
        lines.append(words.tr("and {0} more").format(len(left_out) - _MOST_LINES))
    return said, "\n".join([words.tr("Left out:"), *lines])


def _names(fields: Iterable[str]) -> str:
    return ", ".join(words.label(field) for field in fields)
