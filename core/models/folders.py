"""Models in the diffusers layout: what their folders hold, checked before anything is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from core.errors import ModelNotFoundError, ModelUntrustedError
from core.models.families import FAMILIES, Family
from core.models.family_spec import family_spec
from core.models.folder_weights import count_numbers, weight_files
from core.models.header import variant_of, words_of
from core.models.spec import Layout, ModelFile, ModelSpec, Prediction
from core.models.trust import (
    MODEL_INDEX,
    check_folder,
    class_of,
    inside,
    read_pipeline,
    read_settings,
)

UNKNOWN_HASH = "0" * 64
"""Of a file that nobody has read whole yet."""

_UNUSED = frozenset({"safety_checker", "feature_extractor", "image_encoder"})
"""Never loaded with the model, so that their files need not be read, pinned or trusted."""

_OPTIONAL = frozenset({"text_encoder_3", "tokenizer_3"})
"""What its family does without: Stable Diffusion 3 is often used without T5."""

_NO_WEIGHTS = ("tokenizer", "processor", "scheduler")
_SETTINGS = (
    "config.json", "scheduler_config.json", "tokenizer_config.json", "preprocessor_config.json",
    "processor_config.json", "special_tokens_map.json", "generation_config.json",
)  # fmt: skip
_PIPELINES = {name for family in FAMILIES.values() for name in family.pipelines}
_CLASSES = {
    name for family in FAMILIES.values() for names in family.components.values() for name in names
}
_ODD_CHANNELS = (
    "takes more than the picture itself ({} channels): it was made for inpainting, "
    "depth maps or the like"
)
_SHORTENED_FAMILY = "is Stable Diffusion XL's refiner, which only finishes another model's pictures"
_TIMES_SMALLER = 8
"""How much smaller latents are than pictures, in each direction."""


@dataclass(frozen=True)
class _Folder:
    """A diffusers folder that was checked.

    Attributes:
        folder: out of which no link leads; `home` below it is where the model begins.
        pipeline: its pipeline's class.
        parts: the class of each component that is there.
        settings: of the components that have them, by name.
        files: all that may be opened, relative to `folder`.
    """

    folder: Path
    home: str
    pipeline: str
    parts: dict[str, str]
    settings: dict[str, dict[str, Any]]
    files: tuple[str, ...]

    def path(self, name: str) -> str:
        return (PurePosixPath(self.home) / name).as_posix()

    def has_files(self, name: str) -> bool:
        return any(path.startswith(f"{self.path(name)}/") for path in self.files)

    def refusal(self, what: str, hint: str = "") -> ModelUntrustedError:
        return ModelUntrustedError(
            f"{self.folder.name} {what}; Regrain does not use it.",
            hint=hint or "Choose a model of a known family: regrain models download",
        )


def read_diffusers(folder: Path, home: str = "") -> ModelSpec:
    """Return the model in a diffusers folder; only settings and headers are read.

    Files are not hashed: each has UNKNOWN_HASH.

    Args:
        folder: out of which no link may lead.
        home: where in it the model begins, with slashes; in the hub's cache a snapshot.

    Raises:
        OSError: something cannot be read.
        ModelNotFoundError: it lacks files.
        ModelUntrustedError: it can run code, is damaged, or of no family that Regrain knows.
    """
    found = _read(folder, home)
    family = _family(found)
    _check_components(found, family)
    weights = {
        name: weight_files(folder, found.path(name), found.files)
        for name in found.parts
        if not name.startswith(_NO_WEIGHTS)
    }
    title = _title(folder)
    return family_spec(
        family.id,
        _variant(found, family, title),
        id=family.id,
        name=title,
        folder=folder,
        home=home,
        layout=Layout.DIFFUSERS,
        files=_files(found, weights),
        prediction=_prediction(found, family),
        parameters={name: count_numbers(folder, names) for name, names in weights.items()},
        native_size=_native_size(found, family),
    )


def _read(folder: Path, home: str) -> _Folder:
    kept = check_folder(folder, home)
    parts = read_pipeline(folder, _PIPELINES, _CLASSES, home)
    index = inside(folder, (PurePosixPath(home) / MODEL_INDEX).as_posix())
    pipeline = class_of(index, read_settings(index), _PIPELINES)
    parts = {name: kind for name, kind in parts.items() if name not in _UNUSED}
    start = folder / home
    settings: dict[str, dict[str, Any]] = {name: {} for name in parts}
    for path in kept:
        name, *below = path.relative_to(start).parts
        if name in parts and len(below) == 1 and below[0] in _SETTINGS:
            settings[name] |= read_settings(path)
    files = tuple(path.relative_to(folder).as_posix() for path in kept)
    return _Folder(folder, home, pipeline, parts, settings, files)


def _family(found: _Folder) -> Family:
    families = [family for family in FAMILIES.values() if found.pipeline in family.pipelines]
    if len(families) > 1:
        # Stable Diffusion 1 and 2 have the same classes.
        is_second = bool(found.settings.get("unet", {}).get("use_linear_projection"))
        return FAMILIES["sd2" if is_second else "sd1"]
    return families[0]


def _check_components(found: _Folder, family: Family) -> None:
    """Refuse components that are not the family's, are not there, or say that they are others."""
    for name, kind in found.parts.items():
        if kind not in family.components.get(name, ()):
            raise found.refusal(f"has a {kind} as its {name}")
        named = _own_classes(name, found.settings[name])
        if named and not named & set(family.components[name]):
            raise found.refusal(f"has a {min(named)[:80]} as its {name}")
    if family.id == "sdxl" and "text_encoder" not in found.parts:
        raise found.refusal(_SHORTENED_FAMILY, "Choose the base model; a low strength refines.")
    _check_whole(found, family)
    _check_channels(found, family)


def _check_whole(found: _Folder, family: Family) -> None:
    # Qwen-Image looks at pictures only where it edits by instruction.
    spare = _OPTIONAL if family.capabilities.instruct else _OPTIONAL | {"processor"}
    for name in sorted(family.components.keys() - _UNUSED - spare):
        if name not in found.parts:
            raise _lacking(found, f"{name}, so it is no whole model")
    for name in found.parts:
        if not found.settings[name] and not found.has_files(name):
            raise _lacking(found, f"files for its {name}")
        if not found.settings[name] and not name.startswith(("tokenizer", "processor")):
            raise _lacking(found, f"settings for its {name}")


def _lacking(found: _Folder, what: str) -> ModelNotFoundError:
    return ModelNotFoundError(
        f"{found.folder.name} has no {what}.",
        hint="Choose the whole model, or download it again.",
    )


def _own_classes(name: str, settings: dict[str, Any]) -> set[str]:
    """Return the classes that a component's own settings name."""
    # What is no name is none of ours, and is refused as such.
    said = settings.get("_class_name")
    named = {str(said)} if said is not None else set()
    if not name.startswith(("tokenizer", "processor")):
        listed = settings.get("architectures")
        named |= set(map(str, listed)) if isinstance(listed, list) else set()
    return named


def _check_channels(found: _Folder, family: Family) -> None:
    vae = found.settings["vae"]
    channels = vae.get("latent_channels", vae.get("z_dim", family.latent_channels))
    if channels != family.latent_channels:
        raise found.refusal(f"has an autoencoder of {str(channels)[:9]} channels")
    denoiser = found.settings[family.denoiser]
    packed = 4 if family.id.startswith(("flux", "qwen")) else 1
    inputs = denoiser.get("in_channels", family.latent_channels * packed)
    if inputs != family.latent_channels * packed:
        raise found.refusal(_ODD_CHANNELS.format(str(inputs)[:9]))


def _variant(found: _Folder, family: Family, title: str) -> str:
    denoiser, scheduler = found.settings[family.denoiser], found.settings["scheduler"]
    if family.id == "flux":
        return "" if denoiser.get("guidance_embeds", False) else "schnell"
    if family.id == "qwen-image-edit":
        return "plus" if found.pipeline == "QwenImageEditPlusPipeline" else ""
    if family.id == "flux2-klein":
        return "base" if "base" in words_of(title) else ""
    told = variant_of(family.id, words_of(title))
    by_class = {"LCMScheduler": "lcm", "TCDScheduler": "hyper"}.get(found.parts["scheduler"], "")
    if denoiser.get("time_cond_proj_dim") or (not told and scheduler):
        told = "lcm" if denoiser.get("time_cond_proj_dim") else by_class
    return told if told in family.variants else ""


def _prediction(found: _Folder, family: Family) -> Prediction:
    if family.prediction is Prediction.FLOW:
        return Prediction.FLOW
    named = found.settings["scheduler"].get("prediction_type", Prediction.EPSILON.value)
    if named not in (Prediction.EPSILON, Prediction.V):
        raise found.refusal(f"predicts {str(named)[:40]!r}, which no sampler here follows")
    return Prediction(named)


def _native_size(found: _Folder, family: Family) -> int:
    """Return the side of the square that it was made for, in pixels."""
    side = found.settings[family.denoiser].get("sample_size")
    if family.denoiser != "unet" or not isinstance(side, int) or not 0 < side <= 1024:
        return family.native_size
    return side * _TIMES_SMALLER


def _files(found: _Folder, weights: dict[str, tuple[str, ...]]) -> tuple[ModelFile, ...]:
    """Return what is loaded: settings and tokenizers of the parts, and one form of weights."""
    start = PurePosixPath(found.home)
    kept = [ModelFile(path=found.path(MODEL_INDEX), sha256=UNKNOWN_HASH)]
    for path in found.files:
        below = PurePosixPath(path).relative_to(start).parts
        name = below[0]
        if name not in found.parts or len(below) < 2:
            continue
        if not path.endswith(".safetensors") or path in weights.get(name, ()):
            kept.append(ModelFile(path=path, sha256=UNKNOWN_HASH, role=name))
    return tuple(kept)


def _title(folder: Path) -> str:
    """Return what people call it: its folder's name, in the hub's cache the model's."""
    return folder.name.split("--")[-1] if folder.name.startswith("models--") else folder.name
