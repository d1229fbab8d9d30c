"""InvokeAI's `invokeai_metadata`: one JSON object of named settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.errors import SettingsError
from core.interchange.json_text import read_json
from core.interchange.restored import Draft

_PLAIN = {
    "positive_prompt": ("prompt", "Prompt"),
    "negative_prompt": ("negative_prompt", "Negative prompt"),
    "steps": ("num_inference_steps", "Steps"),
    "cfg_scale": ("guidance_scale", "CFG scale"),
    "guidance": ("guidance_scale", "Guidance"),
    "strength": ("strength", "Strength"),
    "clip_skip": ("clip_skip", "Clip skip"),
}
_OWN_WAY = {"seed", "scheduler", "model", "loras", "init_image", "generation_mode"}
# Sizes, programs' own bookkeeping, and the style prompts that repeat the prompts.
_EXPECTED = {
    "width", "height", "app_version", "rand_device", "positive_style_prompt",
    "negative_style_prompt", "created_by", "canvas_v2_metadata", "cfg_rescale_multiplier",
}  # fmt: skip
_MADE_FROM_WORDS = "txt2img"


def read_invokeai(text: str) -> Draft:
    """Return the draft of a recipe from InvokeAI's metadata.

    Raises:
        SettingsError: it is no such text.
    """
    found = read_json(text)
    if not isinstance(found, dict) or not ({"steps", "positive_prompt", "seed"} & found.keys()):
        raise SettingsError("This text is none of InvokeAI's recipes.")
    draft = Draft("InvokeAI")
    for name, value in found.items():
        if value is None or value in ("", [], {}):
            continue
        if name in _PLAIN:
            draft.take(_PLAIN[name][0], value, _PLAIN[name][1])
        elif name not in _OWN_WAY | _EXPECTED:
            draft.note(name.replace("_", " "), value)
    _read_rest(draft, found)
    return draft


def _read_rest(draft: Draft, found: dict[str, Any]) -> None:
    if found.get("seed") is not None:
        draft.take_seed(found["seed"], "Seed")
    if isinstance(scheduler := found.get("scheduler"), str) and scheduler:
        # `_k` is InvokeAI's word for Karras' spacing.
        plain = scheduler.removesuffix("_k")
        draft.take_sampler(plain, "karras" if plain != scheduler else "", "Scheduler")
    draft.model = model_name(found.get("model"))
    loras = found.get("loras")
    for lora in loras if isinstance(loras, list) else ():
        if isinstance(lora, Mapping):
            name = model_name(lora.get("model") or lora.get("lora"))
            draft.add_lora(name or "without a name", lora.get("weight", 1.0))
    draft.source_name = str(found.get("init_image") or "")
    mode = str(found.get("generation_mode") or "")
    if mode.endswith(_MADE_FROM_WORDS) or "strength" not in found:
        draft.note("No strength: the picture was made from the prompt alone")


def model_name(value: object) -> str:
    """Return the name in any of the forms that InvokeAI's versions wrote."""
    if isinstance(value, Mapping):
        return str(value.get("name") or value.get("model_name") or "")
    return value if isinstance(value, str) else ""
