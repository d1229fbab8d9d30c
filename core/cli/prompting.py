"""Prompts, LoRAs, masks, ControlNets and references from options to a recipe's values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.cli.options import PromptOptions
from core.errors import SettingsError

FindLora = Callable[[str], Path | None]
"""Returns the file of a LoRA by its name; None when none is known by it."""


def prompt_values(options: PromptOptions, find_lora: FindLora) -> dict[str, Any]:
    """Return the options that were given, by the recipe's names.

    Raises:
        SettingsError: a file is not there, or is not written as it must be.
    """
    values = {
        "prompt": options.prompt,
        "negative_prompt": options.negative_prompt,
        "prompts": _there(options.prompts, "prompts"),
        "wildcards": _there(options.wildcards, "wildcards"),
        "true_guidance": options.true_guidance,
        "clip_skip": options.clip_skip,
        "loras": [_lora(text, find_lora) for text in options.lora] if options.lora else None,
        "vae": _there(options.vae, "VAE"),
        "mask": _mask(options),
        "control": _control(options.control),
        "reference_image": _reference(options.reference),
    }
    return {name: value for name, value in values.items() if value is not None}


def _there(path: Path | None, what: str) -> Path | None:
    if path is None:
        return None
    found = path.expanduser().absolute()
    if not found.exists():
        raise SettingsError(f"{what}: {path} is not there.", hint="Check the path.")
    return found


def _lora(text: str, find: FindLora) -> dict[str, Any]:
    name, weight = _weighted(text)
    path = Path(name).expanduser()
    known = path.absolute() if path.is_file() else find(name)
    if known is None:
        raise SettingsError(
            f"There is no LoRA {name}.",
            hint="Give its file, or let Regrain look where yours lie: regrain models scan DIR.",
        )
    return {"path": known, "weight": weight}


def _weighted(text: str, default: float = 1.0) -> tuple[str, float]:
    """Return what stands before a last colon, and the number after it."""
    name, colon, number = text.rpartition(":")
    try:
        return (name, float(number)) if colon and name else (text, default)
    except ValueError:
        return text, default


def _mask(options: PromptOptions) -> dict[str, Any] | None:
    more = {
        "invert": options.mask_invert or None,
        "grow": options.mask_grow,
        "feather": options.mask_feather,
    }
    given = {name: value for name, value in more.items() if value is not None}
    if options.mask is None:
        if given:
            raise SettingsError("There is no mask to change.", hint="Give --mask as well.")
        return None
    if options.mask == "alpha":
        return {"path": None, **given}
    return {"path": _there(Path(options.mask), "mask"), **given}


def _control(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    kind, equals, rest = text.partition("=")
    if not equals:
        raise SettingsError(
            f"control = {text!r}: allowed is tile=PATH or lineart=PATH, with :WEIGHT after it."
        )
    path, weight = _weighted(rest)
    return {"kind": kind, "path": _there(Path(path), "ControlNet"), "weight": weight}


def _reference(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    image, equals, rest = text.partition("=")
    if not equals:
        raise SettingsError(
            f"reference = {text!r}: allowed is IMAGE=ADAPTER, with :WEIGHT after it."
        )
    path, weight = _weighted(rest, 0.6)
    return {
        "image": _there(Path(image), "reference"),
        "path": _there(Path(path), "IP-Adapter"),
        "weight": weight,
    }
