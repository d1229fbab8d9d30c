"""The list of models on the disk: read again when it changed, replaced whole, one writer a time."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Hashable, Iterable
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from core.errors import LibraryError, SettingsError
from core.library.lock import RenderLock
from core.models.family_spec import OWN_FACTS, family_spec, unique_id
from core.models.found import ExtraFile, LoosePart, ScanReport
from core.models.pins import is_pinned
from core.models.spec import ModelSpec
from core.preferences import write_whole

_One = TypeVar("_One", ExtraFile, LoosePart)
_WAIT_SECONDS = 60.0
_LOOK_SECONDS = 0.02


class ShelfContent(BaseModel):
    """All that is remembered: models, files that go with them, and folders that are looked at."""

    model_config = ConfigDict(frozen=True)

    models: tuple[ModelSpec, ...] = ()
    extras: tuple[ExtraFile, ...] = ()
    parts: tuple[LoosePart, ...] = ()
    roots: tuple[Path, ...] = ()

    def with_models(self, models: Iterable[ModelSpec]) -> Self:
        """Return the same with these models."""
        return self.model_copy(update={"models": tuple(models)})

    def merged(
        self, report: ScanReport, key: Callable[[ModelSpec], Hashable], root: Path | None = None
    ) -> Self:
        """Return the same with what a scan found; pins of unchanged models stay.

        Args:
            key: tells models apart by where they lie.
            root: the folder to be remembered; what lay in it and is gone leaves the list.
        """
        found = {key(spec): spec for spec in report.models}
        known = {key(_moved(spec, report.models)): spec for spec in self.models}
        kept = {n: spec for n, spec in known.items() if n in found or not _left(spec, root)}
        models = [_newer(spec, found.pop(name, None)) for name, spec in kept.items()]
        models += _with_new_ids(found.values(), {spec.id for spec in models})
        update = {
            "models": tuple(models),
            "extras": _by_path(self.extras, report.extras),
            "parts": _by_path(self.parts, report.parts),
            "roots": self.roots if root is None or root in self.roots else (*self.roots, root),
        }
        return self.model_copy(update=update)

    def without_root(self, root: Path) -> Self:
        """Return the same without a folder, and without what lies in it but was never used."""
        update = {
            "models": tuple(
                spec
                for spec in self.models
                if is_pinned(spec) or not spec.folder.is_relative_to(root)
            ),
            "extras": tuple(one for one in self.extras if not one.path.is_relative_to(root)),
            "parts": tuple(one for one in self.parts if not one.path.is_relative_to(root)),
            "roots": tuple(one for one in self.roots if one != root),
        }
        return self.model_copy(update=update)


class ShelfFile:
    """Reads and replaces the list; usable from several threads and processes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = RenderLock(path.with_name(f"{path.name}.lock"))
        self._writing = threading.Lock()
        self._read: tuple[tuple[int, int, int], ShelfContent] | None = None

    def read(self) -> ShelfContent:
        """Return what the list holds now; empty where there is none yet.

        Raises:
            SettingsError: it is damaged or cannot be read; it is left as it is.
        """
        try:
            found = self.path.stat()
            stamp = (found.st_ino, found.st_size, found.st_mtime_ns)
            known = self._read
            if known is not None and known[0] == stamp:
                return known[1]
            content = _parsed(json.loads(self.path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return ShelfContent()
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise _damaged(self.path, error) from error
        self._read = (stamp, content)
        return content

    def change(self, act: Callable[[ShelfContent], ShelfContent]) -> ShelfContent:
        """Replace the list by what `act` makes of it; return that.

        Raises:
            SettingsError: it cannot be read or written, or another process does not let it go.
        """
        with self._writing:
            self._acquire()
            try:
                before = self.read()
                after = act(before)
                if after != before:
                    write_whole(self.path, json.dumps(_values(after), indent=1) + "\n")
            except OSError as error:
                raise SettingsError(
                    f"The list of models in {self.path} cannot be saved: {error.strerror}."
                ) from error
            finally:
                self._lock.release()
        return after

    def _acquire(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(
                f"The folder {self.path.parent} cannot be made: {error.strerror}."
            ) from error
        end = time.monotonic() + _WAIT_SECONDS
        while not self._acquired():
            if time.monotonic() > end:
                raise SettingsError(
                    f"Another Regrain (process {self._lock.holder()}) is changing the list of "
                    "models.",
                    hint="Wait for it, or close it.",
                )
            time.sleep(_LOOK_SECONDS)

    def _acquired(self) -> bool:
        try:
            return self._lock.acquire()
        except LibraryError as error:
            raise SettingsError(error.message, hint=f"Models need {self.path.parent}.") from error


def _left(spec: ModelSpec, root: Path | None) -> bool:
    """Return whether a model that was never used is gone from a folder that was looked through."""
    return root is not None and spec.folder.is_relative_to(root) and not is_pinned(spec)


def _moved(known: ModelSpec, found: Iterable[ModelSpec]) -> ModelSpec:
    """Return the model among `found` that `known` was moved to, by content; else itself."""
    if not is_pinned(known) or (known.files and _path(known).exists()):
        return known
    same = (one for one in found if is_pinned(one) and _content(one) == _content(known))
    return next(same, known)


def _path(spec: ModelSpec) -> Path:
    return spec.folder / spec.files[0].path


def _content(spec: ModelSpec) -> list[str]:
    return sorted(entry.sha256 for entry in spec.files)


def _newer(known: ModelSpec, found: ModelSpec | None) -> ModelSpec:
    """Return a model as a scan found it, unless it was pinned and lies there as before."""
    if found is None:
        return known
    same = [entry.path for entry in known.files] == [entry.path for entry in found.files]
    if same and is_pinned(known) and not is_pinned(found):
        return known
    return found.model_copy(update={"id": known.id})


def _with_new_ids(found: Iterable[ModelSpec], taken: set[str]) -> list[ModelSpec]:
    """Return models that another process has not given the same id meanwhile."""
    models = []
    for spec in found:
        free = spec.id not in taken
        chosen = spec.id if free else unique_id(spec.family, spec.name, taken)
        taken.add(chosen)
        models.append(spec.model_copy(update={"id": chosen}))
    return models


def _by_path(known: tuple[_One, ...], found: tuple[_One, ...]) -> tuple[_One, ...]:
    merged = {one.path: one for one in known if one.path.exists()}
    return tuple((merged | {one.path: one for one in found}).values())


def _parsed(values: dict[str, Any]) -> ShelfContent:
    models = [
        family_spec(entry.pop("family"), **entry)
        for entry in values.get("models", ())
        if isinstance(entry, dict)
    ]
    return ShelfContent.model_validate(values | {"models": models})


def _values(content: ShelfContent) -> dict[str, Any]:
    values = content.model_dump(mode="json", exclude={"models"})
    kept = {"family", *OWN_FACTS}
    models = [spec.model_dump(mode="json", include=kept) for spec in content.models]
    return {"version": 1, "models": models, **values}


def _damaged(path: Path, error: Exception) -> SettingsError:
    problem = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
    return SettingsError(
        f"The list of models in {path} cannot be read: {problem}.",
        hint="Delete it and add your models again; the models themselves are not touched.",
    )
