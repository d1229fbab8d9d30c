"""The one dialog of a bug: what it means for the photographs, and what to do."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from desktop.dialogs.frame import DialogFrame
from desktop.icons import icon
from desktop.system.crash import Crash, about_this_installation
from desktop.widgets.named import label


class CrashDialog(DialogFrame):
    """Shown once a session; the work goes on where it can.

    Args:
        crash: what happened.
    """

    reveal = Signal(object)
    """Path of the report, to be shown in the file manager."""
    quit_wanted = Signal()

    def __init__(self, crash: Crash, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._crash = crash
        self.set_heading(
            self.tr("Something in Regrain went wrong"),
            self.tr(
                "This is a bug, not your fault. Photographs, results and the library are safe. "
                "You can go on; if something looks wrong, close Regrain and open it again: "
                "what was being done goes on with Resume."
            ),
        )
        self.body.addWidget(label(crash.summary, "bad", wrap=True))
        self.body.addWidget(self._report())
        where = self.tr("The report: {}").format(crash.report) if crash.report else ""
        self.body.addWidget(label(where, "small", wrap=True))
        self._make_buttons()
        self.resize(600, 420)

    def _report(self) -> QPlainTextEdit:
        text = QPlainTextEdit(self._crash.text)
        text.setReadOnly(True)
        text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        text.setAccessibleName(self.tr("Report"))
        return text

    def _make_buttons(self) -> None:
        folder = self.add_button(self.tr("Show the &report"), left=True)
        folder.setIcon(icon("reveal"))
        folder.setEnabled(self._crash.report is not None)
        folder.clicked.connect(lambda: self.reveal.emit(self._crash.report))
        self._copy = self.add_button(self.tr("&Copy it"), left=True)
        self._copy.setToolTip(self.tr("Copy the report, to send it to whoever can repair it."))
        self._copy.clicked.connect(self._copy_report)
        self.add_button(self.tr("&Quit Regrain")).clicked.connect(self._quit)
        self.add_button(self.tr("&Go on"), primary=True).clicked.connect(self.accept)

    @Slot()
    def _copy_report(self) -> None:
        text = f"{about_this_installation()}\n{self._crash.text}"
        QGuiApplication.clipboard().setText(text)
        self._copy.setText(self.tr("Copied"))

    @Slot()
    def _quit(self) -> None:
        self.accept()
        self.quit_wanted.emit()
