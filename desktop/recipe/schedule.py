"""The noise levels of a recipe's steps, with what was found in the photograph for Clean."""

from __future__ import annotations

from core.models.spec import ModelSpec
from core.noise_levels import NoiseLevels, noise_levels
from core.recipe import Amount, EditSettings, Mode

FACTORS = {Amount.LESS: 0.7, Amount.AUTO: 1.0, Amount.MORE: 1.4}
"""What part of the noise that was found each amount takes away."""


def levels_of(edit: EditSettings, spec: ModelSpec, noise: float | None) -> NoiseLevels:
    """Return the levels that are left out and those that run.

    Args:
        edit: the settings.
        spec: the model.
        noise: what was found in the photograph, of 255; counts for Clean only.
    """
    amount = edit.amount
    if edit.mode is Mode.CLEAN and noise and isinstance(amount, Amount):
        edit = edit.model_copy(update={"amount": noise * FACTORS[amount]})
    return noise_levels(edit, spec)
