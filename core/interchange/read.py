"""A recipe out of a file: a picture of ours or of another program, or a recipe file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from core.errors import SettingsError
from core.images.codec import Codec
from core.images.texts import PictureTexts
from core.interchange.comfyui import read_comfyui
from core.interchange.invokeai import read_invokeai
from core.interchange.own import read_own
from core.interchange.parameters import read_parameters
from core.interchange.restored import Draft, RestoredRecipe
from core.models.spec import ModelSpec, builtin_spec
from core.recipe import load_recipe

_RECIPE_ENDINGS = {".json", ".toml"}
_TEXT_ENDINGS = {".txt"}
_MAX_FILE = 32 << 20
_COMFYUI_TAGS = {"Make": "workflow:", "Model": "prompt:", "ImageDescription": "workflow:"}

_Attempt = Callable[[], RestoredRecipe]


def read_recipe(path: Path, codec: Codec, specs: Sequence[ModelSpec] = ()) -> RestoredRecipe:
    """Return the recipe that lies in a file.

    Read are results of Regrain, pictures of AUTOMATIC1111, Forge, ComfyUI and InvokeAI, recipe
    files (.json, .toml), graphs of ComfyUI (.json) and parameters texts (.txt).

    Args:
        codec: reads pictures without risk.
        specs: the models that are known; none means the built-in one alone.

    Raises:
        SettingsError: there is no recipe in it.
        ImageReadError: the picture cannot be read.
    """
    specs = specs or (builtin_spec(),)
    ending = path.suffix.lower()
    if ending in _RECIPE_ENDINGS | _TEXT_ENDINGS:
        return _of_text_file(path, specs)
    texts = codec.texts(path)
    restored = restore(texts, path.name, specs)
    return replace(restored, file_sha256=texts.file_sha256)


def restore(texts: PictureTexts, name: str, specs: Sequence[ModelSpec]) -> RestoredRecipe:
    """Return the first recipe among a picture's texts; `name` is for the error.

    Raises:
        SettingsError: there is none, or the only one cannot be read.
    """
    trouble: SettingsError | None = None
    for attempt in _attempts(texts, specs):
        try:
            return attempt()
        except SettingsError as error:
            trouble = trouble or error
    what = f" {trouble.message}" if trouble is not None else ""
    raise SettingsError(
        f"{name} holds no recipe.{what}",
        hint="Results of Regrain, AUTOMATIC1111, ComfyUI and InvokeAI do, unless they were sent "
        "through a program that takes such notes out.",
    )


def _attempts(texts: PictureTexts, specs: Sequence[ModelSpec]) -> Iterator[_Attempt]:
    """Yield ways to read the texts, the most telling first."""

    def drafted(read: Callable[[str], Draft], text: str) -> RestoredRecipe:
        return read(text).finished(specs)

    found = texts.texts
    if "edit" in texts.regrain:
        yield partial(read_own, texts.regrain, specs)
    if "invokeai_metadata" in found:
        yield partial(drafted, read_invokeai, found["invokeai_metadata"])
    for key in ("parameters", "UserComment", "Comment"):
        if key in found and ":" in found[key]:
            yield partial(drafted, read_parameters, found[key])
    for text in _graphs(found):
        yield partial(drafted, read_comfyui, text)


def _graphs(found: dict[str, str]) -> Iterator[str]:
    for key in ("prompt", "workflow"):
        if key in found:
            yield found[key]
    # ComfyUI writes into WebP and JPEG by EXIF's text tags.
    for tag, prefix in sorted(_COMFYUI_TAGS.items(), key=lambda pair: pair[1]):
        if found.get(tag, "").casefold().startswith(prefix):
            yield found[tag][len(prefix) :]


def _of_text_file(path: Path, specs: Sequence[ModelSpec]) -> RestoredRecipe:
    try:
        if path.stat().st_size > _MAX_FILE:
            raise SettingsError(f"{path.name} is too long for a recipe.")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{path.name} cannot be read: {error}.", hint="Give a recipe as a text in UTF-8."
        ) from error
    if path.suffix.lower() in _TEXT_ENDINGS:
        return read_parameters(text).finished(specs)
    try:
        return RestoredRecipe(load_recipe(path), "Regrain")
    except SettingsError as error:
        try:
            return read_comfyui(text).finished(specs)
        except SettingsError:
            raise error from None
