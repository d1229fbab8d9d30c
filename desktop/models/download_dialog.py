"""What can be downloaded, and the question before it is."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QGridLayout,
    QHeaderView,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from core.models.offers import MODELS, Offer
from desktop.dialogs.frame import DialogFrame
from desktop.models.words import tr
from desktop.widgets.named import label
from desktop.words import gigabytes

_GIGA = 1e9


class DownloadsDialog(DialogFrame):
    """Lists the models that can be downloaded; about sizes, the hub says them exactly."""

    wanted = Signal(str)
    """The id of an offer; what it takes is asked first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.set_heading(
            tr("Download a model"),
            tr("From Hugging Face; you are asked again before anything is fetched."),
        )
        self.list = QTreeWidget()
        self.list.setAccessibleName(tr("Models to download"))
        self.list.setHeaderLabels([tr("Model"), tr("About"), tr("Size"), tr("Licence")])
        self.list.setRootIsDecorated(False)
        self.list.setAllColumnsShowFocus(True)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self._items = [_item(offer) for offer in MODELS.values()]
        self.list.addTopLevelItems(self._items)
        header = self.list.header()
        header.setStretchLastSection(True)
        for column in (0, 1, 2):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self.body.addWidget(self.list, 1)
        self.add_close()
        self.get = self.add_button(tr("&Look up…"), primary=True)
        self.get.setToolTip(tr("Ask Hugging Face what it takes; nothing is downloaded yet."))
        self.get.clicked.connect(self._want)
        self.list.itemActivated.connect(self._want)
        self.list.setCurrentItem(self._items[0])
        self.resize(860, 440)

    @Slot()
    def _want(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self.wanted.emit(str(item.data(0, Qt.ItemDataRole.UserRole)))
            self.accept()


def _item(offer: Offer) -> QTreeWidgetItem:
    licence = offer.licence + (tr("; account needed") if offer.needs_login else "")
    size = gigabytes(round(offer.gigabytes * _GIGA))
    item = QTreeWidgetItem([offer.name, offer.sentence, size, licence])
    item.setData(0, Qt.ItemDataRole.UserRole, offer.id)
    item.setTextAlignment(2, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    item.setToolTip(3, licence)
    return item


class DownloadQuestion(DialogFrame):
    """Shows what a download takes, its size and licence; accepted: the user said yes."""

    def __init__(self, facts: Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.set_heading(tr("Download this?"), tr("It can be ended at any time and goes on there."))
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(7)
        grid.setColumnStretch(1, 1)
        for row, (name, value) in enumerate(facts.items()):
            grid.addWidget(label(name, "muted"), row, 0, Qt.AlignmentFlag.AlignTop)
            shown = label(value, wrap=True)
            shown.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            shown.setAccessibleName(f"{name}: {value}")
            grid.addWidget(shown, row, 1)
        self.body.addLayout(grid)
        cancel = self.add_button(tr("&No"))
        cancel.clicked.connect(self.reject)
        self.yes = self.add_button(tr("&Download"), primary=True)
        self.yes.setToolTip(tr("Accept the licence and download it."))
        self.yes.clicked.connect(self.accept)
        self.resize(520, 300)
        self.fit()
