"""Where each component's weights are, by the way in which the model lies on the disk."""

from __future__ import annotations

from collections.abc import Mapping

from core.engine.latent.conversions import SINGLE, loose, network
from core.engine.latent.files import Folder, lacking, weights_in
from core.engine.latent.weights import WeightSource
from core.errors import ModelNotFoundError
from core.models.families import FAMILIES
from core.models.spec import Layout, ModelSpec
from core.models.trust import inside

_WITHOUT_WEIGHTS = ("tokenizer", "processor")
_OPTIONAL = {"sd3": frozenset({"text_encoder_3"})}
"""Components that a family does without where they are not in the file."""


def weight_sources(
    spec: ModelSpec, folder: Folder, classes: Mapping[str, str]
) -> dict[str, WeightSource | None]:
    """Return the source of every component that has weights; None: the model does without it.

    Args:
        folder: holds the model's settings.
        classes: of its components, by name.

    Raises:
        ModelNotFoundError: a component has no weights in the files that the spec lists.
        ModelUntrustedError: a file is damaged.
    """
    found: dict[str, WeightSource | None] = {}
    for name, class_name in classes.items():
        if name.startswith(_WITHOUT_WEIGHTS):
            continue
        if spec.layout is Layout.SINGLE:
            found[name] = _of_single(spec, name, class_name)
        elif spec.layout is Layout.PARTS:
            found[name] = _of_parts(spec, name, class_name)
        else:
            found[name] = _of_folder(folder, name)
    return found


def _of_folder(folder: Folder, name: str) -> WeightSource:
    files = weights_in(folder.of(name))
    if not files:
        raise lacking(folder.name, f"the weights of its {name}")
    return WeightSource(folder.name, files)


def _of_single(spec: ModelSpec, name: str, class_name: str) -> WeightSource | None:
    places = SINGLE.get(spec.family, {})
    if name not in places:
        raise ModelNotFoundError(
            f"{FAMILIES[spec.family].name} is not read from single files.",
            hint="Use it as a diffusers folder.",
        )
    prefix, convert = places[name]
    files = tuple(inside(spec.folder, entry.path) for entry in spec.files)
    source = WeightSource(spec.name, files, convert or network(class_name), (prefix,))
    if source.shapes():
        return source
    if name in _OPTIONAL.get(spec.family, ()):
        return None
    raise lacking(spec.name, f"the weights of its {name}")


def _of_parts(spec: ModelSpec, name: str, class_name: str) -> WeightSource | None:
    files = tuple(inside(spec.folder, entry.path) for entry in spec.files if entry.role == name)
    if files:
        return WeightSource(spec.name, files, loose(name, class_name))
    if name in _OPTIONAL.get(spec.family, ()):
        return None
    raise lacking(spec.name, f"a file with its {name}")
