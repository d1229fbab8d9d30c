"""Looking through folders for models and what goes with them; nothing is hashed here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from core.errors import CoreError, ModelNotFoundError
from core.models import assemble
from core.models.assemble import Found
from core.models.family_spec import unique_id
from core.models.folders import read_diffusers
from core.models.found import LoosePart, Refusal, ScanReport
from core.models.identify import identify
from core.models.places import Key, Place, place_key, place_of, places_in
from core.models.shelf_file import ShelfContent
from core.models.spec import BUILTIN_ID, SPEC_NAME, ModelSpec, read_spec
from core.models.trust import MODEL_INDEX, is_pickle_name, pickle_error


@dataclass
class Intake:
    """Makes models of places; ids stay those that the list has.

    Args:
        home: the shelf's folder.
        content: what is known already.
    """

    home: Path
    content: ShelfContent
    _ids: dict[Key, str] = field(init=False)

    def __post_init__(self) -> None:
        self._ids = {place_key(spec): spec.id for spec in self.content.models}

    def scan(self, folder: Path) -> ScanReport:
        """Return all that lies in a folder; what cannot be used with the reason.

        Raises:
            ModelNotFoundError: there is no such folder.
        """
        if not folder.is_dir():
            raise ModelNotFoundError(f"There is no folder {folder}.")
        found: list[ModelSpec | Found] = []
        refused: list[Refusal] = []
        for place in places_in(folder):
            try:
                found.append(look(place))
            except CoreError as error:
                refused.append(Refusal(place.path, error.message, error.hint))
            except OSError as error:
                refused.append(Refusal(place.path, f"{place.path.name}: {error.strerror}."))
        return self._report(folder, found, tuple(refused))

    def take(self, path: Path) -> ScanReport:
        """Return what one file or folder is, in a report of one model or extra.

        Raises:
            ModelNotFoundError: there is nothing, or no model.
            ModelUntrustedError: it can run code, is damaged, or of no family that is known.
        """
        place = place_of(path)
        if not place.path.exists():
            raise ModelNotFoundError(f"There is no file or folder {path}.")
        try:
            seen = look(place)
        except OSError as error:
            raise ModelNotFoundError(f"{path} cannot be read: {error.strerror}.") from error
        beside = _neighbours(place) if _needs_parts(seen) else ()
        return self._report(path, [seen], (), beside)

    def known_at(self, path: Path) -> ModelSpec | None:
        """Return the model on the list that lies at a path."""
        here = place_of(path).path
        found = (one for one in self.content.models if place_key(one)[0] == here)
        return next(found, None)

    def renewed(self, specs: Iterable[ModelSpec]) -> tuple[ModelSpec, ...]:
        """Return models that lacked something, made anew with what is there now."""
        return tuple(self._renewed(spec) if spec.missing else spec for spec in specs)

    def _renewed(self, spec: ModelSpec) -> ModelSpec:
        try:
            found = self.take(spec.folder / spec.files[0].path).models
        except CoreError:
            return spec
        return found[0].model_copy(update={"id": spec.id}) if found else spec

    def _report(
        self,
        folder: Path,
        found: list[ModelSpec | Found],
        refused: tuple[Refusal, ...],
        beside: tuple[LoosePart, ...] = (),
    ) -> ScanReport:
        files = [one for one in found if isinstance(one, Found)]
        parts = tuple(part for part in map(assemble.part_of, files) if part)
        known = (*parts, *beside, *assemble.usable(self.content.parts))
        models = [self._numbered(one) for one in found if isinstance(one, ModelSpec)]
        models += [self._built(one, known) for one in files if assemble.is_model(one)]
        return ScanReport(
            folder=folder,
            models=tuple(models),
            extras=tuple(extra for extra in map(assemble.extra_of, files) if extra),
            parts=(*parts, *beside),
            refused=refused,
        )

    def _built(self, found: Found, parts: tuple[LoosePart, ...]) -> ModelSpec:
        if assemble.is_in_parts(found):
            return self._numbered(assemble.model_in_parts(found, "new", self.home, parts))
        return self._numbered(assemble.single_model(found, "new", self.home))

    def _numbered(self, spec: ModelSpec) -> ModelSpec:
        """Return the model under its id: the one that it has on the list, or a new one."""
        key = place_key(spec)
        if key not in self._ids:
            taken = {BUILTIN_ID, *self._ids.values()}
            self._ids[key] = unique_id(spec.family, spec.name, taken)
        return spec.model_copy(update={"id": self._ids[key]})


def look(place: Place) -> ModelSpec | Found:
    """Return the model in a folder, or what a file is.

    Raises:
        OSError: it cannot be read.
        ModelNotFoundError, ModelUntrustedError: why it is none that can be used.
    """
    _check_name(place)
    if place.file is not None:
        if is_pickle_name(place.path.name):
            raise pickle_error(place.path.name)
        return Found(place, identify(place.path))
    if (place.path / SPEC_NAME).is_file():
        return read_spec(place.path)
    if not (place.path / MODEL_INDEX).exists():
        raise ModelNotFoundError(
            f"{place.path.name} is no model in the diffusers layout: it has no {MODEL_INDEX}.",
            hint="To look through a folder of models: regrain models scan DIR",
        )
    spec = read_diffusers(place.folder, place.home)
    _check_settings(spec)
    return spec


def _check_settings(spec: ModelSpec) -> None:
    """Refuse a folder with weights of a component whose measures are not there."""
    names = {entry.path for entry in spec.files}
    for role in sorted({e.role for e in spec.files if e.path.endswith(".safetensors")}):
        needed = (PurePosixPath(spec.home) / role / "config.json").as_posix()
        if needed not in names:
            raise ModelNotFoundError(
                f"{spec.name} lacks {role}/config.json.", hint="Download the model again."
            )


def _check_name(place: Place) -> None:
    try:
        str(place.path).encode("utf-8")
    except UnicodeEncodeError as error:
        raise ModelNotFoundError(
            f"The name of {place.path} is no text.", hint="Give it another name."
        ) from error


def _needs_parts(seen: ModelSpec | Found) -> bool:
    return isinstance(seen, Found) and assemble.is_model(seen) and assemble.is_in_parts(seen)


def _neighbours(place: Place) -> tuple[LoosePart, ...]:
    """Return parts in the folders beside a file: where it lies, and as ComfyUI and Forge do."""
    here = place.path.parent
    beside = [here, *(here.parent / name for name in _BESIDE)]
    files = []
    for folder in beside:
        files += [path for path in _listed(folder) if path.suffix in (".safetensors", ".sft")]
    parts = []
    for path in files:
        try:
            seen = look(place_of(path))
        except (CoreError, OSError):
            continue
        if isinstance(seen, Found) and (part := assemble.part_of(seen)):
            parts.append(part)
    return tuple(parts)


_BESIDE = ("text_encoders", "text_encoder", "clip", "vae", "VAE")


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []
