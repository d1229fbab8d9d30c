"""The line above the grid: search, filter, stars, order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QSizePolicy, QWidget

from core.library.photo import PhotoQuery, Shown, SortBy
from desktop.icons import icon
from desktop.photos.words import many, shown_words, sort_words
from desktop.theme import tokens
from desktop.widgets.named import flat_button
from desktop.words import count

_TYPING_MILLISECONDS = 150
_MOST_STARS = 5


class SearchBox(QLineEdit):
    """Searches while one types; Escape clears it, Down goes to what was found."""

    searched = Signal()
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText(self.tr("Search names and folders"))
        self.setAccessibleName(self.tr("Search photographs"))
        self.setToolTip(self.tr("Show only photographs whose file or folder name has this in it."))
        self.setClearButtonEnabled(True)
        action = QAction(icon("search", "muted"), "", self)
        self.addAction(action, QLineEdit.ActionPosition.LeadingPosition)
        self._typing = QTimer(self, singleShot=True, interval=_TYPING_MILLISECONDS)
        self._typing.timeout.connect(self.searched)
        self.textChanged.connect(self._typed)

    @Slot(str)
    def _typed(self, _text: str) -> None:
        self._typing.start()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave the box by Escape, Return or Down."""
        keys = Qt.Key
        if event.key() == keys.Key_Escape:
            self.clear()
        if event.key() in (keys.Key_Escape, keys.Key_Return, keys.Key_Enter, keys.Key_Down):
            self._typing.stop()
            self.searched.emit()
            self.left.emit()
            return
        super().keyPressEvent(event)


class FilterBar(QWidget):
    """Says what the grid shows and in which order."""

    changed = Signal()
    """Another search, filter or order was chosen."""
    counts_wanted = Signal()
    """The filter's list is about to be opened."""
    left = Signal()
    """The keyboard goes on to the grid."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.search = SearchBox()
        self.shown = _CountingBox(self.tr("Show"), self.tr("Show only photographs in one state."))
        self.stars = _box(self.tr("Stars"), self.tr("Show only photographs with enough stars."))
        self.order = _box(self.tr("Sort by"), self.tr("What the photographs are sorted by."))
        self.way = flat_button("sort-up", "", "")
        self.way.setCheckable(True)
        self._fill()
        self._lay_out()
        self._turn()
        self.search.searched.connect(self.changed)
        self.search.left.connect(self.left)
        self.shown.opening.connect(self.counts_wanted)
        for box in (self.shown, self.stars, self.order):
            box.currentIndexChanged.connect(self._choose)
        self.way.toggled.connect(self._turn)
        self.way.toggled.connect(self._choose)

    def applied_to(self, query: PhotoQuery) -> PhotoQuery:
        """Return the query with what is chosen here."""
        return replace(
            query,
            text=self.search.text().strip(),
            shown=Shown(self.shown.currentData()),
            min_rating=int(self.stars.currentData()),
            sort=SortBy(self.order.currentData()),
            descending=self.way.isChecked(),
        )

    def set_order(self, sort: SortBy, *, descending: bool) -> None:
        """Choose an order, as it was remembered."""
        self.order.setCurrentIndex(self.order.findData(sort.value))
        self.way.setChecked(descending)

    def set_counts(self, counts: Mapping[Shown, int]) -> None:
        """Say how many photographs each filter would show."""
        for place, shown in enumerate(Shown):
            text, number = shown_words(shown), counts.get(shown)
            self.shown.setItemText(place, text if number is None else f"{text}  {count(number)}")

    def clear(self) -> None:
        """Show all photographs again; the order stays."""
        self.search.clear()
        self.shown.setCurrentIndex(0)
        self.stars.setCurrentIndex(0)
        self.changed.emit()

    def _fill(self) -> None:
        for shown in Shown:
            self.shown.addItem(shown_words(shown), shown.value)
        self.stars.addItem(icon("star", "muted"), self.tr("Any"), 0)
        for stars in range(1, _MOST_STARS + 1):
            words = str(stars) if stars == _MOST_STARS else self.tr("{} +").format(stars)
            self.stars.addItem(icon("star-filled"), words, stars)
            spoken = many(stars, self.tr("1 star or more"), self.tr("{} stars or more"))
            self.stars.setItemData(stars, spoken, Qt.ItemDataRole.AccessibleTextRole)
        for sort in SortBy:
            self.order.addItem(sort_words(sort), sort.value)

    def _lay_out(self) -> None:
        space = tokens().space
        line = QHBoxLayout(self)
        line.setContentsMargins(space, 6, space, 6)
        line.setSpacing(6)
        line.addWidget(self.search, 1)
        for box, letters in ((self.shown, 14), (self.stars, 4), (self.order, 9)):
            box.setMinimumContentsLength(letters)
            line.addWidget(box)
        line.addWidget(self.way)
        self.search.setMinimumWidth(130)
        self.stars.setIconSize(QSize(14, 14))

    @Slot()
    def _choose(self) -> None:
        self.changed.emit()

    @Slot()
    def _turn(self) -> None:
        """Show the direction on its button."""
        down = self.way.isChecked()
        self.way.setIcon(icon("sort-down" if down else "sort-up"))
        self.way.setAccessibleName(self.tr("Descending") if down else self.tr("Ascending"))
        self.way.setToolTip(
            self.tr("Sorted from last to first; click to turn it round.")
            if down
            else self.tr("Sorted from first to last; click to turn it round.")
        )


class _CountingBox(QComboBox):
    """A list whose numbers are asked for when it is opened."""

    opening = Signal()

    def __init__(self, name: str, sentence: str) -> None:
        super().__init__()
        _set_up(self, name, sentence)

    def showPopup(self) -> None:
        """Open the list."""
        self.opening.emit()
        super().showPopup()


def _box(name: str, sentence: str) -> QComboBox:
    box = QComboBox()
    _set_up(box, name, sentence)
    return box


def _set_up(box: QComboBox, name: str, sentence: str) -> None:
    box.setAccessibleName(name)
    box.setToolTip(sentence)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    box.view().setTextElideMode(Qt.TextElideMode.ElideNone)
