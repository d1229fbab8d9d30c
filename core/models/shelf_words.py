"""What models lack, said to people."""

from __future__ import annotations

from core.models.families import FAMILIES
from core.models.found import SETTINGS_MISSING
from core.models.spec import ModelSpec


def missing_words(spec: ModelSpec) -> str:
    """Return what a model lacks, such as `t5xxl and ae`."""
    words = [_said(spec, name) for name in spec.missing]
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""


def missing_hint(spec: ModelSpec) -> str:
    """Return what to do about it."""
    hints = []
    if any(name != SETTINGS_MISSING for name in spec.missing):
        hints.append("Name the folder where they lie: regrain models scan DIR")
    if SETTINGS_MISSING in spec.missing:
        hints.append(f"Download the settings: regrain models download {spec.id}")
    return "; ".join(hints)


def _said(spec: ModelSpec, name: str) -> str:
    if name != SETTINGS_MISSING:
        return name
    family = FAMILIES.get(spec.family)
    return f"the settings and tokenizers of {family.name if family else spec.family}"
