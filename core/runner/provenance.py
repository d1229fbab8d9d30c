"""What a result says about how it was made, so that the recipe can be restored from it."""

from __future__ import annotations

import json

from core.library.records import Claim
from core.models.spec import ModelSpec
from core.recipe import MetadataRule

_FILE_SETTINGS = ("mask", "vae", "control", "reference_image")


def provenance(claim: Claim, key: str, spec: ModelSpec) -> dict[str, str] | None:
    """Return what goes into the result's metadata; None when the user wants none.

    Settings, format, model, key: no time, no host, no ids, no folder, for the same photograph
    must give the same bytes anywhere.
    """
    if not claim.output.provenance or claim.output.metadata is MetadataRule.STRIP:
        return None
    edit = claim.edit.model_dump(mode="json")
    for name in _FILE_SETTINGS:
        path = getattr(claim.edit, name)
        edit[name] = path.name if path is not None else None
    edit["loras"] = [{"path": lora.path.name, "weight": lora.weight} for lora in claim.edit.loras]
    return {
        "edit": json.dumps(edit, sort_keys=True, ensure_ascii=False, separators=(",", ":")),
        "format": claim.output.format.value,
        "model": spec.id,
        "model_name": spec.name,
        "model_sha256": ",".join(spec.hashes()),
        "key": key,
    }
