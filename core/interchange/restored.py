"""What was restored of a recipe, and the draft in which it is put together piece by piece."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath, PureWindowsPath
from typing import Any

from pydantic import ValidationError

from core.errors import SettingsError
from core.models.spec import ModelSpec
from core.recipe import EditSettings, Mode, Recipe, SeedMode
from core.samplers import read_sampler, read_sigmas

_SHOWN_LETTERS = 80
_SHORTEST_HASH = 8
_MODEL_ENDINGS = {".safetensors", ".ckpt", ".pt", ".pth", ".sft", ".gguf", ".bin"}


@dataclass(frozen=True)
class RestoredRecipe:
    """A recipe that was found somewhere, and what of it could not be taken over.

    Attributes:
        recipe: what was understood; what was not said has its default.
        program: who wrote it, such as "AUTOMATIC1111".
        not_understood: each thing that was left out, in words: "Hires upscale: 2".
        missing_model: the model's name, where none of the known ones is it; the recipe then
            names the built-in one.
        loras: name and weight of each LoRA; their files are not known.
        source_name: the file name of the edited picture, where the program noted it.
        source_sha256: the hash of the edited photograph's bytes, where it was noted.
        file_sha256: the hash of the file that was read, by which the library finds its own
            results; empty for a text.
        key: the idempotency key of a result of ours.
    """

    recipe: Recipe
    program: str
    not_understood: tuple[str, ...] = ()
    missing_model: str = ""
    loras: tuple[tuple[str, float], ...] = ()
    source_name: str = ""
    source_sha256: str | None = None
    file_sha256: str = ""
    key: str = ""


@dataclass
class Draft:
    """A recipe under restoration: edit values that are sure to be valid, and what is left over."""

    program: str
    values: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    model: str = ""
    model_hash: str = ""
    loras: list[tuple[str, float]] = field(default_factory=list)
    source_name: str = ""

    def take(self, name: str, value: object, label: str) -> bool:
        """Set an edit setting, or note it under `label` when the value is not allowed."""
        try:
            checked = EditSettings.model_validate({name: value})
        except (ValidationError, OverflowError):
            self.note(label, value)
            return False
        self.values[name] = getattr(checked, name)
        return True

    def take_seed(self, value: object, label: str) -> None:
        """Set a seed for all photographs alike, as other programs mean it."""
        if self.take("seed", value, label):
            self.values["seed_mode"] = SeedMode.FIXED

    def take_sampler(self, name: str, sigmas: str = "", label: str = "Sampler") -> None:
        """Set scheduler and spacing from another program's words."""
        try:
            scheduler, spacing = read_sampler(name)
        except SettingsError as error:
            self.note(label, f"{name} ({error.hint})" if error.hint else name)
        else:
            self.take("scheduler", scheduler, label)
            if spacing is not None:
                self.take("sigmas", spacing, label)
        if sigmas:
            read = read_sigmas(sigmas)
            if read is None:
                self.note("Spacing of the steps", sigmas)
            else:
                self.take("sigmas", read, label)

    def add_lora(self, name: str, weight: object) -> None:
        """Note a LoRA; its file is not known."""
        try:
            number = float(str(weight))
        except ValueError:
            number = 1.0
        stem = file_stem(name)
        self.loras.append((stem, number))
        self.note("LoRA", f"{stem} (weight {number:g})")

    def note(self, label: str, value: object = "") -> None:
        """Add to what was not understood, once."""
        text = shown(value)
        line = f"{shown(label)}: {text}" if text else shown(label)
        if line not in self.notes:
            self.notes.append(line)

    def finished(self, specs: Sequence[ModelSpec]) -> RestoredRecipe:
        """Return the recipe, its model looked for among `specs`."""
        found = find_model(self.model, self.model_hash, specs)
        values = {"mode": Mode.REPAINT} | self.values
        if found:
            values["model"] = found
        wanted = bool(self.model or self.model_hash) and not found
        return RestoredRecipe(
            Recipe(edit=EditSettings.model_validate(values)),
            self.program,
            tuple(self.notes),
            missing_model=shown(file_stem(self.model) or self.model_hash) if wanted else "",
            loras=tuple(self.loras),
            source_name=self.source_name,
        )


def find_model(name: str, sha256: str, specs: Sequence[ModelSpec]) -> str:
    """Return the id of the model with this name or (beginning of a) hash; empty for none."""
    wanted, digest = file_stem(name).casefold(), sha256.strip().lower()
    for spec in specs:
        by_hash = len(digest) >= _SHORTEST_HASH and any(
            known.startswith(digest) for known in spec.hashes()
        )
        if by_hash or (wanted and wanted in (spec.id.casefold(), spec.name.casefold())):
            return spec.id
    return ""


def file_stem(name: str) -> str:
    """Return the name of a model's file without folder and ending, whatever system wrote it."""
    plain = PureWindowsPath(name).name
    path = PurePath(plain)
    return path.stem if path.suffix.lower() in _MODEL_ENDINGS else plain


def shown(value: object) -> str:
    """Return a value on one line, not too long, for a list that people read."""
    if isinstance(value, Mapping | list | tuple):
        return f"{len(value)} values"
    text = " ".join(str(value).encode("utf-8", "replace").decode("utf-8").split())
    return text if len(text) <= _SHOWN_LETTERS else f"{text[: _SHOWN_LETTERS - 1]}…"
