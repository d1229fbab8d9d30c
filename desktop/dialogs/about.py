"""About Regrain: version, licence, and what a report of a problem needs."""

from __future__ import annotations

import platform

from PySide6.QtCore import Qt, QUrl, Signal, Slot, qVersion
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from desktop.dialogs.frame import DialogFrame
from desktop.system.crash import about_this_installation, installed_version
from desktop.widgets.named import label, named
from desktop.widgets.picture import Picture

_LICENCE = "https://www.apache.org/licenses/LICENSE-2.0"


class AboutDialog(DialogFrame):
    """Says what this is, in which version."""

    logs_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("About Regrain"))
        self._title.hide()
        self.body.addLayout(self._top())
        self.body.addSpacing(10)
        self.body.addLayout(self._versions())
        self.body.addStretch(1)
        self._make_buttons()
        self.resize(540, 330)

    def _top(self) -> QHBoxLayout:
        picture = Picture("regrain", side=64)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addWidget(named(label(f"Regrain {installed_version('regrain')}"), "title"))
        sentence = self.tr(
            "Cleans noise from photographs, or repaints them, with diffusion models on your own "
            "computer. Nothing leaves it."
        )
        texts.addWidget(label(sentence, wrap=True))
        row = QHBoxLayout()
        row.setSpacing(18)
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(texts, 1)
        return row

    def _versions(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(18)
        grid.setColumnStretch(1, 1)
        known = {
            self.tr("Licence"): "Apache-2.0",
            "Python": platform.python_version(),
            "Qt": qVersion(),
            "PyTorch": installed_version("torch"),
            "diffusers": installed_version("diffusers"),
            self.tr("System"): platform.platform(terse=True),
        }
        for row, (name, value) in enumerate(known.items()):
            grid.addWidget(label(name, "muted"), row, 0)
            shown = label(value, wrap=True)
            shown.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            grid.addWidget(shown, row, 1)
        return grid

    def _make_buttons(self) -> None:
        logs = self.add_button(self.tr("Open &log folder"), left=True)
        logs.clicked.connect(self.logs_wanted)
        self._copy = self.add_button(self.tr("&Copy versions"), left=True)
        self._copy.setToolTip(self.tr("Copy what a report of a problem needs."))
        self._copy.clicked.connect(self._copy_versions)
        licence = self.add_button(self.tr("&Licence"))
        licence.setToolTip(self.tr("Open the licence in the browser."))
        licence.clicked.connect(lambda: QDesktopServices.openUrl(QUrl(_LICENCE)))
        self.add_close()

    @Slot()
    def _copy_versions(self) -> None:
        QGuiApplication.clipboard().setText(about_this_installation())
        self._copy.setText(self.tr("Copied"))
