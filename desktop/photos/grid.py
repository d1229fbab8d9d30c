"""The photographs of the open project: search, filter, order, thumbnails, selection."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPoint, QTimer, Signal, Slot
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from core.errors import CoreError
from core.events import Event, ItemDone
from core.library.ids import ItemId, JobId, PhotoId, ProjectId
from core.library.photo import Photo, PhotoQuery, Shown, SortBy
from desktop.backend import Backend
from desktop.photos.bar import FilterBar
from desktop.photos.delegate import PhotoDelegate
from desktop.photos.drag import drag_out, files_of
from desktop.photos.empty import EmptyState
from desktop.photos.footer import GridFooter
from desktop.photos.mime import carried, could_carry
from desktop.photos.model import PhotoModel
from desktop.photos.narrowed import NarrowedLine
from desktop.photos.overlay import DropOverlay
from desktop.photos.pictures import PictureLoader
from desktop.photos.reasons import Reasons
from desktop.photos.view import GridView

if TYPE_CHECKING:
    from core.services import Services

_PREFETCH_MILLISECONDS = 150


class PhotoGrid(QWidget):
    """Shows one project's photographs; what is done to them is the window's business.

    Args:
        backend: the library.
        pictures: makes the thumbnails; shared with the viewer.
    """

    selection_changed = Signal(object)
    """The selected PhotoIds, a list in the grid's order."""
    current_changed = Signal(object)
    """The Photo that is looked at, or None; again when its record changed."""
    opened = Signal(object)
    """A Photo is to be shown large."""
    paths_dropped = Signal(object)
    """Files and folders that were dropped here, a list of Path."""
    image_dropped = Signal(object)
    """A QImage that was dropped here and is no file."""
    samples_wanted = Signal()
    """The sample photographs are to be tried."""
    files_wanted = Signal()
    """Photographs are to be chosen."""
    folder_wanted = Signal()
    """A folder is to be chosen."""
    menu_wanted = Signal(object)
    """The menu of the selected photographs is to be shown at this QPoint of the screen."""
    narrowing_ended = Signal()
    """All photographs are shown again instead of one folder's or batch's."""
    arranged = Signal()
    """Another order or another number of photographs is shown."""

    def __init__(
        self, backend: Backend, pictures: PictureLoader, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._backend = backend
        self._pictures = pictures
        self._selection: list[PhotoId] = []
        self._current: Photo | None = None
        self._query: PhotoQuery | None = None
        self._focused = False
        self._expected: frozenset[Path] = frozenset()
        self.model = PhotoModel(backend, self)
        self.bar = FilterBar()
        self.footer = GridFooter()
        self.view = GridView(self.model, PhotoDelegate(pictures, self))
        self.empty = EmptyState()
        self.narrowed = NarrowedLine()
        self._reasons = Reasons(self)
        self._stack = QStackedWidget()
        self._overlay = DropOverlay(self._stack)
        self._selecting = QTimer(self, singleShot=True, interval=0)
        self._prefetching = QTimer(self, singleShot=True, interval=_PREFETCH_MILLISECONDS)
        self._lay_out()
        self._connect()

    # what the window tells

    @Slot(object)
    def open_project(self, project: ProjectId) -> None:
        """Show a project's photographs, all of them; search and order stay as they are."""
        self.narrowed.hide()
        self._query = PhotoQuery(project)
        self._ask()

    def narrow(self, folder: Path | None, job: JobId | None, name: str = "") -> None:
        """Show only what lies in a folder or is in a batch (called `name`); all for neither."""
        if self._query is None:
            return
        self._query = replace(self._query, folder=folder, job=job)
        self.narrowed.say(folder, name if job is not None else "")
        self._ask()

    def expect(self, folders: Iterable[Path]) -> None:
        """Say in an empty grid that photographs come by themselves into these watched folders."""
        self._expected = frozenset(folders)

    @Slot(object)
    def refresh(self, ids: Iterable[PhotoId] | None = None) -> None:
        """Read these photographs again, or all with their order."""
        self.model.refresh(ids)

    @Slot(object)
    def take(self, event: Event) -> None:
        """Follow what a running batch says."""
        if isinstance(event, ItemDone):
            self._pictures.forget(event.output)
        self.model.take(event)

    @Slot(object, int, int)
    def progress(self, item: ItemId, step: int, steps: int) -> None:
        """Show that a photograph is at `step` of `steps`."""
        self.model.progress(item, step, steps)

    @Slot(object)
    def select(self, ids: Iterable[PhotoId]) -> None:
        """Select these photographs and bring the first of them into sight."""
        rows = sorted(row for row in (self.model.row_of(key) for key in ids) if row >= 0)
        if rows:
            self.view.make_current(rows[0])
        self.view.select_rows(rows)

    @Slot(int)
    def step(self, delta: int) -> None:
        """Look at the photograph so many further on; a selection of several stays as it is."""
        last = self.model.rowCount() - 1
        row = min(last, max(0, self.view.currentIndex().row() + delta))
        if row >= 0:
            self.view.make_current(row)
            if len(self.view.selected_ids()) <= 1:
                self.view.select_rows([row])

    @Slot()
    def select_all(self) -> None:
        """Select all that is shown."""
        self.view.selectAll()

    @Slot()
    def select_none(self) -> None:
        """Select nothing."""
        self.view.clearSelection()

    @Slot()
    def focus_search(self) -> None:
        """Go to the search box."""
        self.bar.search.setFocus()
        self.bar.search.selectAll()

    # what the window asks

    @property
    def selection(self) -> list[PhotoId]:
        """The selected photographs."""
        return self.view.selected_ids()

    @property
    def current(self) -> Photo | None:
        """The photograph that is looked at, None while its record is being read."""
        return self.model.photo(self.view.currentIndex())

    @property
    def shown_ids(self) -> Sequence[int]:
        """All photographs that are shown, in their order: what runs when nothing is selected."""
        return self.model.ids

    def state(self) -> str:
        """Return size and order as a text to be remembered."""
        query = self.bar.applied_to(PhotoQuery(ProjectId(0)))
        chosen = {"side": self.footer.side, "sort": query.sort, "descending": query.descending}
        return json.dumps(chosen)

    def restore(self, state: str) -> None:
        """Take up what `state` returned; nothing that is no such text does harm."""
        with suppress(ValueError, KeyError, TypeError):
            chosen = json.loads(state)
            self.footer.set_side(int(chosen["side"]))
            self.bar.set_order(SortBy(chosen["sort"]), descending=bool(chosen["descending"]))

    # inside

    def _lay_out(self) -> None:
        self._stack.addWidget(self.view)
        self._stack.addWidget(self.empty)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self.narrowed)
        column.addWidget(self._stack, 1)
        column.addWidget(self.footer)
        self.view.setAccessibleName(self.tr("Photographs"))
        self.view.set_side(self.footer.side)
        self.setAcceptDrops(True)
        self.setFocusProxy(self.view)

    def _connect(self) -> None:
        self.bar.changed.connect(self._ask)
        self.bar.left.connect(self.view.setFocus)
        self.bar.counts_wanted.connect(self._ask_counts)
        self.footer.side_changed.connect(self.view.set_side)
        self.narrowed.ended.connect(self._widen)
        self.view.zoom_asked.connect(self.footer.zoom)
        self.view.open_asked.connect(self._open)
        self.view.menu_asked.connect(self._ask_menu)
        self.view.drag_asked.connect(self._start_drag)
        self.view.in_sight.connect(self._prefetching.start)
        self.view.selectionModel().selectionChanged.connect(self._selecting.start)
        self.view.selectionModel().currentChanged.connect(self._selecting.start)
        self.model.modelReset.connect(self._selecting.start)
        self.model.dataChanged.connect(self._notice)
        self.model.arranged.connect(self._take_arranged)
        self.model.troubled.connect(self._say_trouble)
        self.model.rewritten.connect(self._pictures.forget_all)
        self._selecting.timeout.connect(self._tell)
        self._prefetching.timeout.connect(self._prefetch)
        self._pictures.ready.connect(self._repaint)

    @Slot()
    def _ask(self) -> None:
        if self._query is not None:
            self._query = self.bar.applied_to(self._query)
            self.model.set_query(self._query)

    @Slot()
    def _widen(self) -> None:
        self.narrow(None, None)
        self.narrowing_ended.emit()

    @Slot()
    def _ask_counts(self) -> None:
        if self._query is None:
            return
        project = self._query.project

        def work(services: Services) -> Mapping[Shown, int]:
            return services.photos.status_counts(project)

        self._backend.ask(self, work, self.bar.set_counts)

    @Slot()
    def _take_arranged(self) -> None:
        number = self.model.rowCount()
        if number:
            self._stack.setCurrentWidget(self.view)
            if not self.view.currentIndex().isValid():
                self.view.make_current(0)
        else:
            self._show_empty()
        self._take_focus()
        self.bar.setEnabled(self.model.whole > 0)
        self._say_count()
        self._prefetching.start()
        self.arranged.emit()

    def _take_focus(self) -> None:
        """Let the first key go to the photographs or the first button, not into the search box."""
        if not self._focused and self.bar.search.hasFocus():
            if self._stack.currentWidget() is self.view:
                self.view.setFocus()
            else:
                self.empty.focus_first()
        self._focused = True

    def _show_empty(self) -> None:
        if (query := self._query) is None:
            return
        if query.folder in self._expected and not query.text:
            reason = self._reasons.nothing_came(query.folder)
        elif self.model.whole:
            reason = self._reasons.no_match(query, self.bar.clear, self._widen)
        else:
            reason = self._reasons.no_photographs(first=self.model.projects <= 1)
        self.empty.show_reason(reason)
        self._stack.setCurrentWidget(self.empty)

    @Slot(object)
    def _say_trouble(self, error: CoreError) -> None:
        if self.model.rowCount():
            self._backend.troubled.emit(error)
            return
        self.empty.show_reason(self._reasons.unreadable(error, lambda: self.refresh(None)))
        self._stack.setCurrentWidget(self.empty)

    def _say_count(self) -> None:
        if self.model.whole:
            self.footer.say(self.model.rowCount(), self.model.whole, len(self._selection))
        else:
            self.footer.say_nothing()

    @Slot()
    def _tell(self) -> None:
        """Say what is selected and looked at, once for all that changed at once."""
        selection, current = self.selection, self.current
        if selection != self._selection:
            self._selection = selection
            self._say_count()
            self.selection_changed.emit(list(selection))
        if current != self._current and (current or self.view.currentIndex().row() < 0):
            self._current = current
            self.current_changed.emit(current)

    @Slot(QModelIndex, QModelIndex)
    def _notice(self, first: QModelIndex, last: QModelIndex) -> None:
        if first.row() <= self.view.currentIndex().row() <= last.row():
            self._selecting.start()

    @Slot()
    def _open(self) -> None:
        photo = self.current
        if photo is not None:
            self.opened.emit(photo)

    @Slot(QPoint)
    def _ask_menu(self, where: QPoint) -> None:
        if self.model.rowCount():
            self.menu_wanted.emit(where)

    # pictures

    @Slot(object)
    def _repaint(self, path: Path) -> None:
        for row in self.view.rows_in_sight():
            photo = self.model.held(row)
            if photo is not None and path in (photo.path, photo.output):
                self.view.update(self.model.index(row))

    @Slot()
    def _prefetch(self) -> None:
        """Have the pictures of the next and the previous page made while nobody waits."""
        seen = self.view.rows_in_sight()
        ahead = [*range(seen.stop, seen.stop + len(seen)), *range(seen.start - 1, -1, -1)]
        rows = [row for row in ahead[: 2 * len(seen)] if row < self.model.rowCount()]
        photos = [self.model.photo(self.model.index(row)) for row in rows]
        self.view.prefetch([photo for photo in photos if photo is not None])

    @Slot()
    def _start_drag(self) -> None:
        ids, current = self.selection, self.current
        picture = self.view.picture_of(current) if current is not None else None
        self._backend.ask(
            self,
            lambda services: files_of(services, ids),
            lambda paths: drag_out(self.view, paths, picture),
        )

    # drops

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Show that photographs can be dropped here; not those that come from here."""
        if event.source() is not self.view and could_carry(event.mimeData()):
            event.acceptProposedAction()
            self._overlay.cover(self._stack.rect())

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Go on accepting."""
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Take the sign away."""
        self._overlay.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        """Hand on what was dropped."""
        self._overlay.hide()
        what = carried(event.mimeData())
        event.acceptProposedAction()
        if what.paths:
            self.paths_dropped.emit(list(what.paths))
        elif what.image is not None:
            self.image_dropped.emit(what.image)

    def showEvent(self, event: QShowEvent) -> None:
        """Bring what is looked at into sight: it may have changed in the viewer."""
        super().showEvent(event)
        self.view.scrollTo(self.view.currentIndex())
