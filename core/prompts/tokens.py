"""Words in a prompt that stand for something else: tokens, and `<lora:name:weight>`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from pydantic import ValidationError

from core.errors import SettingsError
from core.models.found import ExtraFile, ExtraKind
from core.recipe import LoraSetting, settings_error

FindLora = Callable[[str], Path]
"""Gives the LoRA file of a name; raises SettingsError where there is none."""

_TOKEN = re.compile(r"(?<![{\\$])\{(\w+)(?::(\w+))?\}(?!\})")
_TAG = re.compile(r"<(\w+):([^<>]*)>")
_SYNTAX = re.compile(r"[()\[\]{}<>|\\$#]|::|__+")
_TOKENS = ("filename", "folder", "exif")


def with_tokens(prompt: str, source: Path) -> str:
    """Return a prompt with {filename}, {folder} and {exif:NAME} said of a photograph.

    A file's name is words, whatever characters are in it: what prompts have a use for is left out.

    Raises:
        SettingsError: there is no such token, or EXIF no such tag.
        ImageReadError: the photograph's metadata cannot be read.
    """

    def said(found: re.Match[str]) -> str:
        return _plain(_value(found[1], found[2], source))

    return _TOKEN.sub(said, prompt)


def _value(token: str, name: str | None, source: Path) -> str:
    if token == "filename" and name is None:
        return source.stem
    if token == "folder" and name is None:
        return source.parent.name
    if token != "exif" or name is None:
        raise SettingsError(
            f"There is no {{{token}}} that a prompt could say of a photograph.",
            hint="There are {filename}, {folder} and {exif:NAME}, such as {exif:Model}.",
        )
    # Pillow and NumPy come with it, and the window must not wait for them.
    from core.images.exif_words import exif_word, is_exif_name

    if not is_exif_name(name):
        raise SettingsError(
            f"EXIF has nothing called {name}.",
            hint="Common are Model, LensModel, FNumber, ISO, FocalLength and DateTimeOriginal.",
        )
    return exif_word(source, name)


def _plain(value: str) -> str:
    return " ".join(_SYNTAX.sub(" ", value).split())


def without_loras(
    prompt: str, find: FindLora | None, loras: tuple[LoraSetting, ...] = ()
) -> tuple[str, tuple[LoraSetting, ...]]:
    """Return a prompt without its `<lora:name:weight>`, and `loras` with those added.

    One that is among `loras` already gets the prompt's weight.

    Raises:
        SettingsError: there is no such LoRA, the weight is none, or it is another kind of tag.
    """
    settings = {lora.path: lora for lora in loras}
    for kind, inside in _TAG.findall(prompt):
        if kind != "lora":
            raise SettingsError(
                f"<{kind}:{inside}> is of no use here; a prompt may name LoRA files only.",
                hint="Write <lora:name:weight>.",
            )
        lora = _lora(inside, find)
        settings[lora.path] = lora
    if not settings or prompt == (bare := _TAG.sub("", prompt)):
        return prompt, loras
    return re.sub(r"[ \t]{2,}", " ", bare).strip(" ,"), tuple(settings.values())


def refuse_loras(prompt: str) -> None:
    """Refuse tags where they would do nothing.

    Raises:
        SettingsError: there is one in the prompt.
    """
    found = _TAG.search(prompt)
    if found:
        raise SettingsError(
            f"{found[0]} does nothing in the negative prompt.", hint="Put it into the prompt."
        )


def lora_finder(files: Iterable[ExtraFile]) -> FindLora:
    """Return what finds a LoRA among `files` by its name, whatever its case."""
    paths = {file.name.casefold(): file.path for file in files if file.kind is ExtraKind.LORA}

    def find(name: str) -> Path:
        path = paths.get(name.casefold())
        if path is None:
            known = ", ".join(sorted(paths)[:12]) or "none"
            raise SettingsError(
                f"There is no LoRA called {name} for this model.",
                hint=f"There are: {known}. Add one with: regrain models add PATH",
            )
        return path

    return find


def _lora(inside: str, find: FindLora | None) -> LoraSetting:
    name, _, weight = (part.strip() for part in inside.partition(":"))
    if not name or find is None:
        raise SettingsError(
            f"There is no LoRA called {name!r}.", hint="Add one with: regrain models add PATH."
        )
    try:
        return LoraSetting.model_validate({"path": find(name), "weight": weight or 1.0})
    except ValidationError as error:
        raise settings_error(error, where=f"<lora:{inside}>") from error
