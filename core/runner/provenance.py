"""What a result says about how it was made, so that the recipe can be restored from it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from core.library.records import Claim
from core.models.spec import ModelSpec
from core.recipe import MetadataRule


def provenance(claim: Claim, key: str, spec: ModelSpec) -> dict[str, str] | None:
    """Return what goes into the result's metadata; None when the user wants none.

    Settings, format, model, key: no time, no host, no ids, no folder, for the same photograph
    must give the same bytes anywhere.
    """
    if not claim.output.provenance or claim.output.metadata is MetadataRule.STRIP:
        return None
    edit = _named(claim.edit.model_dump())
    return {
        "edit": json.dumps(edit, sort_keys=True, ensure_ascii=False, separators=(",", ":")),
        "format": claim.output.format.value,
        "model": spec.id,
        "model_name": spec.name,
        "model_sha256": ",".join(spec.hashes()),
        "key": key,
    }


def _named(values: Any) -> Any:
    """Return settings with files by their names alone: no folder of this computer."""
    if isinstance(values, Path):
        return values.name
    if isinstance(values, dict):
        return {name: _named(value) for name, value in values.items()}
    return [_named(value) for value in values] if isinstance(values, list | tuple) else values
