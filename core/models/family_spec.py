"""Specs of models of the known families: what the family says, and what is said of this one."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Any

from core.models.families import FAMILIES, Family
from core.models.spec import ModelSpec

OWN_FACTS = (
    "id", "name", "folder", "files", "layout", "home", "config_folder", "config_files", "variant",
    "prediction", "parameters", "missing", "licence", "native_size",
)  # fmt: skip
"""What is kept of a model; all else is its family's, and grows better with the program."""

_SHORT = {"sd1": "sd15"}
_ODD = re.compile(r"[^a-z0-9]+")


def family_spec(family_id: str, variant: str = "", **facts: Any) -> ModelSpec:
    """Return the spec of a model.

    Args:
        family_id: one of FAMILIES.
        variant: one of the family's distilled forms, or any other word that tells it apart.
        facts: fields of ModelSpec that are this model's own, at least id, name and folder.

    Raises:
        KeyError: the family is not known.
        pydantic.ValidationError: a fact is none.
    """
    family = FAMILIES[family_id]
    return ModelSpec.model_validate(_of_family(family, variant) | facts)


def unique_id(family_id: str, name: str, taken: Container[str]) -> str:
    """Return a readable id, such as `sd15-dreamshaper`, that is none of `taken`."""
    short = _SHORT.get(family_id, family_id)
    words = _ODD.sub("-", name.casefold()).strip("-")[:60].strip("-")
    first = words if words.startswith(short) else f"{short}-{words}".rstrip("-")
    number, chosen = 1, first
    while chosen in taken:
        number += 1
        chosen = f"{first}-{number}"
    return chosen


def _of_family(family: Family, variant: str) -> dict[str, Any]:
    values: dict[str, Any] = {
        "family": family.id,
        "variant": variant,
        "sentence": family.sentence,
        "prediction": family.prediction,
        "latent_channels": family.latent_channels,
        "capabilities": family.capabilities,
        "native_size": family.native_size,
        "size_multiple": family.size_multiple,
        "schedulers": family.schedulers,
        "defaults": family.defaults,
        "min_steps": family.min_steps,
        "zones": family.zones if family.capabilities.strength else (),
        "licence": family.licence,
        # From seconds on a GPU to hours on a processor: nothing is promised before it is measured.
        "seconds_per_megapixel_call": 0.0,
    }
    distilled = family.variants.get(variant)
    if distilled is None:
        return values
    without = {"guidance": distilled.guidance, "negative_prompt": distilled.guidance}
    able = family.capabilities.model_copy(
        update={name: kept and getattr(family.capabilities, name) for name, kept in without.items()}
    )
    return values | {
        "sentence": f"{family.sentence} {distilled.sentence}",
        "schedulers": distilled.schedulers,
        "defaults": distilled.defaults,
        "levels": distilled.levels,
        "distilled": True,
        "capabilities": able,
    }
