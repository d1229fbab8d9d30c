"""Which files of a component's folder are its weights, and how many numbers they are."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from core.errors import ModelNotFoundError
from core.models.header import Header
from core.models.trust import check_weights, inside, read_shards

_STEMS = ("diffusion_pytorch_model", "model")
_FORMS = ("", ".fp16", ".bf16")
"""The forms that a folder may have side by side, the one that is taken first."""


def weight_files(folder: Path, component: str, files: Iterable[str]) -> tuple[str, ...]:
    """Return the files of weights of one component, in one of the forms that are there.

    Args:
        folder: out of which no link may lead.
        component: the component's folder in it, with slashes.
        files: all that may be opened, relative to `folder`.

    Raises:
        OSError: something cannot be read.
        ModelNotFoundError: there are none, or some of several files are not there.
        ModelUntrustedError: a list of files names others than those beside it.
    """
    known = {path for path in files if PurePosixPath(path).parent == PurePosixPath(component)}
    for form in _FORMS:
        for stem in _STEMS:
            whole = f"{component}/{stem}{form}.safetensors"
            if whole in known:
                return (whole,)
            for index in (
                f"{stem}.safetensors.index{form}.json",
                f"{stem}{form}.safetensors.index.json",
            ):
                if f"{component}/{index}" in known:
                    return _shards(folder, component, index, known)
    raise _lacking(folder, component)


def count_numbers(folder: Path, files: Iterable[str]) -> int:
    """Return how many numbers there are in files of weights; their headers are checked.

    Raises:
        OSError: one cannot be read.
        ModelUntrustedError: one can run code, or is damaged.
    """
    paths = [inside(folder, name) for name in files]
    return sum(Header(path.name, check_weights(path)).count() for path in paths)


def _shards(folder: Path, component: str, index: str, known: set[str]) -> tuple[str, ...]:
    shards = read_shards(inside(folder, f"{component}/{index}"), folder)
    names = tuple(f"{component}/{shard}" for shard in shards)
    for name in names:
        if name not in known:
            raise _lacking(folder, name)
    return names


def _lacking(folder: Path, name: str) -> ModelNotFoundError:
    what = (
        name if name.endswith(".safetensors") else f"the weights of its {PurePosixPath(name).name}"
    )
    return ModelNotFoundError(
        f"{folder.name} lacks {what}.",
        hint="Download it again; it has to be there as .safetensors files.",
    )
