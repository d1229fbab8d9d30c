"""Runs, redos and exports: stored in the library, then the worker is woken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from core.errors import CoreError, SettingsError
from core.events import Totals
from core.library.ids import ItemId, JobId, PhotoId
from core.library.photo import Photo
from core.recipe import Mode, Recipe
from desktop.backend import Backend
from desktop.session import Session
from desktop.words import photographs, results

if TYPE_CHECKING:
    from core.services import Services
    from desktop.worker import DenoisingThread


class Redo(StrEnum):
    """What is to be different when a result is made again."""

    SEED = "seed"
    STRONGER = "stronger"
    GENTLER = "gentler"


class BatchController(QObject):
    """Starts work on photographs of the open project."""

    said = Signal(str)
    """One line for the status bar."""
    troubled = Signal(object)
    """A CoreError to be shown in place."""
    stored = Signal(object)
    """The JobIds of batches that were stored now."""

    def __init__(self, backend: Backend, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._backend = backend
        self._session = session
        self._worker: DenoisingThread | None = None

    def set_worker(self, worker: DenoisingThread) -> None:
        """Take the thread that works batches off."""
        self._worker = worker

    def wake(self) -> None:
        """Have the worker look for what is waiting."""
        if self._worker is not None:
            self._worker.wake()

    def stop_after_this_one(self) -> None:
        """Finish the photographs in work, then wait for Resume."""
        if self._worker is not None:
            self._worker.stop_after_this_one()

    def stop_now(self) -> None:
        """Drop the photographs in work and wait for Resume."""
        if self._worker is not None:
            self._worker.stop_now()

    def run(
        self,
        photos: Sequence[PhotoId],
        recipe: Recipe,
        strengths: tuple[float, ...] = (),
        *,
        again: bool = False,
        review: bool = False,
    ) -> None:
        """Store the batches of these photographs and have them worked off."""
        project = self._session.project
        if project is None or not photos:
            self.said.emit(self.tr("Add photographs first."))
            return

        def work(services: Services) -> list[tuple[JobId, Totals]]:
            from core.photo_batches import BatchWish, enqueue

            wish = BatchWish(project.id, photos, recipe, strengths, again, review)
            jobs = [stored.job for stored in enqueue(services, wish)]
            return [(job, services.queue.totals(job)) for job in jobs]

        self._backend.ask(self, work, self._stored, self.troubled.emit)

    def redo(self, photo: Photo, what: Redo, recipe: Recipe) -> None:
        """Make a photograph's result again, a little different; the earlier one is kept.

        Args:
            photo: the photograph.
            what: what is to differ.
            recipe: taken when the photograph has no result yet.
        """

        def change(made_with: Recipe) -> dict[str, Any]:
            from core.photo_batches import new_seed, stronger

            if what is Redo.SEED and made_with.edit.mode is Mode.CLEAN:
                raise SettingsError(
                    "Clean gives the same picture with every seed.",
                    hint="Redo it stronger (Shift+R) or gentler (Ctrl+R), or repaint it.",
                )
            if what is Redo.SEED:
                return new_seed()
            return stronger(made_with.edit, 1 if what is Redo.STRONGER else -1)

        def made_with(services: Services) -> Recipe:
            return services.queue.job(photo.job).recipe if photo.job else recipe

        self._redo(photo, made_with, change)

    def redo_with(self, photo: Photo, recipe: Recipe) -> None:
        """Make a photograph's result again with another recipe; the earlier one is kept."""
        self._redo(photo, lambda _services: recipe, lambda _recipe: {})

    def _redo(
        self,
        photo: Photo,
        recipe_of: Callable[[Services], Recipe],
        change: Callable[[Recipe], dict[str, Any]],
    ) -> None:
        project = self._session.project
        if project is None:
            return

        def work(services: Services) -> list[tuple[JobId, Totals]]:
            from core.photo_batches import redo

            recipe = recipe_of(services)
            job = redo(services, project.id, photo.id, recipe, change(recipe)).job
            return [(job, services.queue.totals(job))]

        self._backend.ask(self, work, self._stored, self.troubled.emit)

    def export(self, photos: Sequence[PhotoId], folder: Path | None) -> None:
        """Copy the kept results into a folder; None: where their recipes put them."""

        def work(services: Services) -> object:
            return services.exports.kept(photos, folder)

        self._backend.ask(self, work, self._exported, self.troubled.emit)

    def trash_results(self, photos: Sequence[PhotoId]) -> None:
        """Move results to the system's trash; originals are never touched."""

        def work(services: Services) -> object:
            return services.trash.results(photos)

        self._backend.ask(self, work, self._trashed, self.troubled.emit)

    def retry(self, jobs: Sequence[JobId]) -> None:
        """Try the failed photographs of batches again."""

        def work(services: Services) -> int:
            return sum(services.queue.retry(job, quarantined=True) for job in jobs)

        self._backend.ask(self, work, self._retried, self.troubled.emit)

    def retry_item(self, item: ItemId) -> None:
        """Try one failed photograph again."""
        self._backend.ask(
            self,
            lambda services: services.queue.retry_item(item),
            lambda _none: self._retried(1),
            self.troubled.emit,
        )

    def resume(self, job: JobId | None = None) -> None:
        """Go on with one batch, or all that were stopped."""
        if self._worker is not None:
            self._worker.resume(job)

    def _stored(self, batches: list[tuple[JobId, Totals]]) -> None:
        waiting = sum(totals.pending for _, totals in batches)
        done = sum(totals.already_done for _, totals in batches)
        if waiting == 0 and done:
            self.said.emit(self.tr("{} already done; nothing to do.").format(count_of(done)))
        self._session.touch(None)
        self.stored.emit([job for job, _ in batches])
        self.wake()

    def _retried(self, number: int) -> None:
        self.said.emit(self.tr("{} will be tried again.").format(photographs(number)))
        self._session.touch(None)
        self.wake()

    def _exported(self, report: Any) -> None:
        self.said.emit(report.sentence)
        if report.problems:
            text = self.tr("{} could not be exported.").format(results(len(report.problems)))
            self.troubled.emit(CoreError(text, hint=report.problems[0].message))

    def _trashed(self, report: Any) -> None:
        self.said.emit(report.sentence)
        self._session.touch(None)


def count_of(number: int) -> str:
    """Return `240` as the number of photographs that need no work."""
    return photographs(number)
