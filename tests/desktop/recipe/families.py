"""Specs of models of the known families, as the shelf would give them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.models.families import FAMILIES
from core.models.family_spec import family_spec
from core.models.spec import ModelFile, ModelSpec

GIGABYTES = {"sd1": 2.1, "sdxl": 6.9, "flux": 23.8}


def spec_of(family: str, variant: str = "", **facts: Any) -> ModelSpec:
    """Return a model of a family; its id is the family's and the variant's."""
    size = round(GIGABYTES.get(family, 10.0) * 1e9)
    file = ModelFile(path="model.safetensors", sha256="1" * 64, size=size)
    known = {
        "id": "-".join(filter(None, (family, variant))),
        "name": " ".join(filter(None, (FAMILIES[family].name, variant))),
        "folder": Path("/models"),
        "files": (file,),
    }
    return family_spec(family, variant, **(known | facts))


def all_specs() -> list[ModelSpec]:
    """Return a model of each family and of each of its distilled forms."""
    plain = [spec_of(family) for family in FAMILIES]
    forms = [spec_of(name, form) for name, family in FAMILIES.items() for form in family.variants]
    return plain + forms
