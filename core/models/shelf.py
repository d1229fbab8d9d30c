"""The user's models: found in folders as they lie, added, pinned, and looked at before each use."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import ModelNotFoundError, SettingsError
from core.models.companions import adopt_settings
from core.models.found import ExtraFile, ExtraKind, ScanReport
from core.models.pins import file_problem, is_pinned, pinned, verified
from core.models.places import place_key
from core.models.shelf_file import ShelfContent, ShelfFile
from core.models.shelf_words import missing_hint, missing_words
from core.models.spec import Layout, ModelSpec, Progress, all_files

if TYPE_CHECKING:
    from core.models.intake import Intake

LIST_NAME = "models.json"


class ModelShelf:
    """Knows the models that the user added, or that lie in folders that the user named.

    Models of named folders are listed at once, and read through (hash, damage) when they are
    added or first used. Every process sees what another one added.

    Args:
        home: where the list is kept, and settings of models that have none beside themselves.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self._file = ShelfFile(home / LIST_NAME)

    def specs(self) -> dict[str, ModelSpec]:
        """Return all models by id, also those that lack something (`missing`).

        Raises:
            SettingsError: the list cannot be read.
        """
        return {spec.id: spec for spec in self._file.read().models}

    def extras(
        self, kind: ExtraKind | str | None = None, family: str | None = None
    ) -> tuple[ExtraFile, ...]:
        """Return LoRAs, VAEs, ControlNets and IP-Adapters, by name.

        Args:
            kind: only these.
            family: only those for this family, and those of which nothing tells the family.
        """
        found = self._file.read().extras
        kept = (one for one in found if kind is None or one.kind == kind)
        kept = (one for one in kept if family is None or one.family in ("", family))
        return tuple(sorted(kept, key=lambda one: (one.name.casefold(), one.path)))

    def roots(self) -> tuple[Path, ...]:
        """Return the folders that the user named."""
        return self._file.read().roots

    def get(self, model_id: str, *, progress: Progress | None = None) -> ModelSpec:
        """Return a model that is ready to be used: whole, pinned, its files as they were.

        Args:
            progress: called while files are read, which takes a second or two a gigabyte at the
                first use, and when a file's time changed.

        Raises:
            ModelNotFoundError: there is none, it lacks something, or its files are gone.
            ModelUntrustedError: a file is damaged, or not what was added.
            SettingsError: the list cannot be read or written.
        """
        spec = self._known(model_id)
        if spec.missing:
            raise ModelNotFoundError(
                f"{spec.name} needs {missing_words(spec)}.", hint=missing_hint(spec)
            )
        ready = verified(spec, progress) if is_pinned(spec) else pinned(spec, progress)
        if ready is not spec:
            self._replace(ready)
        return ready

    def at(self, path: Path, *, progress: Progress | None = None) -> ModelSpec:
        """Return the model at a path, ready to be used; it is added where it is new.

        Raises:
            ModelNotFoundError, ModelUntrustedError, SettingsError: as `add` and `get`.
        """
        known = self._intake().known_at(path)
        return self.get((known or self.add(path, progress=progress)).id, progress=progress)

    def add(self, path: Path, *, progress: Progress | None = None) -> ModelSpec:
        """Add the model in a file or folder; pinned, unless it lacks something (`missing`).

        Adding one that is there already takes it as it is now.

        Raises:
            ModelNotFoundError: there is nothing, or no model.
            ModelUntrustedError: it can run code, is damaged, or of no family that is known.
            SettingsError: the list cannot be read or written.
        """
        found = self.take(path, progress=progress)
        if isinstance(found, ModelSpec):
            return found
        raise ModelNotFoundError(
            f"{path.name} is no model but goes with one ({found.kind.value.replace('_', ' ')}).",
            hint="It is on the list for that now.",
        )

    def take(self, path: Path, *, progress: Progress | None = None) -> ModelSpec | ExtraFile:
        """Add whatever a file or folder is: a model, or a file that goes with models.

        Raises:
            ModelNotFoundError, ModelUntrustedError, SettingsError: as `add`.
        """
        report = self._intake().take(path)
        if not report.models:
            self._keep(report)
            return _extra(report, path)
        spec = report.models[0]
        ready = spec if spec.missing else pinned(spec, progress)
        after = self._keep(ScanReport(path, (ready,), parts=report.parts))
        return next(one for one in after.models if place_key(one) == place_key(ready))

    def remove(self, model_id: str) -> None:
        """Take a model off the list; its files stay. A later scan of its folder finds it again.

        Raises:
            ModelNotFoundError: there is none of that id.
            SettingsError: the list cannot be read or written.
        """
        self._known(model_id)
        self._file.change(
            lambda now: now.with_models(one for one in now.models if one.id != model_id)
        )

    def check(self, spec: ModelSpec, *, deep: bool = False) -> tuple[str, ...]:
        """Return what is wrong with a model, in words; empty when all is well.

        Args:
            deep: read files whole, even where size and time are as noted.
        """
        needs = (f"needs {missing_words(spec)}",) if spec.missing else ()
        found = (file_problem(*one, deep=deep) for one in all_files(spec))
        return needs + tuple(words for words in found if words)

    def scan(self, folder: Path) -> ScanReport:
        """Return what a folder holds; nothing is added, and only headers are read.

        Raises:
            ModelNotFoundError: there is no such folder.
            SettingsError: the list cannot be read.
        """
        return self._intake().scan(folder.expanduser().absolute())

    def add_root(self, folder: Path) -> ScanReport:
        """Scan a folder, list all that it holds, and remember it for `refresh`.

        Raises:
            ModelNotFoundError, SettingsError: as `scan`.
        """
        report = self.scan(folder)
        self._keep(report, root=report.folder)
        return report

    def remove_root(self, folder: Path) -> None:
        """Forget a folder, and what lies in it but was never used.

        Raises:
            SettingsError: the list cannot be read or written.
        """
        gone = folder.expanduser().absolute()
        self._file.change(lambda now: now.without_root(gone))

    def refresh(self) -> tuple[ScanReport, ...]:
        """Scan all named folders again; those that are not there now are passed over.

        Raises:
            SettingsError: the list cannot be read or written.
        """
        return tuple(self.add_root(root) for root in self.roots() if root.is_dir())

    def complete(self) -> None:
        """Look again for what models lack, after settings or parts were downloaded.

        Raises:
            SettingsError: the list cannot be read or written.
        """
        parts = self.home / "parts"
        self._keep(self._intake().scan(parts) if parts.is_dir() else ScanReport(parts))

    def _intake(self, content: ShelfContent | None = None) -> Intake:
        # Most runs only look models up: what knows files apart is loaded for those who add some.
        from core.models.intake import Intake

        return Intake(self.home, content or self._file.read())

    def _known(self, model_id: str) -> ModelSpec:
        spec = self.specs().get(model_id)
        if spec is None:
            known = ", ".join(self.specs()) or "none"
            raise ModelNotFoundError(
                f"No model called {model_id} was added.", hint=f"Added: {known}."
            )
        return spec

    def _replace(self, spec: ModelSpec) -> None:
        self._file.change(
            lambda now: now.with_models(spec if one.id == spec.id else one for one in now.models)
        )

    def _keep(self, report: ScanReport, root: Path | None = None) -> ShelfContent:
        """Put what was found on the list, and complete what lacked something of it."""
        for spec in report.models:
            if spec.layout is Layout.DIFFUSERS:
                self._adopt(spec)

        def put(now: ShelfContent) -> ShelfContent:
            merged = now.merged(report, place_key, root)
            return merged.with_models(self._intake(merged).renewed(merged.models))

        return self._file.change(put)

    def _adopt(self, spec: ModelSpec) -> None:
        try:
            adopt_settings(self.home, spec)
        except OSError as error:
            raise SettingsError(
                f"Settings cannot be kept in {self.home}: {error.strerror}."
            ) from error


def _extra(report: ScanReport, path: Path) -> ExtraFile:
    if report.extras:
        return report.extras[0]
    role = report.parts[0].role.replace("_", " ") if report.parts else "part"
    raise ModelNotFoundError(
        f"{path.name} is only a part of a model ({role}).",
        hint="Add the model's transformer, or the folder of all parts: regrain models scan DIR",
    )
