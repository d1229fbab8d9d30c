"""The two lists of the queue: batches, to be reordered by dragging, and photographs."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QListView, QTableView, QWidget

from core.library.ids import ItemId
from core.library.records import JobItem
from desktop.queue.batches import BatchModel
from desktop.queue.cells import Column
from desktop.queue.delegates import BatchDelegate, ItemDelegate
from desktop.queue.items import ITEM, ItemModel
from desktop.theme import tokens

_ROW = 24
_FOLLOW_MS = 300
_NUMBER = 66


class BatchList(QListView):
    """The batches; drag one to change when it is worked on."""

    menu_wanted = Signal(object)
    """QPoint, global: where the menu of the current batch is wanted."""

    def __init__(self, model: BatchModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        self.setItemDelegate(BatchDelegate(self))
        self.setAccessibleName(self.tr("Batches"))
        self.setToolTip(
            self.tr("Batches in the order in which they are worked on; drag to change.")
        )
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setDropIndicatorShown(True)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu of the batch under the mouse, or of the current one by key."""
        index = self.indexAt(event.pos())
        if event.reason() == QContextMenuEvent.Reason.Mouse and index.isValid():
            self.setCurrentIndex(index)
        if self.currentIndex().isValid():
            self.menu_wanted.emit(event.globalPos())


class ItemTable(QTableView):
    """The photographs of one batch; follows the work unless the user looks at something else."""

    menu_wanted = Signal(object)
    """QPoint, global."""
    chosen = Signal(object)
    """JobItem that was double-clicked."""

    def __init__(self, model: ItemModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items = model
        self.empty_text = ""
        self.setModel(model)
        self.setItemDelegate(ItemDelegate(self))
        self.setAccessibleName(self.tr("Photographs of the batch"))
        self._look()
        self._columns()
        self._follow = QTimer(self, singleShot=True, interval=_FOLLOW_MS)
        self._follow.timeout.connect(self._scroll_to_work)
        self._working: ItemId | None = None
        self.doubleClicked.connect(self._double_clicked)

    def follow(self, item: ItemId) -> None:
        """Bring a photograph into view soon, unless something is selected or pointed at."""
        self._working = item
        if not self._follow.isActive():
            self._follow.start()

    def selected_items(self) -> list[JobItem]:
        """Return the selected photographs that were read already."""
        rows = self.selectionModel().selectedRows()
        items = (self._items.item(index.row()) for index in rows)
        return [item for item in items if item is not None]

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu of what is selected."""
        if self.selectionModel().hasSelection():
            self.menu_wanted.emit(event.globalPos())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Let go of the selection by a click beside the rows: the list follows the work again."""
        if not self.indexAt(event.position().toPoint()).isValid():
            self.clearSelection()
        super().mousePressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Say why there is nothing."""
        super().paintEvent(event)
        if self._items.rowCount() == 0 and self.empty_text:
            painter = QPainter(self.viewport())
            painter.setPen(tokens().muted)
            area = self.viewport().rect().adjusted(16, 0, -16, 0)
            wrapped = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(area, wrapped, self.empty_text)

    def _look(self) -> None:
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setMouseTracking(True)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setMinimumSectionSize(_ROW)
        rows.setDefaultSectionSize(_ROW)

    def _columns(self) -> None:
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(40)
        header.setStretchLastSection(True)
        for column in (Column.STEPS, Column.SECONDS):
            self.setColumnWidth(column, _NUMBER)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the width: numbers need little, the note takes what names and states leave."""
        super().resizeEvent(event)
        width = self.viewport().width()
        self.setColumnWidth(Column.NAME, min(320, max(118, width * 24 // 100)))
        self.setColumnWidth(Column.STATUS, min(300, max(140, width * 30 // 100)))

    def _scroll_to_work(self) -> None:
        row = None if self._working is None else self._items.row_of(self._working)
        busy = self.selectionModel().hasSelection() or self.viewport().underMouse()
        if row is not None and not busy:
            self.scrollTo(self._items.index(row, 0), QAbstractItemView.ScrollHint.PositionAtCenter)

    def _double_clicked(self, index: QModelIndex) -> None:
        item: JobItem | None = index.data(ITEM)
        if item is not None:
            self.chosen.emit(item)


def menu_point(view: QAbstractItemView) -> QPoint:
    """Return where a menu of the current row stands when it was asked for by key."""
    area = view.visualRect(view.currentIndex())
    return view.viewport().mapToGlobal(area.bottomLeft())
