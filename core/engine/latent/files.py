"""The files of a model by component: only those that its spec lists, and that were checked."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from core.errors import ModelNotFoundError, ModelUntrustedError
from core.models.families import FAMILIES
from core.models.spec import Layout, ModelFile, ModelSpec
from core.models.trust import MODEL_INDEX, inside, read_pipeline, read_settings

CONFIG = "config.json"
_SHARD = re.compile(r"-\d{5}-of-\d{5}\.safetensors$")
SCHEDULER_CONFIG = "scheduler/scheduler_config.json"
_COPIED = (".json", ".txt", ".jinja")
"""Settings, vocabularies, and the templates of chats."""


@dataclass(frozen=True)
class Folder:
    """A diffusers folder, of which `listed` files may be read.

    Attributes:
        name: the model's, for sentences.
        root: where the files' names begin.
        home: the layout's beginning below `root`, with slashes; may be empty.
        listed: the files below `root`.
    """

    name: str
    root: Path
    home: str
    listed: tuple[ModelFile, ...]

    def of(self, component: str) -> tuple[Path, ...]:
        """Return the files in a component's folder, sorted."""
        start = PurePosixPath(self.home) / component
        paths = sorted(f.path for f in self.listed if start in PurePosixPath(f.path).parents)
        return tuple(inside(self.root, path) for path in paths)

    def settings(self, name: str) -> dict[str, Any]:
        """Return what a .json file holds, by its name below `home`.

        Raises:
            ModelNotFoundError: it is not listed or cannot be read.
            ModelUntrustedError: it is damaged, or asks for code to be run.
        """
        path = (PurePosixPath(self.home) / name).as_posix()
        if path not in {f.path for f in self.listed}:
            raise lacking(self.name, name)
        try:
            return read_settings(inside(self.root, path))
        except OSError as error:
            raise lacking(self.name, name) from error

    def classes(self, family: str) -> dict[str, str]:
        """Return the class of every component that model_index.json names.

        Raises:
            ModelNotFoundError: there is none.
            ModelUntrustedError: it names a class that the family does not have there.
        """
        kind = FAMILIES[family]
        self.settings(MODEL_INDEX)
        allowed = {name for names in kind.components.values() for name in names}
        found = read_pipeline(self.root, kind.pipelines, allowed, self.home)
        for name, class_name in found.items():
            if class_name not in kind.components.get(name, ()):
                raise ModelUntrustedError(
                    f"{MODEL_INDEX} of {self.name} has a {class_name[:80]} as its {name[:80]}, "
                    "which Regrain does not run.",
                    hint="Choose a model of a known family, from a source that you trust.",
                )
        return found

    def copy(self, component: str, target: Path) -> None:
        """Copy a component's small files into a folder of ours.

        So a library that looks around in the folder finds what was checked and nothing else.
        """
        paths = [path for path in self.of(component) if path.suffix.lower() in _COPIED]
        if not paths:
            raise lacking(self.name, component)
        for path in paths:
            shutil.copyfile(path, target / path.name)


def settings_folder(spec: ModelSpec) -> Folder:
    """Return where a model's settings and tokenizers are.

    Raises:
        ModelNotFoundError: a model in one file, or in parts, has none beside it yet.
    """
    if spec.layout is Layout.DIFFUSERS:
        return Folder(spec.name, spec.folder, spec.home, spec.files)
    if spec.config_folder is None:
        raise ModelNotFoundError(
            f"{spec.name} lacks its settings and tokenizers.",
            hint=f"Get them once: regrain models download {FAMILIES[spec.family].companions}",
        )
    return Folder(spec.name, spec.config_folder, "", spec.config_files)


def weights_in(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Return the files of weights among `paths`, without a second form of the same ones.

    A folder may hold `model.safetensors` and `model.fp16.safetensors`; the plain one is taken, and
    the whole one before its shards.
    """
    found = [path for path in paths if path.suffix.lower() == ".safetensors"]
    plain = [path for path in found if not _variant(path.name)]
    first = _variant(found[0].name) if found else ""
    same = plain or [path for path in found if _variant(path.name) == first]
    return tuple(path for path in same if not _SHARD.search(path.name)) or tuple(same)


def _variant(name: str) -> str:
    """Return `fp16` of `model.fp16.safetensors` and `model.fp16-00001-of-00002.safetensors`."""
    words = name.split(".")
    return words[1].split("-")[0] if len(words) > 2 else ""


Mark = tuple[str, int, int]
"""A file as it was when it was read: its path, its time and its size."""


def mark_of(path: Path) -> Mark:
    """Return what changes when somebody writes a file anew.

    Raises:
        ModelNotFoundError: it is not there.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise ModelNotFoundError(
            f"{path.name} cannot be read: {error.strerror}.",
            hint="Put the file back, or take it out of the recipe.",
        ) from error
    return str(path), found.st_mtime_ns, found.st_size


def lacking(model: str, name: str) -> ModelNotFoundError:
    """Return the error for a file that is not there."""
    return ModelNotFoundError(f"{model} lacks {name}.", hint="Add the model again.")
