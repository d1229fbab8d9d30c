"""What is done with the user's models, from the main thread's side, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from core.models.found import ExtraFile, ScanReport
from core.models.spec import ModelSpec
from desktop.backend import Backend
from desktop.models.thread import OnBytes, Outcome, ShelfThread, Task, known
from desktop.words_of_models import listed

if TYPE_CHECKING:
    from core.models.hub import Download
    from core.models.shelf import ModelShelf
    from core.services import Services


@dataclass(frozen=True)
class Known:
    """All models, also those that lack something, and the files that go with models."""

    specs: tuple[ModelSpec, ...] = ()
    extras: tuple[ExtraFile, ...] = ()
    roots: tuple[Path, ...] = ()


class ModelDesk(QObject):
    """Adds, scans, checks, removes and downloads models; one thing after the other.

    Args:
        backend: answers what is known.
        open_shelf: opens the list of models, on the thread that reads and downloads.
    """

    changed = Signal(object)
    """Known, after anything changed, or was asked for."""
    added = Signal(object)
    """The ModelSpec or ExtraFile that was added."""
    scanned = Signal(object)
    """The ScanReport of a folder."""
    checked = Signal(str, object)
    """The id of a model that was checked, and what is wrong with it, in words."""
    planned = Signal(object)
    """A tuple of Downloads to be asked about; nothing is downloaded yet."""
    downloaded = Signal(object)
    """The whole ModelSpecs that came with a download, in a tuple."""
    busy_changed = Signal(str)
    """What is done now, in words; empty: nothing."""
    progressed = Signal(object, object)
    """Bytes done and bytes of all."""
    failed = Signal(object)
    """A CoreError."""

    def __init__(
        self,
        backend: Backend,
        open_shelf: Callable[[], ModelShelf],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.backend = backend
        self.known = Known()
        self.busy = ""
        self._thread = ShelfThread(open_shelf, self)
        self._thread.began.connect(self._begin)
        self._thread.progressed.connect(self.progressed)
        self._thread.ended.connect(self._end)

    def load(self) -> None:
        """Ask for all that is known."""
        self.backend.ask(self, _look, self._take_known, self.failed.emit)

    def add(self, path: Path) -> None:
        """Add whatever a file or folder is: a model, or a file that goes with models."""
        self._do(
            self.tr("Reading {}…").format(path.name),
            lambda shelf, tell: shelf.take(path, progress=tell),
            self._added,
        )

    def scan(self, folder: Path) -> None:
        """List what lies in a folder, and remember it."""
        self._do(
            self.tr("Looking through {}…").format(folder.name),
            lambda shelf, _tell: shelf.add_root(folder),
            self._scanned,
        )

    def refresh(self) -> None:
        """Look through all folders again that were named."""
        self._do(
            self.tr("Looking through the folders…"),
            lambda shelf, _tell: shelf.refresh(),
            lambda _reports: self.load(),
        )

    def forget_folder(self, folder: Path) -> None:
        """Forget a folder, and what lies in it but was never used."""
        self._do(
            self.tr("Forgetting {}…").format(folder.name),
            lambda shelf, _tell: shelf.remove_root(folder),
            lambda _none: self.load(),
        )

    def prepare(self, spec: ModelSpec) -> None:
        """Read a model through that is used for the first time, so that a run need not wait."""
        self._do(
            self.tr("Reading {} for the first time…").format(spec.name),
            lambda shelf, tell: shelf.get(spec.id, progress=tell),
            lambda _spec: self.load(),
        )

    def check(self, spec: ModelSpec) -> None:
        """Compare a model's files with what was added; those that were touched are read whole."""
        self._do(
            self.tr("Checking {}…").format(spec.name),
            lambda shelf, _tell: shelf.check(spec),
            lambda problems: self.checked.emit(spec.id, problems),
        )

    def remove(self, spec: ModelSpec) -> None:
        """Take a model off the list; its files stay."""
        self._do(
            self.tr("Removing {}…").format(spec.name),
            lambda shelf, _tell: shelf.remove(spec.id),
            lambda _none: self.load(),
        )

    def plan_download(self, name: str) -> None:
        """Ask the hub what a download takes: an offer's id, or a model's that lacks something."""
        self._do(
            self.tr("Asking Hugging Face…"),
            lambda shelf, _tell: _plan(shelf, name),
            self.planned.emit,
        )

    def download(self, downloads: tuple[Download, ...]) -> None:
        """Download what the user said yes to."""
        names = ", ".join(one.offer.name for one in downloads)
        self._do(
            self.tr("Downloading {}…").format(names),
            lambda shelf, tell: _fetch(shelf, downloads, tell),
            self._downloaded,
        )

    @Slot()
    def cancel(self) -> None:
        """End what is done now; what was downloaded of it is kept."""
        self._thread.cancel()

    def close(self) -> bool:
        """End the thread; return whether it ended in time."""
        return not self._thread.isRunning() or self._thread.end()

    def _do(
        self,
        title: str,
        work: Callable[[ModelShelf, OnBytes], object],
        then: Callable[..., None],
    ) -> None:
        self._thread.do(Task(title, work, then))

    @Slot(object)
    def _begin(self, task: Task) -> None:
        self.busy = task.title
        self.busy_changed.emit(task.title)

    @Slot(object)
    def _end(self, outcome: Outcome) -> None:
        self.busy = ""
        self.busy_changed.emit("")
        if outcome.error is not None:
            self.failed.emit(known(outcome.error))
        elif not outcome.canceled:
            outcome.task.then(outcome.value)

    def _added(self, found: ModelSpec | ExtraFile) -> None:
        self.load()
        self.added.emit(found)

    def _scanned(self, report: ScanReport) -> None:
        self.load()
        self.scanned.emit(report)

    def _downloaded(self, specs: tuple[ModelSpec, ...]) -> None:
        self.load()
        self.downloaded.emit(specs)

    def _take_known(self, known_now: Known) -> None:
        self.known = known_now
        self.changed.emit(known_now)


def _look(services: Services) -> Known:
    specs = sorted(services.registry.all().values(), key=listed)
    return Known(tuple(specs), services.shelf.extras(), services.shelf.roots())


def _plan(shelf: ModelShelf, name: str) -> tuple[Download, ...]:
    from core.models.downloads import offers_for, plan_all

    return plan_all(shelf, offers_for(shelf, name))


def _fetch(
    shelf: ModelShelf, downloads: tuple[Download, ...], tell: OnBytes
) -> tuple[ModelSpec, ...]:
    from core.models.downloads import fetch_all

    return fetch_all(shelf, downloads, tell)


def open_shelf(folder: Path) -> ModelShelf:
    """Return the list of models that is kept in a folder."""
    from core.models.shelf import ModelShelf as Shelf

    return Shelf(folder)
