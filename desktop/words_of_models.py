"""A model in words: its family, what it can do, how large it is, and what it needs still."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from core.models.families import FAMILIES
from core.models.shelf_words import missing_words
from core.models.spec import Capabilities, ModelSpec
from desktop.words import gigabytes


def _tr(text: str) -> str:
    return QCoreApplication.translate("Models", text)


def family_name(spec: ModelSpec) -> str:
    """Return `Stable Diffusion XL turbo`: the family with its form, if it is one of the known."""
    family = FAMILIES.get(spec.family)
    if family is None:
        return ""
    return f"{family.name} {spec.variant}" if spec.variant else family.name


def listed(spec: ModelSpec) -> tuple[bool, str]:
    """Return the key by which models are listed: first what comes with Regrain, then by name."""
    return not spec.pixel_space, spec.name.casefold()


def size_of(spec: ModelSpec) -> int:
    """Return the bytes of its files, as they were when it was added; 0 while that is unknown."""
    return sum(file.size for file in spec.files)


def size_words(spec: ModelSpec) -> str:
    """Return `6.9 GB`, or nothing while it is unknown."""
    size = size_of(spec)
    return gigabytes(size) if size else ""


def needs(spec: ModelSpec) -> str:
    """Return `needs t5xxl and ae`, or nothing when the model is whole."""
    return _tr("needs {0}").format(missing_words(spec)) if spec.missing else ""


def abilities(capabilities: Capabilities) -> list[str]:
    """Return what the model can do, in words."""
    words = {
        "clean": _tr("cleans"),
        "strength": _tr("repaints"),
        "instruct": _tr("edits by instruction"),
        "prompt": _tr("takes a prompt"),
        "negative_prompt": _tr("takes a negative prompt"),
        "guidance": _tr("takes guidance"),
        "inpaint": _tr("takes a mask"),
        "lora": _tr("takes LoRAs"),
        "control": _tr("takes a ControlNet"),
        "reference_image": _tr("takes a reference picture"),
        "vae": _tr("takes another VAE"),
    }
    return [text for name, text in words.items() if getattr(capabilities, name)]


def takes(spec: ModelSpec) -> str:
    """Return in a few words what a chooser says of it: `prompt, mask, LoRA`."""
    if not spec.capabilities.prompt:
        return ", ".join(abilities(spec.capabilities))
    words = {
        "instruct": _tr("by instruction"),
        "prompt": _tr("prompt"),
        "inpaint": _tr("mask"),
        "lora": _tr("LoRA"),
        "control": _tr("ControlNet"),
        "reference_image": _tr("reference"),
    }
    there = [text for name, text in words.items() if getattr(spec.capabilities, name)]
    return ", ".join(there)
