"""The sidebar's tree: keeps what is open and chosen while its numbers change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from PySide6.QtCore import (
    QEvent,
    QFileInfo,
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QPainter,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QTreeWidget,
    QTreeWidgetItem,
    QTreeWidgetItemIterator,
    QWidget,
)

from desktop.photos.overlay import DropOverlay
from desktop.photos.overview import Entry, Kind
from desktop.photos.source_delegate import ENTRY, SourceDelegate
from desktop.photos.words import tr
from desktop.theme import tokens
from desktop.widgets.plain import plain_tip

_CHOOSABLE = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
_FOLDERS_OPEN = 12
"""Up to so many folders are all open at first."""


class SourceTree(QTreeWidget):
    """Shows entries; sections are always open. A folder can be dropped on that of watch folders."""

    folder_dropped = Signal(object)
    """The Path of a folder that is to be watched."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines = SourceDelegate(self)
        self._entries: Sequence[Entry] = ()
        self._shut: set[tuple[object, ...]] = set()
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setIndentation(14)
        self.setMouseTracking(True)
        self.setUniformRowHeights(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setItemDelegate(self._lines)
        self.setAcceptDrops(True)
        self._overlay = DropOverlay(self.viewport(), tr("Drop to watch this folder"))
        self.itemCollapsed.connect(self._collapsed)
        self.itemExpanded.connect(self._expanded)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._lines.forget_look()

    def drawBranches(
        self,
        painter: QPainter,
        rect: QRect,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Leave whole lines to the delegate, with the arrows of folders."""
        painter.fillRect(rect, QColor(tokens().panel))

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """Show other entries; where only numbers differ, nothing moves."""
        if list(entries) == list(self._entries):
            return
        before = [item_entry(item).key for item in self.items()]
        after = [entry.key for entry in _flat(entries)]
        self._entries = entries
        if before == after:
            for item, entry in zip(list(self.items()), _flat(entries), strict=True):
                _fill(item, entry)
        else:
            self._rebuild(entries)

    def items(self) -> Iterator[QTreeWidgetItem]:
        """Yield all items, from the top down."""
        walk = QTreeWidgetItemIterator(self)
        while (item := walk.value()) is not None:
            yield item
            walk += 1

    def choose(self, entry: Entry | None) -> None:
        """Mark an entry as chosen without telling anybody."""
        key = entry.key if entry is not None else None
        found = next((item for item in self.items() if item_entry(item).key == key), None)
        self.blockSignals(True)
        if found is None:
            self.setCurrentIndex(QModelIndex())
        else:
            self.setCurrentItem(found)
        self.blockSignals(False)
        self.viewport().update()

    def chosen(self) -> Entry | None:
        """Return the entry that is chosen."""
        item = self.currentItem()
        return item_entry(item) if item is not None else None

    # a folder that is dropped

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take a folder up; whether it can be dropped depends on where."""
        event.setAccepted(_folder_of(event.mimeData()) is not None)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Show where a folder can be dropped."""
        room = self._watch_room()
        fits = room.contains(event.position().toPoint())
        event.setAccepted(fits and _folder_of(event.mimeData()) is not None)
        self._overlay.setVisible(False)
        if event.isAccepted():
            self._overlay.cover(room)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Take the sign away."""
        self._overlay.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        """Hand the folder on."""
        self._overlay.hide()
        folder = _folder_of(event.mimeData())
        if folder is not None and self._watch_room().contains(event.position().toPoint()):
            event.acceptProposedAction()
            self.folder_dropped.emit(folder)

    def _watch_room(self) -> QRect:
        """Return the part of the viewport below the heading of the watched folders."""
        room = self.viewport().rect()
        adds = (item for item in self.items() if item_entry(item).kind is Kind.ADD_WATCH)
        section = next((item.parent() for item in adds), None)
        if section is None:
            return QRect()
        room.setTop(max(0, self.visualItemRect(section).top()))
        return room

    def _rebuild(self, entries: Sequence[Entry]) -> None:
        chosen, position = self.chosen(), self.verticalScrollBar().value()
        self.blockSignals(True)
        self.clear()
        for entry in entries:
            self._add(self.invisibleRootItem(), entry)
        few = sum(entry.kind is Kind.FOLDER for entry in _flat(entries)) <= _FOLDERS_OPEN
        for item in self.items():
            entry = item_entry(item)
            item.setExpanded(entry.kind is Kind.SECTION or (few and entry.key not in self._shut))
        self.blockSignals(False)
        self.choose(chosen)
        self.verticalScrollBar().setValue(position)

    def _add(self, parent: QTreeWidgetItem, entry: Entry) -> None:
        item = QTreeWidgetItem(parent)
        _fill(item, entry)
        for child in entry.children:
            self._add(item, child)

    def _collapsed(self, item: QTreeWidgetItem) -> None:
        if item_entry(item).kind is Kind.SECTION:
            item.setExpanded(True)
        else:
            self._shut.add(item_entry(item).key)

    def _expanded(self, item: QTreeWidgetItem) -> None:
        self._shut.discard(item_entry(item).key)


def item_entry(item: QTreeWidgetItem) -> Entry:
    """Return what an item shows."""
    entry: Entry = item.data(0, ENTRY)
    return entry


def _fill(item: QTreeWidgetItem, entry: Entry) -> None:
    item.setData(0, ENTRY, entry)
    item.setText(0, entry.text)
    item.setToolTip(0, plain_tip(entry.tooltip))
    item.setData(0, Qt.ItemDataRole.AccessibleTextRole, entry.spoken)
    plain = entry.kind in (Kind.SECTION, Kind.HINT)
    item.setFlags(Qt.ItemFlag.ItemIsEnabled if plain else _CHOOSABLE)


def _folder_of(data: QMimeData) -> Path | None:
    """Return the one folder that is dragged; None for files and for several."""
    urls = data.urls() if data.hasUrls() else []
    if len(urls) != 1 or not urls[0].isLocalFile():
        return None
    info = QFileInfo(urls[0].toLocalFile())
    return Path(info.absoluteFilePath()) if info.isDir() else None


def _flat(entries: Sequence[Entry]) -> Iterator[Entry]:
    for entry in entries:
        yield entry
        yield from _flat(entry.children)
