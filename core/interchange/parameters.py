"""The `parameters` text of AUTOMATIC1111 and Forge: prompt, negative prompt, a line of pairs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from core.errors import SettingsError
from core.interchange.restored import Draft
from core.recipe import Mode

_NEGATIVE = "Negative prompt:"
_LEAST_PAIRS = 3
_NAME = re.compile(r"[A-Za-z_][\w ()/\-]{0,60}")
_LORA = re.compile(r"<(?:lora|lyco):([^:<>]+):?([^<>]*)>")
_OPENING, _CLOSING = "[{", "]}"
# Said by what is restored already, or of no meaning for another photograph.
_EXPECTED = {
    "Size", "Model hash", "Model", "Version", "RNG", "Lora hashes", "TI hashes", "Hashes",
    "Init image hash", "User", "Module 1", "Module 2", "Module 3", "NGMS", "Clean",
    "Schedule type", "Sampler", "Conditional mask weight",
}  # fmt: skip


def read_parameters(text: str) -> Draft:
    """Return the draft of a recipe from a `parameters` text.

    Raises:
        SettingsError: it is no such text.
    """
    prompt, negative, pairs = split_parameters(text)
    if len(pairs) < _LEAST_PAIRS or "Steps" not in pairs:
        raise SettingsError("This text is no recipe: it has no line of settings.")
    draft = Draft(_program(pairs))
    draft.take("prompt", _without_loras(prompt, draft), "Prompt")
    draft.take("negative_prompt", _without_loras(negative, draft), "Negative prompt")
    draft.model, draft.model_hash = pairs.get("Model", ""), pairs.get("Model hash", "")
    if "Sampler" in pairs:
        draft.take_sampler(pairs["Sampler"], pairs.get("Schedule type", ""))
    for name, value in pairs.items():
        if name in _READERS:
            _READERS[name](draft, value)
        elif name not in _EXPECTED:
            draft.note(name, value)
    _settle_mode(draft, pairs)
    return draft


def split_parameters(text: str) -> tuple[str, str, dict[str, str]]:
    """Return (prompt, negative prompt, pairs); no pairs where the last line holds none."""
    lines = text.strip().splitlines()
    pairs = read_pairs(lines[-1]) if lines else {}
    if len(pairs) >= _LEAST_PAIRS:
        lines = lines[:-1]
    start = next((k for k, line in enumerate(lines) if line.startswith(_NEGATIVE)), len(lines))
    negative = "\n".join(lines[start:]).removeprefix(_NEGATIVE)
    return "\n".join(lines[:start]).strip(), negative.strip(), pairs


def read_pairs(line: str) -> dict[str, str]:
    """Return `Name: value` pairs divided by commas; quotes and brackets hold commas together."""
    pairs: dict[str, str] = {}
    for part in _parts(line):
        name, colon, value = part.partition(":")
        if colon and _NAME.fullmatch(name.strip()):
            pairs.setdefault(name.strip(), _unquoted(value.strip()))
    return pairs


def _parts(line: str) -> list[str]:
    parts, start, depth, quoted, escaped = [], 0, 0, False, False
    for at, letter in enumerate(line):
        if escaped:
            escaped = False
        elif quoted:
            escaped, quoted = letter == "\\", letter != '"'
        elif letter == '"':
            quoted = True
        elif letter in _OPENING:
            depth += 1
        elif letter in _CLOSING:
            depth = max(0, depth - 1)
        elif letter == "," and depth == 0:
            parts.append(line[start:at])
            start = at + 1
    return [*parts, line[start:]]


def _unquoted(value: str) -> str:
    if len(value) < 2 or not (value.startswith('"') and value.endswith('"')):
        return value
    try:
        return str(json.loads(value))
    except ValueError:
        return value


def _program(pairs: dict[str, str]) -> str:
    version = pairs.get("Version", "")
    if version == "Regrain":
        return "Regrain"
    return "Forge" if re.match(r"f\d|neo|forge", version, re.IGNORECASE) else "AUTOMATIC1111"


def _without_loras(prompt: str, draft: Draft) -> str:
    """Return the prompt without `<lora:name:weight>`, which is noted."""
    for name, weight in _LORA.findall(prompt):
        draft.add_lora(name, weight.partition(":")[0] or 1.0)
    return _LORA.sub("", prompt).strip()


def _settle_mode(draft: Draft, pairs: dict[str, str]) -> None:
    """A text without strength is of a picture made from words alone, or of a photograph cleaned."""
    if "Clean" in pairs:
        draft.values["mode"] = Mode.CLEAN
        draft.take("amount", pairs["Clean"], "Clean")
    elif "Denoising strength" not in pairs:
        draft.note("No strength: the picture was made from the prompt alone")


def _plain(name: str, label: str) -> Callable[[Draft, str], None]:
    def read(draft: Draft, value: str) -> None:
        draft.take(name, value, label)

    return read


def _seed(draft: Draft, value: str) -> None:
    draft.take_seed(value, "Seed")


def _clip_skip(draft: Draft, value: str) -> None:
    """AUTOMATIC1111 counts from 1, the last layer; diffusers counts the layers left out."""
    layers = int(value) - 1 if value.isascii() and value.isdigit() and len(value) < 4 else value
    draft.take("clip_skip", layers, "Clip skip")


_READERS: dict[str, Callable[[Draft, str], None]] = {
    "Steps": _plain("num_inference_steps", "Steps"),
    "CFG scale": _plain("guidance_scale", "CFG scale"),
    "Distilled CFG Scale": _plain("guidance_scale", "Distilled CFG Scale"),
    "Denoising strength": _plain("strength", "Denoising strength"),
    "Seed": _seed,
    "Clip skip": _clip_skip,
}
