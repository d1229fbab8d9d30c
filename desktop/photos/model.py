"""The photographs of a query as a Qt model: ids at once, records when they are painted."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QTimer,
    Signal,
    Slot,
)

from core.errors import CoreError
from core.events import (
    Event,
    ItemDone,
    ItemFailed,
    ItemLeftOut,
    ItemStarted,
    StepProgress,
)
from core.library.ids import ItemId, PhotoId
from core.library.photo import Photo, PhotoQuery, Shown, SortBy
from core.library.records import ItemStatus
from desktop.backend import Backend
from desktop.photos.rows import CHUNK, Rows, runs
from desktop.photos.words import Progress, photograph_sentence, status_sentence
from desktop.widgets.plain import plain_tip

if TYPE_CHECKING:
    from core.services import Services

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()

_MOST_CHUNKS = 6
_REFRESH_MILLISECONDS = 40
_REARRANGE_MILLISECONDS = 600
_STATE_SORTS = frozenset({SortBy.RATING, SortBy.STATUS, SortBy.CHANGED})


class PhotoRole(IntEnum):
    """What the model has besides Qt's own roles."""

    PHOTO = Qt.ItemDataRole.UserRole + 1
    PROGRESS = Qt.ItemDataRole.UserRole + 2


@dataclass(frozen=True, slots=True)
class _Order:
    """An answer of the library: the order, its first records, how many the whole project has."""

    query: PhotoQuery
    ids: Sequence[int]
    first: Sequence[Photo]
    of: int
    projects: int


class PhotoModel(QAbstractListModel):
    """One column of photographs.

    Records are read in chunks round what is asked for, the newest request first, one at a time.
    """

    arranged = Signal()
    """The order of the query that was set last is here."""
    troubled = Signal(object)
    """A CoreError: the library could not be read; what was shown stays."""
    rewritten = Signal(object)
    """Paths of files that were written anew: what is held of their pictures is old."""

    def __init__(self, backend: Backend, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._backend = backend
        self._rows = Rows()
        self._query: PhotoQuery | None = None
        self._of = 0
        self._projects = 0
        self._ordering = False
        self._order_again = False
        self._wanted: dict[int, None] = {}
        self._reading = False
        self._changed: set[int] = set()
        self._progress: dict[ItemId, Progress] = {}
        self._photo_of: dict[ItemId, PhotoId] = {}
        self._refreshing = QTimer(self, singleShot=True, interval=_REFRESH_MILLISECONDS)
        self._refreshing.timeout.connect(self._read_changed)
        self._rearranging = QTimer(self, singleShot=True, interval=_REARRANGE_MILLISECONDS)
        self._rearranging.timeout.connect(self._arrange)

    # what a view asks

    def rowCount(self, parent: Index = _ROOT) -> int:
        """Return the number of photographs."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what is known of a photograph now; its record is fetched if it is not held."""
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        photo = self._record(index.row())
        if photo is None:
            return self.tr("Loading…") if role == Qt.ItemDataRole.AccessibleTextRole else None
        if role == PhotoRole.PHOTO:
            return photo
        if role == Qt.ItemDataRole.DisplayRole:
            return photo.path.name
        return self._more(photo, role)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Photographs can be selected and dragged out."""
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        flag = Qt.ItemFlag
        return (
            flag.ItemIsEnabled
            | flag.ItemIsSelectable
            | flag.ItemIsDragEnabled
            | flag.ItemNeverHasChildren
        )

    # what the grid asks

    @property
    def query(self) -> PhotoQuery | None:
        """What is shown, None before the first project."""
        return self._query

    @property
    def whole(self) -> int:
        """How many photographs the project has, whatever is searched for."""
        return self._of

    @property
    def projects(self) -> int:
        """How many projects the library has; known only while this one is empty."""
        return self._projects

    @property
    def ids(self) -> Sequence[int]:
        """The photographs in their order."""
        return self._rows.ids

    def photo(self, index: Index) -> Photo | None:
        """Return a photograph's record, None while it is being read."""
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        return self._record(index.row())

    def held(self, row: int) -> Photo | None:
        """Return a photograph's record as it was last read, without reading it."""
        return self._rows.photo(row)

    def row_of(self, photo: PhotoId) -> int:
        """Return where a photograph is, -1 if it is not shown."""
        return self._rows.row_of(photo)

    def progress_of(self, photo: Photo) -> Progress | None:
        """Return how far a photograph is, None unless it is being worked on."""
        return self._progress.get(photo.item) if photo.item is not None else None

    def set_query(self, query: PhotoQuery) -> None:
        """Show what a query finds."""
        if query != self._query:
            if self._query is not None and query.project != self._query.project:
                self._forget_work()
            self._query = query
            self._arrange()

    @Slot(object)
    def refresh(self, ids: Iterable[PhotoId] | None = None) -> None:
        """Read photographs again: those of `ids`, or all, with their order."""
        if ids is None:
            self._rows.spoil()
            self._arrange()
            return
        # Those that are being read for the first time too: what is on its way may be old.
        shown = [which for which in ids if self._rows.row_of(which) >= 0]
        if shown:
            self._changed.update(shown)
            if not self._refreshing.isActive():
                self._refreshing.start()
        if self._follows_state() and not self._rearranging.isActive():
            self._rearranging.start()

    @Slot(object)
    def take(self, event: Event) -> None:
        """Follow what a running batch says."""
        match event:
            case ItemStarted():
                self._begun(event)
            case StepProgress(_, item, step, steps):
                self.progress(item, step, steps)
            case ItemDone(_, item) | ItemFailed(_, item) | ItemLeftOut(_, item):
                self._settled(item)

    @Slot(object, int, int)
    def progress(self, item: ItemId, step: int, steps: int) -> None:
        """Show that a photograph is at `step` of `steps`."""
        self._progress[item] = Progress(step, steps)
        self._emit_changed(self._row_of_item(item))

    # inside

    def _more(self, photo: Photo, role: int) -> Any:
        if role == PhotoRole.PROGRESS:
            return self.progress_of(photo)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return photograph_sentence(photo, self.progress_of(photo))
        if role == Qt.ItemDataRole.ToolTipRole:
            sentence = status_sentence(photo, self.progress_of(photo))
            parts = (str(photo.path), sentence, photo.note)
            return plain_tip("\n".join(part for part in parts if part))
        return None

    def _record(self, row: int) -> Photo | None:
        if not self._rows.fresh(row):
            self._want(row // CHUNK)
        return self._rows.photo(row)

    def _want(self, chunk: int) -> None:
        self._wanted.pop(chunk, None)
        self._wanted[chunk] = None
        while len(self._wanted) > _MOST_CHUNKS:
            del self._wanted[next(iter(self._wanted))]
        if not self._reading:
            self._reading = True
            # At the next turn, when all that is painted now has said what it lacks.
            QTimer.singleShot(0, self, self._read_next)

    @Slot()
    def _read_next(self) -> None:
        while self._wanted:
            chunk, _ = self._wanted.popitem()
            ids = self._rows.chunk(chunk)
            if ids:
                self._read(ids)
                return
        self._reading = False

    def _read(self, ids: Sequence[PhotoId]) -> None:
        self._backend.ask(
            self, lambda services: services.photos.rows(ids), self._take_rows, self._fail_rows
        )

    def _take_rows(self, photos: Sequence[Photo]) -> None:
        self._keep(photos)
        self._read_next()

    def _fail_rows(self, error: CoreError) -> None:
        self._reading = False
        self._wanted.clear()
        self.troubled.emit(error)

    def _keep(self, photos: Sequence[Photo]) -> None:
        old = [path for photo in photos for path in self._outdated(photo)]
        if old:
            self.rewritten.emit(old)
        rows = self._rows.keep(photos)
        for photo in photos:
            if photo.item is not None:
                self._photo_of[photo.item] = photo.id
                if photo.status not in (ItemStatus.RUNNING, ItemStatus.PENDING, ItemStatus.STAGED):
                    self._progress.pop(photo.item, None)
        for first, last in runs(rows):
            self.dataChanged.emit(self.index(first), self.index(last))

    def _outdated(self, photo: Photo) -> Iterator[Path]:
        """Yield the files of a photograph that are not the ones any more of its held record."""
        before = self._rows.record(photo.id)
        if before is None:
            return
        saved_again = before.modified_ns and before.modified_ns != photo.modified_ns
        if saved_again:
            yield photo.path
        done = photo.status is ItemStatus.DONE
        if photo.output is not None and done and (saved_again or before.status is not photo.status):
            yield photo.output

    @Slot()
    def _read_changed(self) -> None:
        ids, self._changed = [PhotoId(key) for key in self._changed], set()
        if ids:
            self._backend.ask(
                self, lambda services: services.photos.rows(ids), self._keep, self.troubled.emit
            )

    # order

    @Slot()
    def _arrange(self) -> None:
        """Ask for the order; while an answer is awaited, once more after it."""
        query = self._query
        if query is None:
            return
        if self._ordering:
            self._order_again = True
            return
        self._ordering = True
        self._backend.ask(
            self, lambda services: _read_order(services, query), self._take_order, self._fail_order
        )

    def _take_order(self, order: _Order) -> None:
        self._ordering = False
        if self._order_again:
            self._order_again = False
            if order.query != self._query:
                self._arrange()
                return
            self._rearranging.start()
        self._of, self._projects = order.of, order.projects
        if order.ids != self._rows.ids:
            self.beginResetModel()
            self._rows.arrange(order.ids)
            self._rows.keep(order.first)
            self.endResetModel()
        self._keep(order.first)
        self._emit_changed(range(len(self._rows)))
        self.arranged.emit()

    def _fail_order(self, error: CoreError) -> None:
        self._ordering = self._order_again = False
        self.troubled.emit(error)

    def _follows_state(self) -> bool:
        query = self._query
        return query is not None and (
            query.shown is not Shown.ALL or query.min_rating > 0 or query.sort in _STATE_SORTS
        )

    # work in progress

    def _begun(self, event: ItemStarted) -> None:
        item = event.item
        self._progress[item] = Progress()
        if item not in self._photo_of:
            self._adopt(item, event.source)
        photo = self._rows.record(self._photo_of.get(item, PhotoId(-1)))
        if photo is not None and photo.status is not ItemStatus.RUNNING:
            running = replace(photo, item=item, job=event.job, status=ItemStatus.RUNNING)
            self._rows.keep([running])
        self._emit_changed(self._row_of_item(item))

    def _adopt(self, item: ItemId, source: Path) -> None:
        """Find the photograph of an item that was stored after its record was read."""
        for photo in self._rows.records():
            if photo.path == source:
                self._photo_of[item] = photo.id
                return

    def _settled(self, item: ItemId) -> None:
        self._progress.pop(item, None)
        photo = self._photo_of.get(item)
        if photo is not None:
            self.refresh([photo])
        elif self._follows_state() and not self._rearranging.isActive():
            self._rearranging.start()

    def _row_of_item(self, item: ItemId) -> Sequence[int]:
        photo = self._photo_of.get(item)
        row = -1 if photo is None else self._rows.row_of(photo)
        return [row] if row >= 0 else []

    def _forget_work(self) -> None:
        self._progress.clear()
        self._photo_of.clear()
        self._changed.clear()

    def _emit_changed(self, rows: Sequence[int]) -> None:
        if rows:
            self.dataChanged.emit(self.index(rows[0]), self.index(rows[-1]))


def _read_order(services: Services, query: PhotoQuery) -> _Order:
    ids = array("q", services.photos.order(query))
    first = services.photos.rows([PhotoId(key) for key in ids[:CHUNK]])
    whole = PhotoQuery(query.project, sort=query.sort, descending=query.descending)
    of = len(ids) if query == whole else services.photos.count(whole)
    # How many projects there are matters only for what an empty one says.
    projects = 0 if of else len(services.projects.all(archived=None))
    return _Order(query, ids, first, of, projects)
