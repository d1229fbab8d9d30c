"""What the user does to the queue; each is done on the library's thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from core.errors import CoreError
from core.library.ids import ItemId, JobId
from core.library.records import ItemStatus
from desktop.backend import Backend

if TYPE_CHECKING:
    from core.library.queue import JobQueue
    from core.services import Services

_WITH_RESULT = (ItemStatus.DONE, ItemStatus.ALREADY_DONE)


class QueueVerbs(QObject):
    """Changes batches and their photographs.

    Args:
        backend: answers what is asked of the library.
    """

    changed = Signal()
    """The queue is different now."""
    wake_wanted = Signal()
    """There may be work again, or a photograph in work is to be given up."""
    resume_wanted = Signal(object)
    """JobId: a batch's pause or stop is lifted."""
    found = Signal(object)
    """Path: the folder or file that `find_results` was asked for."""
    troubled = Signal(object)
    """CoreError: it could not be done; nothing was changed."""

    def __init__(self, backend: Backend, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._backend = backend

    def pause(self, job: JobId) -> None:
        """Let no more of the batch be claimed."""
        self._do(lambda queue: queue.pause(job))

    def resume(self, job: JobId) -> None:
        """Lift a pause or a stop."""
        self._do(lambda queue: queue.resume(job), lambda: self.resume_wanted.emit(job))

    def cancel(self, job: JobId) -> None:
        """Give up what of the batch is not done; results stay."""
        self._do(lambda queue: queue.cancel(job))

    def run_next(self, job: JobId) -> None:
        """Let the batch be the next one."""
        self._do(lambda queue: queue.run_next(job))

    def reorder(self, jobs: Sequence[JobId]) -> None:
        """Work on the unfinished batches in this order."""
        held = list(jobs)
        self._do(lambda queue: queue.reorder(held))

    def retry(self, job: JobId) -> None:
        """Let all failed photographs of the batch wait again."""
        self._do(lambda queue: queue.retry(job, quarantined=True))

    def retry_items(self, items: Sequence[ItemId]) -> None:
        """Let some failed photographs wait again."""
        held = list(items)
        self._do(lambda queue: [queue.retry_item(item) for item in held])

    def cancel_items(self, items: Sequence[ItemId]) -> None:
        """Give up some waiting photographs."""
        held = list(items)
        self._do(lambda queue: queue.cancel_items(held))

    def forget(self, job: JobId) -> None:
        """Take a finished batch off the list; its results stay."""
        self._do(lambda queue: queue.forget(job))

    def find_results(self, job: JobId) -> None:
        """Find the folder in which the batch's first result stands."""

        def look(services: Services) -> Path | None:
            ids = services.queue.item_ids(job, _WITH_RESULT)[:1]
            output = services.queue.items_by_id(ids)[0].output if ids else None
            return None if output is None else output.parent

        self._backend.ask(self, look, self._take_folder, self.troubled.emit)

    def _take_folder(self, folder: Path | None) -> None:
        if folder is not None:
            self.found.emit(folder)
        else:
            self.troubled.emit(CoreError(self.tr("This batch has no result yet.")))

    def _do(
        self, work: Callable[[JobQueue], object], then: Callable[[], None] | None = None
    ) -> None:
        def done(_value: object) -> None:
            self.changed.emit()
            self.wake_wanted.emit()
            if then is not None:
                then()

        self._backend.ask(self, lambda services: work(services.queue), done, self._failed)

    def _failed(self, error: CoreError) -> None:
        self.troubled.emit(error)
        self.changed.emit()
