"""What is known of each model: its size, what it can do, and what it lacks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from core.models.spec import ModelSpec
from desktop.words import gigabytes
from desktop.words_of_models import abilities, family_name, listed, size_of

if TYPE_CHECKING:
    from core.services import Services


def _tr(text: str) -> str:
    return QCoreApplication.translate("Models", text)


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """A model, what its files take on the disk, and what of it is not there."""

    spec: ModelSpec
    bytes: int
    missing: tuple[str, ...] = ()


def look(services: Services) -> list[ModelFacts]:
    """Return the models that are known; those that come with Regrain first, then by name."""
    return facts_of(services.registry.all().values())


def facts_of(specs: Iterable[ModelSpec]) -> list[ModelFacts]:
    """Return what is known of models, as they lie on the disk now."""
    return [_facts(spec) for spec in sorted(specs, key=listed)]


def _facts(spec: ModelSpec) -> ModelFacts:
    there = {file.path: _size(spec, file.path) for file in spec.files}
    gone = tuple(path for path, size in there.items() if size is None)
    return ModelFacts(spec, sum(size or 0 for size in there.values()), gone)


def _size(spec: ModelSpec, path: str) -> int | None:
    try:
        return (spec.folder / path).stat().st_size
    except OSError:
        return None


def details(facts: ModelFacts) -> Mapping[str, str]:
    """Return what the dialog lists of a model, a label and its value each."""
    spec = facts.spec
    pixels = _tr("{0} × {0} pixels; larger photographs in tiles").format(spec.native_size)
    zones = [_tr("{} to {:.2f}").format(zone.word, zone.until) for zone in spec.zones]
    size = facts.bytes or size_of(spec)
    known = {
        _tr("Can"): ", ".join(abilities(spec.capabilities)),
        _tr("Family"): family_name(spec),
        _tr("Size"): gigabytes(size) if size else "",
        _tr("Licence"): spec.licence or _tr("not stated"),
        _tr("Made for"): pixels,
        _tr("Strengths"): ", ".join(zones),
        _tr("Schedulers"): ", ".join(scheduler.value for scheduler in spec.schedulers),
        _tr("Folder"): str(spec.folder),
    }
    return {name: value for name, value in known.items() if value}
