"""What a recipe means for one photograph: its own prompt, words, wildcards, LoRA and mask."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Protocol

from core.images.source import opened
from core.mask_files import mask_of
from core.prompts.lists import own_prompt
from core.prompts.tokens import FindLora, refuse_loras, with_tokens, without_loras
from core.prompts.wildcards import chosen, has_wildcards
from core.recipe import EditSettings


class Personal(Protocol):
    """Says what a recipe means for one photograph; `personal` is one."""

    def __call__(self, edit: EditSettings, source: Path, *, sha256: str = "") -> EditSettings:
        """Return the settings for the photograph `source`; errors as in `personal`."""


def personal(
    edit: EditSettings, source: Path, *, find_lora: FindLora | None = None, sha256: str = ""
) -> EditSettings:
    """Return the settings for one photograph, in which everything is said and nothing looked up.

    The prompt is its own from `edit.prompts`, or else the recipe's; tokens are replaced; wildcards
    are chosen by the seed and the photograph's bytes, whatever its name; LoRA tags move to
    `loras`; a folder of masks becomes the photograph's mask. Done twice, it changes nothing more.

    Args:
        source: the photograph.
        find_lora: gives a LoRA's file by its name.
        sha256: of the photograph's bytes, where it is known; else they are read when needed.

    Raises:
        SettingsError: no such token, wildcard, LoRA or list of prompts.
        ItemError: its mask or prompt is missing or unreadable; or the photograph is.
    """
    values: dict[str, object] = {}
    if _has_words(edit):
        values = _prompts(edit, source, find_lora, sha256)
    if edit.mask is not None and edit.mask.path is not None:
        path = mask_of(edit.mask.path, source)
        values["mask"] = edit.mask.model_copy(update={"path": path})
    return edit.model_copy(update=values) if values else edit


def is_personal(edit: EditSettings) -> bool:
    """Return whether photographs of one batch may come to different settings."""
    own_mask = edit.mask is not None and edit.mask.path is not None and edit.mask.path.is_dir()
    words = (edit.prompt, edit.negative_prompt)
    return bool(edit.prompts or own_mask) or any("{" in w or "__" in w for w in words)


def _has_words(edit: EditSettings) -> bool:
    words = edit.prompt, edit.negative_prompt, edit.prompts, edit.wildcards
    return any(words)


def _prompts(
    edit: EditSettings, source: Path, find_lora: FindLora | None, sha256: str
) -> dict[str, object]:
    prompt, negative = edit.prompt, edit.negative_prompt
    if edit.prompts is not None:
        own = own_prompt(edit.prompts, source)
        prompt = prompt if own.prompt is None else own.prompt
        negative = negative if own.negative_prompt is None else own.negative_prompt
    prompt, negative = with_tokens(prompt, source), with_tokens(negative, source)
    if has_wildcards(prompt) or has_wildcards(negative):
        seed = f"{edit.seed} {sha256 or _content(source)}"
        prompt = chosen(prompt, edit.wildcards, seed)
        negative = chosen(negative, edit.wildcards, f"{seed} negative")
    refuse_loras(negative)
    prompt, loras = without_loras(prompt, find_lora, edit.loras)
    return {
        "prompt": prompt,
        "negative_prompt": negative,
        "loras": loras,
        "prompts": None,
        "wildcards": None,
    }


def _content(source: Path) -> str:
    """Return the sha256 of a file's bytes. Raises ImageReadError."""
    with opened(source) as (fd, _), os.fdopen(os.dup(fd), "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
