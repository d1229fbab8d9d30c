"""What is known of each model, gathered on the library's thread: sizes, abilities, gaps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from core.models.spec import Capabilities, ModelSpec
from desktop.words import gigabytes

if TYPE_CHECKING:
    from core.services import Services


def _tr(text: str) -> str:
    return QCoreApplication.translate("Models", text)


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """A model, what its files take on the disk, and which of them are not there."""

    spec: ModelSpec
    bytes: int
    missing: tuple[str, ...] = ()


def look(services: Services) -> list[ModelFacts]:
    """Return the models that are known, by name."""
    facts = [_facts(spec) for spec in services.registry.specs.values()]
    return sorted(facts, key=lambda one: one.spec.name.casefold())


def _facts(spec: ModelSpec) -> ModelFacts:
    sizes = {file.path: _size(spec.folder / file.path) for file in spec.files}
    gone = tuple(path for path, size in sizes.items() if size is None)
    return ModelFacts(spec, sum(size or 0 for size in sizes.values()), gone)


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def abilities(capabilities: Capabilities) -> list[str]:
    """Return what the model can do, in words."""
    words = {
        "clean": _tr("cleans"),
        "strength": _tr("repaints"),
        "prompt": _tr("takes a prompt"),
        "negative_prompt": _tr("takes a negative prompt"),
        "guidance": _tr("takes guidance"),
        "inpaint": _tr("takes a mask"),
        "lora": _tr("takes LoRAs"),
    }
    return [text for name, text in words.items() if getattr(capabilities, name)]


def details(facts: ModelFacts) -> Mapping[str, str]:
    """Return what the dialog lists of a model, a label and its value each."""
    spec = facts.spec
    pixels = _tr("{0} × {0} pixels; larger photographs in tiles").format(spec.native_size)
    zones = [_tr("{} to {:.2f}").format(zone.word, zone.until) for zone in spec.zones]
    known = {
        _tr("Can"): ", ".join(abilities(spec.capabilities)),
        _tr("Family"): spec.family,
        _tr("Size"): gigabytes(facts.bytes),
        _tr("Licence"): spec.licence or _tr("not stated"),
        _tr("Made for"): pixels,
        _tr("Strengths"): ", ".join(zones),
        _tr("Schedulers"): ", ".join(scheduler.value for scheduler in spec.schedulers),
        _tr("Folder"): str(spec.folder),
    }
    return {name: value for name, value in known.items() if value}
