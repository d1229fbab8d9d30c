"""Making models of what was found: single files, and parts that lie apart."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from core.models.companions import settings_files, settings_folder
from core.models.families import FAMILIES
from core.models.family_spec import family_spec
from core.models.found import SETTINGS_MISSING, ExtraFile, ExtraKind, LoosePart
from core.models.header import FoundFile
from core.models.pins import UNPINNED
from core.models.places import Place, place_of
from core.models.spec import Layout, ModelFile, ModelSpec

CHECKPOINT = "checkpoint"
_FLUX_NEEDS = {"text_encoder": "clip_l", "text_encoder_2": "t5xxl", "vae": "ae"}
_QWEN_NEEDS = {"text_encoder": "qwen_2.5_vl_7b", "vae": "qwen_image_vae"}
NEEDS = {
    "flux": _FLUX_NEEDS,
    "flux-kontext": _FLUX_NEEDS,
    "sd3": {
        "text_encoder": "clip_l", "text_encoder_2": "clip_g", "text_encoder_3": "t5xxl",
        "vae": "sd3_vae",
    },
    "z-image": {"text_encoder": "qwen_3_4b", "vae": "ae"},
    "qwen-image": _QWEN_NEEDS,
    "qwen-image-edit": _QWEN_NEEDS,
    "flux2-klein": {"text_encoder": "qwen_3_4b", "vae": "flux2-vae"},
}  # fmt: skip
"""What a transformer in a file of its own needs beside it: by component, what kind of file."""

_OPTIONAL = {"sd3": frozenset({"text_encoder_3"})}
"""Components that a family does without where there is no such file."""

_EXTRAS = {kind.value: kind for kind in ExtraKind}


@dataclass(frozen=True)
class Found:
    """A file that was identified, where it lies."""

    place: Place
    file: FoundFile


def is_model(found: Found) -> bool:
    """Return whether it is a model, or what a model is built around."""
    family = FAMILIES.get(found.file.family)
    return family is not None and found.file.role in (CHECKPOINT, family.denoiser, "transformer")


def extra_of(found: Found) -> ExtraFile | None:
    """Return it as a file that changes how models work, if that is what it is."""
    kind = _EXTRAS.get(found.file.role)
    if kind is None:
        return None
    place = found.place
    return ExtraFile(kind=kind, name=place.title, path=place.path, family=found.file.family)


def part_of(found: Found) -> LoosePart | None:
    """Return it as a part that models in several files share, if it can be one."""
    file = found.file
    if is_model(found) or (file.role in _EXTRAS and file.role != ExtraKind.VAE):
        return None
    return LoosePart(
        role=file.role,
        path=found.place.path,
        family=file.family,
        variant=file.variant,
        dtype=file.dtype,
    )


def single_model(found: Found, model_id: str, home: Path) -> ModelSpec:
    """Return the model that lies in one file, not pinned yet.

    Args:
        home: the shelf's folder, where its settings are looked for.
    """
    entry = ModelFile(path=_name(found.place), sha256=UNPINNED, role=CHECKPOINT)
    return _model(found, model_id, home, found.place.folder, (entry,), Layout.SINGLE, ())


def model_in_parts(
    found: Found, model_id: str, home: Path, parts: Sequence[LoosePart]
) -> ModelSpec:
    """Return the model around a transformer that lies alone, not pinned yet.

    Args:
        parts: what may be used with it; of several that fit, the first of the same kind of
            numbers is, then one that lies nearest.
    """
    family = FAMILIES[found.file.family]
    chosen: dict[str, Place] = {family.denoiser: found.place}
    lacking = []
    for role, name in NEEDS.get(family.id, {}).items():
        fitting = [part for part in parts if part.variant == name]
        if fitting:
            best = min(fitting, key=lambda part: _distance(part, found))
            chosen[role] = place_of(best.path)
        elif role not in _OPTIONAL.get(family.id, ()):
            lacking.append(name)
    folder = Path(os.path.commonpath([place.folder for place in chosen.values()]))
    files = tuple(
        ModelFile(path=_name(place, folder), sha256=UNPINNED, role=role)
        for role, place in chosen.items()
    )
    return _model(found, model_id, home, folder, files, Layout.PARTS, tuple(lacking))


def is_in_parts(found: Found) -> bool:
    """Return whether the model needs other files of weights."""
    return found.file.role != CHECKPOINT


def _model(
    found: Found,
    model_id: str,
    home: Path,
    folder: Path,
    files: tuple[ModelFile, ...],
    layout: Layout,
    missing: tuple[str, ...],
) -> ModelSpec:
    file = found.file
    settings = settings_folder(home, file.family, file.parameters)
    known = {"prediction": file.prediction} if file.prediction is not None else {}
    return family_spec(
        file.family,
        file.variant,
        id=model_id,
        name=_shown(file.title) or found.place.title,
        folder=folder,
        files=files,
        layout=layout,
        config_folder=settings,
        config_files=settings_files(settings) if settings is not None else (),
        parameters=file.parameters,
        missing=missing if settings is not None else (*missing, SETTINGS_MISSING),
        **known,
    )


def _shown(title: str) -> str:
    """Return what a file calls itself without what would move a cursor or turn a line round."""
    words = "".join(letter if letter.isprintable() else " " for letter in title).split()
    return " ".join(words)[:120]


def _distance(part: LoosePart, found: Found) -> tuple[bool, int, str]:
    here, there = found.place.path.parts, part.path.parts
    shared = sum(
        1 for _ in takewhile(lambda both: both[0] == both[1], zip(here, there, strict=False))
    )
    return part.dtype != found.file.dtype, -shared, str(part.path)


def _name(place: Place, folder: Path | None = None) -> str:
    return place.path.relative_to(folder or place.folder).as_posix()


def usable(parts: Iterable[LoosePart]) -> tuple[LoosePart, ...]:
    """Return the parts that are still there."""
    return tuple(part for part in parts if part.path.is_file())
