"""The grid of photographs as a Qt view: painting, keys, selection; places are computed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QHoverEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QRegion,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QStyle, QWidget

from core.library.ids import PhotoId
from core.library.photo import Photo
from desktop.photos.band import GapBand
from desktop.photos.delegate import PADDING, PhotoDelegate
from desktop.photos.keeping import Seen, seen_in, show_again
from desktop.photos.model import PhotoModel
from desktop.photos.places import MARGIN, Places, fitting
from desktop.photos.selecting import ranges, selected_ids

Index = QModelIndex | QPersistentModelIndex


class GridView(QListView):
    """Shows a `PhotoModel` in as many columns as fit.

    A range is selected in reading order; a rubber band drawn from a gap selects what it touches.
    It is a QListView for screen readers, which know that; of its layout nothing is used.
    """

    menu_asked = Signal(QPoint)
    """The menu of the selection is wanted at this place of the screen."""
    open_asked = Signal()
    """Return or the space bar was pressed, or a photograph double-clicked."""
    zoom_asked = Signal(int)
    """Control and the wheel: larger (1) or smaller (-1) pictures are wanted."""
    drag_asked = Signal()
    """The selection is being dragged out."""
    in_sight = Signal()
    """Other photographs than before are shown."""

    def __init__(
        self, model: PhotoModel, delegate: PhotoDelegate, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._photos = model
        self._cells = delegate
        self._hovered = -1
        self._seen: Seen | None = None
        self._band = GapBand(self)
        self._places = Places(0, 1, QSize(1, 1))
        self._side = 144
        self._set_up()
        self.setItemDelegate(delegate)
        self.setModel(model)
        model.modelAboutToBeReset.connect(self._remember)
        model.modelReset.connect(self._recall)
        self.doubleClicked.connect(lambda _index: self.open_asked.emit())
        self.take_look()

    def _set_up(self) -> None:
        self.setObjectName("grid")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # Always there: a bar that comes and goes would change the number of columns.
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    # where cells are

    @property
    def places(self) -> Places:
        """Where cells are, counted from the first one's line; `verticalOffset` is scrolled away."""
        count, held = len(self._photos.ids), self._places
        if held.count != count:
            self._places = Places(count, held.columns, held.cell)
        return self._places

    def _fit(self) -> None:
        """Make cells as large as the width asks for."""
        columns, wide = fitting(self.viewport().width(), self._side + 2 * PADDING)
        self._cells.set_side(wide - 2 * PADDING)
        self._places = Places(len(self._photos.ids), columns, self._cells.shape.size)

    @property
    def photos(self) -> PhotoModel:
        """What it shows."""
        return self._photos

    def rows_in_sight(self) -> range:
        """Return the photographs that are shown, in part at least."""
        top = self.verticalOffset()
        return self.places.rows(top, top + self.viewport().height())

    def visualRect(self, index: Index) -> QRect:
        """Return a photograph's cell in the viewport."""
        if not index.isValid():
            return QRect()
        return self.places.rect(index.row()).translated(0, -self.verticalOffset())

    def indexAt(self, point: QPoint) -> QModelIndex:
        """Return the photograph whose cell is at a point of the viewport; none in the gaps."""
        row = self.places.row_at(point + QPoint(0, self.verticalOffset()))
        return self._photos.index(row) if row >= 0 else QModelIndex()

    def horizontalOffset(self) -> int:
        """Return 0: cells always fit the width."""
        return 0

    def verticalOffset(self) -> int:
        """Return how many pixels are scrolled away."""
        return self.verticalScrollBar().value()

    def isIndexHidden(self, index: Index) -> bool:
        """Return False: none is hidden."""
        return False

    def scrollTo(
        self,
        index: Index,
        hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible,
    ) -> None:
        """Bring a photograph's cell into sight."""
        if not index.isValid():
            return
        rect, bar = self.visualRect(index), self.verticalScrollBar()
        height, where = self.viewport().height(), QAbstractItemView.ScrollHint
        if hint is where.PositionAtCenter:
            bar.setValue(bar.value() + rect.center().y() - height // 2)
        elif hint is where.PositionAtTop or rect.top() < MARGIN:
            bar.setValue(bar.value() + rect.top() - MARGIN)
        elif hint is where.PositionAtBottom or rect.bottom() > height - MARGIN:
            bar.setValue(bar.value() + rect.bottom() + MARGIN - height)

    def updateGeometries(self) -> None:
        """Fit the scroll bar to the number of lines."""
        bar, height = self.verticalScrollBar(), self.viewport().height()
        bar.setRange(0, max(0, self.places.height - height))
        bar.setPageStep(height)
        bar.setSingleStep(max(1, self.places.pitch // 3))
        QAbstractItemView.updateGeometries(self)

    def doItemsLayout(self) -> None:
        """Lay out nothing: places are computed."""
        QAbstractItemView.doItemsLayout(self)

    def dataChanged(self, first: Index, last: Index, roles: Sequence[int] = ()) -> None:
        """Paint what changed; no cell changes its size."""
        QAbstractItemView.dataChanged(self, first, last, list(roles))

    # looks

    @Slot()
    def take_look(self) -> None:
        """Take font, screen and theme anew."""
        ratio = self.devicePixelRatioF()
        self._anchored(lambda: self._cells.set_look(self.font(), ratio))

    def set_side(self, side: int) -> None:
        """Show pictures at least this wide; the photograph that matters stays where it is."""
        self._side = side
        self._anchored(lambda: None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the cells to the width."""
        QAbstractItemView.resizeEvent(self, event)
        if event.oldSize().width() != event.size().width():
            self._anchored(lambda: None)

    def _anchored(self, change: Callable[[], None]) -> None:
        """Do what changes the layout and keep the current photograph, or the first one, in place.

        The current one only if it is in sight.
        """
        seen, current = self.rows_in_sight(), self.currentIndex().row()
        anchor = current if current in seen else seen.start
        before = self.places.rect(anchor).top() - self.verticalOffset()
        change()
        self._fit()
        self.updateGeometries()
        if seen:
            self.verticalScrollBar().setValue(self.places.rect(anchor).top() - before)
        self.viewport().update()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme and the font."""
        super().changeEvent(event)
        kinds = QEvent.Type
        if event.type() in (kinds.PaletteChange, kinds.FontChange, kinds.StyleChange):
            self.take_look()

    def event(self, event: QEvent) -> bool:
        """Follow the screen's pixel ratio."""
        if event.type() is QEvent.Type.DevicePixelRatioChange:
            self.take_look()
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the cells that the event touches."""
        painter = QPainter(self.viewport())
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        offset, area, places = self.verticalOffset(), event.rect(), self.places
        painter.fillRect(area, QColor(self._cells.colours.canvas))
        # Backwards: the picture that was wanted last is made first.
        for row in reversed(places.rows(area.top() + offset, area.bottom() + 1 + offset)):
            rect = places.rect(row).translated(0, -offset)
            if rect.intersects(area):
                self._paint_cell(painter, rect, row)
        painter.end()

    def _paint_cell(self, painter: QPainter, rect: QRect, row: int) -> None:
        index, flag = self._photos.index(row), QStyle.StateFlag
        state = flag.State_Enabled
        if self.selectionModel().isSelected(index):
            state |= flag.State_Selected
        if row == self._hovered:
            state |= flag.State_MouseOver
        if row == self.currentIndex().row() and self.hasFocus():
            state |= flag.State_HasFocus
        photo = self._photos.photo(index)
        progress = self._photos.progress_of(photo) if photo is not None else None
        self._cells.paint_cell(painter, rect, state, photo, progress)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Move what is painted; paint what comes into sight."""
        self.viewport().scroll(dx, dy)
        self.in_sight.emit()

    def prefetch(self, photos: Iterable[Photo]) -> None:
        """Have pictures made that will be in sight soon."""
        self._cells.prefetch(photos)

    def picture_of(self, photo: Photo) -> QImage | None:
        """Return what is held of a photograph's picture."""
        return self._cells.picture_of(photo)

    # keys and mouse

    def moveCursor(
        self,
        action: QAbstractItemView.CursorAction,
        modifiers: Qt.KeyboardModifier,
    ) -> QModelIndex:
        """Return where a key leads: left and right in reading order, up and down by lines."""
        if self.places.count == 0:
            return QModelIndex()
        row, lines = self.currentIndex().row(), self.viewport().height() // self.places.pitch
        return self._photos.index(self.places.moved(row, action, max(1, lines)))

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:
        """Select from the photograph at the rectangle's first corner to the one at its last."""
        first, last = self.indexAt(rect.topLeft()), self.indexAt(rect.bottomRight())
        if not last.isValid():
            self.selectionModel().select(QItemSelection(), command)
            return
        if not first.isValid():
            first = last
        if first.row() > last.row():
            first, last = last, first
        self.selectionModel().select(QItemSelection(first, last), command)

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        """Return the whole viewport: painting all of it is quicker than looking at each range."""
        return QRegion(self.viewport().rect()) if selection.size() else QRegion()

    def keyboardSearch(self, search: str) -> None:
        """Do nothing: letters are the keys of decisions, names are searched in the search box."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open with Return and the space bar; the rest is as in any list."""
        keys, plain = Qt.Key, event.modifiers() in (_NO_KEY, Qt.KeyboardModifier.KeypadModifier)
        if plain and event.key() in (keys.Key_Return, keys.Key_Enter, keys.Key_Space):
            if self.currentIndex().isValid():
                self.open_asked.emit()
            return
        super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll; with Control make pictures larger or smaller."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom_asked.emit(1 if event.angleDelta().y() > 0 else -1)
            event.accept()
            return
        super().wheelEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu: at the mouse, or beside the current photograph."""
        where = event.globalPos()
        if event.reason() is QContextMenuEvent.Reason.Keyboard:
            where = self.viewport().mapToGlobal(self.visualRect(self.currentIndex()).center())
        self.menu_asked.emit(where)

    def startDrag(self, supported: Qt.DropAction) -> None:
        """Ask for the drag: the files of the selection must be looked up first."""
        self.drag_asked.emit()

    def viewportEvent(self, event: QEvent) -> bool:
        """Mark the cell under the mouse."""
        if isinstance(event, QHoverEvent):
            leaving = event.type() is QEvent.Type.HoverLeave
            self._hover(-1 if leaving else self.indexAt(event.position().toPoint()).row())
        return super().viewportEvent(event)

    def _hover(self, row: int) -> None:
        if row != self._hovered:
            for changed in (self._hovered, row):
                self.viewport().update(self.visualRect(self._photos.index(changed)))
            self._hovered = row

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Start a rubber band in a gap; on a photograph, select or drag."""
        point, left = event.position().toPoint(), Qt.MouseButton.LeftButton
        if event.button() is left and not self.indexAt(point).isValid():
            self._band.begin(point, adding=bool(event.modifiers() & _ADDING))
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Draw the rubber band, if there is one."""
        if self._band.active:
            self._band.stretch(event.position().toPoint())
        else:
            QAbstractItemView.mouseMoveEvent(self, event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the rubber band, if there is one."""
        if self._band.active:
            self._band.end()
        else:
            QAbstractItemView.mouseReleaseEvent(self, event)

    # selection by ids

    def selected_ids(self) -> list[PhotoId]:
        """Return the selected photographs in the grid's order."""
        return selected_ids(self.selectionModel(), self._photos.ids)

    def selectAll(self) -> None:
        """Select everything as one range; a list view would look at each row."""
        self.select_rows(range(len(self._photos.ids)))

    def select_rows(self, rows: Iterable[int]) -> None:
        """Select these and nothing else."""
        chosen = ranges(self._photos, rows)
        self.selectionModel().select(chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def make_current(self, row: int) -> None:
        """Look at a photograph without selecting it, and bring it into sight."""
        index = self._photos.index(row)
        self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)
        self.scrollTo(index)

    @Slot()
    def _remember(self) -> None:
        self._seen = seen_in(self)

    @Slot()
    def _recall(self) -> None:
        self._hovered = -1
        self.updateGeometries()
        if self._seen is not None:
            show_again(self, self._seen)
        self._seen = None
        self.viewport().update()


_NO_KEY = Qt.KeyboardModifier.NoModifier
_ADDING = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
