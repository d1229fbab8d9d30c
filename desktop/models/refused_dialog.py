"""The files of a folder that are not used, each with its reason."""

from __future__ import annotations

from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from core.models.found import ScanReport
from desktop.dialogs.frame import DialogFrame
from desktop.models.words import refused_lines, tr
from desktop.widgets.plain import plain_tip


class RefusedDialog(DialogFrame):
    """Lists what a scan refused."""

    def __init__(self, report: ScanReport, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.set_heading(tr("Not used"), tr("These files stay as they are; nothing of them ran."))
        self.list = QTreeWidget()
        self.list.setAccessibleName(tr("Refused files"))
        self.list.setHeaderLabels([tr("File"), tr("Why")])
        self.list.setRootIsDecorated(False)
        for name, reason, path in refused_lines(report):
            item = QTreeWidgetItem([name, reason])
            item.setToolTip(0, plain_tip(path))
            item.setToolTip(1, plain_tip(reason))
            self.list.addTopLevelItem(item)
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        self.body.addWidget(self.list, 1)
        self.add_close()
        self.resize(720, 380)
