"""Where results will go and what they will take: planned on the library's thread, and estimated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from core.errors import CoreError
from core.forecast import Estimate, estimate
from core.library.photo import Photo
from core.models.spec import ModelSpec
from core.plan import DeviceSpeed, PictureSize
from core.recipe import Recipe
from desktop.backend import Backend

if TYPE_CHECKING:
    from core.services import Services

_SAMPLE = 2000


@dataclass(frozen=True, slots=True)
class Target:
    """Where one photograph's result will go: below `folder`, as `output`."""

    folder: Path
    output: Path

    def readable(self) -> str:
        """Return `trip-regrain/day 1/IMG_0412.JPG`."""
        return str(Path(self.folder.name) / self.output.relative_to(self.folder))


class TargetPath(QObject):
    """Plans the name of the chosen photograph's result as a batch would plan it."""

    found = Signal(object)
    """A Target, or None where there is no photograph."""
    failed = Signal(object)
    """A CoreError: the name template does not work, or results would land on the originals."""

    def __init__(self, backend: Backend, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._backend = backend
        self._asked: object = None

    def want(self, photo: Photo | None, recipe: Recipe, strength: float | None) -> None:
        """Plan it for this photograph; `strength` where there are several."""
        question = (photo and (photo.path, photo.base), recipe.output, recipe.name, strength)
        if question == self._asked:
            return
        self._asked = question
        if photo is None:
            self.found.emit(None)
            return
        self._backend.ask(
            self,
            lambda services: _planned(services, photo, recipe, strength),
            lambda target: self._take(question, target),
            self.failed.emit,
        )

    def _take(self, question: object, target: Target) -> None:
        if question == self._asked:
            self.found.emit(target)


def _planned(services: Services, photo: Photo, recipe: Recipe, strength: float | None) -> Target:
    from core.outputs.names import NamePlanner, refuse_originals
    from core.scan import ScannedFile

    names, pictures = services.catalog.names_in, services.paths.pictures
    planner = NamePlanner(recipe, strength is not None, names, pictures)
    base = photo.base
    inside = base is not None and photo.path.is_relative_to(base)
    relative = photo.path.relative_to(base) if base and inside else Path(photo.path.name)
    request = planner.plan(ScannedFile(photo.path, relative, base if inside else None), 1, strength)
    refuse_originals([request])
    return Target(request.root, request.output)


@dataclass(frozen=True)
class TargetSizes:
    """The sizes of the photographs that a run would take, for the estimate on the button."""

    sizes: tuple[PictureSize | None, ...] = ()
    count: int = 0
    speed: DeviceSpeed | None = None

    @classmethod
    def of(cls, sizes: Sequence[PictureSize | None], speed: DeviceSpeed | None) -> TargetSizes:
        """Keep so many of the sizes that an estimate follows a dial, evenly chosen."""
        step = max(1, -(-len(sizes) // _SAMPLE))
        return cls(tuple(sizes[::step]), len(sizes), speed)

    def estimate(
        self, recipe: Recipe, spec: ModelSpec, strengths: tuple[float, ...]
    ) -> Estimate | None:
        """Return what a run would take; None when nothing is known or the recipe is refused."""
        if not self.sizes:
            return None
        try:
            few = estimate(self.sizes, recipe, spec, self.speed, strengths)
        except CoreError:
            return None
        share = self.count / len(self.sizes)
        return replace(
            few,
            photographs=self.count,
            results=round(few.results * share),
            seconds=few.seconds * share,
            bytes=round(few.bytes * share),
        )
