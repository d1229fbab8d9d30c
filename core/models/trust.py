"""Which model files may be opened: no pickles, no programs, no class that is not ours.

Nothing here imports a model library, and nothing that a file names is looked up.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

from core.errors import ModelUntrustedError
from core.models.weights_file import Tensor, open_file, read_header

MODEL_INDEX = "model_index.json"
PICKLE_SUFFIXES = frozenset(
    {".ckpt", ".pt", ".pth", ".bin", ".pkl", ".pickle", ".th", ".tar", ".joblib", ".dill", ".npy"}
    | {".npz", ".h5", ".hdf5", ".keras", ".msgpack", ".zip", ".pt2", ".onnx"}
)
"""Files in which a program can hide, or that only such formats use."""

MAX_JSON = 4 << 20
"""Bytes of a settings file; the largest of known models have some kilobytes."""

LIBRARIES = frozenset({"diffusers", "transformers", "stable_diffusion"})
"""Where parts' classes come from; the last is a folder of diffusers, for its safety checker."""

_REMOTE_CODE = frozenset({"auto_map", "custom_pipeline", "custom_pipelines", "trust_remote_code"})
_PICKLE = re.compile(rb"\x80[\x02-\x05]|\(dp\d|\(lp\d|c(?:__builtin__|builtins|posix|nt|os)\n")
_ARCHIVES = (b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf", b"BZh", b"\xfd7zXZ", b"Rar!", b"\x93NUMPY")
_CODE_SUFFIXES = frozenset({".py", ".pyc", ".pyd", ".so", ".dll", ".dylib", ".exe", ".sh", ".bat"})
_OPENED = frozenset({".safetensors", ".json", ".txt", ".jinja"})
"""Weights, settings, vocabularies, and templates of chats, which run in a sandbox."""

_DRIVE = re.compile(r"^[A-Za-z]:")


def is_pickle_name(name: str) -> bool:
    """Return whether a file of this name is never opened, whatever it holds."""
    return PurePosixPath(name.lower()).suffix in PICKLE_SUFFIXES


def pickle_error(name: str) -> ModelUntrustedError:
    """Return the error for a file that runs code when a model library opens it."""
    return ModelUntrustedError(
        f"{name} can run code when opened, so Regrain does not open it.",
        hint="Ask for a .safetensors version.",
    )


def check_weights(path: Path) -> dict[str, Tensor]:
    """Look at a file of weights before any library does; return its tensors by name.

    Raises:
        OSError: it cannot be read.
        ModelUntrustedError: it can run code, or is no whole .safetensors file.
    """
    if is_pickle_name(path.name):
        raise pickle_error(path.name)
    with open_file(path) as file:
        head = file.read(64)
    # A .safetensors file begins with its header's length, then "{".
    if head[8:9] != b"{" and (head.startswith(_ARCHIVES) or _PICKLE.match(head)):
        raise pickle_error(path.name)
    return read_header(path)


def read_settings(path: Path) -> dict[str, Any]:
    """Return the settings in a JSON file of a model.

    Raises:
        OSError: it cannot be read.
        ModelUntrustedError: it is too long, damaged, or asks for code to be run.
    """
    with open_file(path) as file:
        text = file.read(MAX_JSON + 1)
    if len(text) > MAX_JSON:
        _refuse(f"{path.name} is far longer than settings are")
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        _refuse(f"{path.name} cannot be read")
    if not isinstance(values, dict):
        _refuse(f"{path.name} holds no settings")
    if found := _REMOTE_CODE & values.keys():
        _refuse(f"{path.name} asks for a program of its own to be run ({min(found)})")
    return values


def class_of(path: Path, values: Mapping[str, Any], classes: Collection[str]) -> str:
    """Return the class that settings name.

    Args:
        path: their file, for sentences.
        values: the settings.
        classes: those that may be named.

    Raises:
        ModelUntrustedError: none of `classes`.
    """
    name = values.get("_class_name")
    if not isinstance(name, str) or name not in classes:
        _refuse(f"{path.name} names the class {str(name)[:80]!r}, which Regrain does not run")
    return name


def read_pipeline(
    folder: Path, pipelines: Collection[str], components: Collection[str], home: str = ""
) -> dict[str, str]:
    """Return the class of each part of a pipeline in diffusers' layout, by the part's folder.

    Args:
        folder: holds all that the pipeline is made of.
        pipelines: classes that a pipeline may be.
        components: classes that its parts may be.
        home: where in `folder` MODEL_INDEX lies.

    Raises:
        OSError: the index cannot be read.
        ModelUntrustedError: something is named that is not in these lists.
    """
    index = inside(folder, f"{home}/{MODEL_INDEX}" if home else MODEL_INDEX)
    values = read_settings(index)
    class_of(index, values, pipelines)
    parts = {}
    for name, entry in values.items():
        # Underscores mark what diffusers notes; plain values are settings of the pipeline.
        if name.startswith("_") or not isinstance(entry, list) or entry == [None, None]:
            continue
        known = len(entry) == 2 and all(isinstance(word, str) for word in entry)
        if not known or entry[0] not in LIBRARIES or entry[1] not in components:
            _refuse(f"{MODEL_INDEX} names {str(entry)[:80]}, which Regrain does not run")
        inside(folder, f"{home}/{name}" if home else name)
        parts[name] = str(entry[1])
    return parts


def read_shards(index: Path, folder: Path | None = None) -> tuple[str, ...]:
    """Return the files that an index of weights (`*.safetensors.index.json`) names, sorted.

    Args:
        index: lies beside them.
        folder: out of which no link may lead; None: the index's own.

    Raises:
        OSError: it cannot be read.
        ModelUntrustedError: it names anything but .safetensors files beside it.
    """
    shards = read_settings(index).get("weight_map")
    if not isinstance(shards, dict) or not all(isinstance(name, str) for name in shards.values()):
        _refuse(f"{index.name} lists no weights")
    names = sorted(set(shards.values()))
    for name in names:
        if is_pickle_name(name):
            raise pickle_error(name[:80])
        if name != PurePosixPath(name).name or not name.endswith(".safetensors"):
            _refuse(f"{index.name} names {name[:80]!r}, which is no .safetensors file beside it")
        whole = folder or index.parent
        inside(whole, (index.parent / name).relative_to(whole).as_posix())
    return tuple(names)


def check_folder(folder: Path, home: str = "") -> tuple[Path, ...]:
    """Return what of a model's folder may be opened (_OPENED), sorted.

    Pickles beside them are passed over, as they are never opened; programs are not.

    Args:
        folder: out of which no link may lead.
        home: where in it the model begins.

    Raises:
        OSError: the folder cannot be read.
        ModelUntrustedError: it holds a program, a link out of it, or nothing but pickles.
    """
    kept, pickles = [], []
    for path in sorted((folder / home).rglob("*")):
        suffix = path.suffix.lower()
        if suffix in _CODE_SUFFIXES:
            _refuse(f"{folder.name} holds a program ({path.name})")
        if is_pickle_name(path.name):
            pickles.append(path.name)
        elif suffix in _OPENED:
            kept.append(inside(folder, path.relative_to(folder).as_posix()))
    if pickles and not any(path.suffix.lower() == ".safetensors" for path in kept):
        raise pickle_error(pickles[0])
    return tuple(kept)


def is_inside_name(name: str) -> bool:
    """Return whether a relative name, with slashes, cannot lead out of its folder by itself."""
    steps = PurePosixPath(name).parts
    odd = "\\" in name or "\0" in name or _DRIVE.match(name) is not None
    return bool(steps) and not odd and ".." not in steps and not name.startswith("/")


def inside(folder: Path, name: str) -> Path:
    """Return the file `name` of a folder.

    Raises:
        ModelUntrustedError: the name leads out of the folder, by itself or by a link.
    """
    if not is_inside_name(name):
        _refuse(f"{folder.name} names the file {name[:80]!r}, which is not in it")
    path = folder / name
    # Also of a file that is not there: its folder may be a link.
    if not path.resolve().is_relative_to(folder.resolve()):
        _refuse(f"{name[:80]} of {folder.name} is a link to somewhere else")
    return path


def _refuse(what: str) -> NoReturn:
    raise ModelUntrustedError(
        f"{what}; Regrain does not open it.",
        hint="Choose a model of a known family, from a source that you trust.",
    )
