"""The dialog of devices: what was found, how much memory, why one is not used and what helps."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from core.device import DeviceInfo
from desktop.dialogs.frame import DialogFrame, card, scrolled
from desktop.icons import icon
from desktop.widgets.bar import Meter
from desktop.widgets.device_words import computing, memory_sentence
from desktop.widgets.named import label, named

AUTO = "auto"
_COPIED_MS = 2000


class DevicesDialog(DialogFrame):
    """Shows the devices and lets one be chosen.

    Args:
        devices: what was found, best first; None while it is being looked for.
        chosen: `auto` or a device's key.
    """

    chosen = Signal(object)
    """`auto` or the key of the device for batches that are begun from now on."""
    look_again_wanted = Signal()

    def __init__(
        self,
        devices: Sequence[DeviceInfo] | None,
        chosen: str = AUTO,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.set_heading(
            self.tr("Devices"),
            self.tr("What Regrain can compute on. A batch that has begun keeps its device."),
        )
        self._wanted = chosen
        self._group = QButtonGroup(self)
        self._list = QVBoxLayout()
        self._list.setContentsMargins(0, 0, 6, 0)
        inner = QWidget()
        inner.setLayout(self._list)
        self.body.addWidget(scrolled(inner), 1)
        again = self.add_button(self.tr("&Look again"), left=True)
        again.setToolTip(
            self.tr("Look for devices anew, after a driver was installed for example.")
        )
        again.clicked.connect(self.look_again_wanted)
        self.add_button(self.tr("&Cancel")).clicked.connect(self.reject)
        self.use = self.add_button(self.tr("&Use this device"), primary=True)
        self.use.clicked.connect(self._use)
        self.show_devices(devices)
        self.resize(600, 430)

    @Slot(object)
    def show_devices(self, devices: Sequence[DeviceInfo] | None) -> None:
        """Show these devices; None: they are being looked for."""
        while (item := self._list.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        self._buttons: dict[str, QRadioButton] = {}
        if devices is None:
            self._list.addWidget(label(self.tr("Looking for devices…"), "muted"))
        else:
            self._list.addWidget(self._automatic(devices))
            for device in devices:
                self._list.addWidget(self._card(device))
        self._list.addStretch(1)
        self.use.setEnabled(bool(self._buttons))

    @property
    def wanted(self) -> str:
        """What is chosen now."""
        picked = (key for key, button in self._buttons.items() if button.isChecked())
        return next(picked, AUTO)

    @Slot()
    def _use(self) -> None:
        self.chosen.emit(self.wanted)
        self.accept()

    def _automatic(self, devices: Sequence[DeviceInfo]) -> QFrame:
        frame, column = card()
        column.addWidget(self._radio(AUTO, self.tr("&Automatic"), usable=True))
        text = self._best([device for device in devices if device.usable])
        column.addWidget(_indented(label(text, "muted", wrap=True)))
        return frame

    def _best(self, usable: Sequence[DeviceInfo]) -> str:
        if not usable:
            return ""
        best, *others = computing(usable, AUTO)
        if not others:
            return self.tr("The best that can be used: {}").format(best.name)
        names = ", ".join(one.name for one in (best, *others))
        return self.tr("All of the best kind share the work: {}").format(names)

    def _card(self, device: DeviceInfo) -> QFrame:
        frame, column = card()
        top = QHBoxLayout()
        top.addWidget(self._radio(device.key, device.name, usable=device.usable), 1)
        top.addWidget(label(device.key, "small"))
        column.addLayout(top)
        if device.usable:
            column.addWidget(_indented(_memory(device)))
        else:
            column.addWidget(_indented(named(label(device.problem, wrap=True), "warn")))
            if device.repair:
                column.addWidget(_indented(CommandLine(device.repair)))
        return frame

    def _radio(self, key: str, text: str, *, usable: bool) -> QRadioButton:
        button = QRadioButton(text)
        button.setEnabled(usable)
        button.setChecked(usable and key == self._wanted)
        button.setToolTip(self.tr("Compute on this device.") if usable else "")
        self._group.addButton(button)
        if usable:
            self._buttons[key] = button
        return button


class CommandLine(QWidget):
    """A command to be copied and run elsewhere."""

    def __init__(self, command: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._command = command
        text = QLineEdit(command)
        text.setReadOnly(True)
        text.setCursorPosition(0)
        text.setAccessibleName(self.tr("Command that helps"))
        text.setToolTip(command)
        self._copy = QPushButton(icon("copy"), self.tr("Cop&y"))
        self._copy.setAutoDefault(False)
        self._copy.setToolTip(self.tr("Copy this command, to run it in a terminal."))
        self._copy.clicked.connect(self._copied)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2, 0, 0)
        column.addWidget(label(self.tr("To use it, run this command, then look again:"), "small"))
        row = QHBoxLayout()
        row.addWidget(text, 1)
        row.addWidget(self._copy)
        column.addLayout(row)

    @Slot()
    def _copied(self) -> None:
        QGuiApplication.clipboard().setText(self._command)
        self._copy.setText(self.tr("Copied"))
        self._copy.setIcon(icon("check", "good"))


def _memory(device: DeviceInfo) -> QWidget:
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    used = 1 - device.free_memory / max(1, device.total_memory)
    bar = Meter(used, memory_sentence(device))
    row.addWidget(bar, 0, Qt.AlignmentFlag.AlignVCenter)
    row.addWidget(label(f"{memory_sentence(device)} · {device.dtype}", "muted"), 1)
    return holder


def _indented(widget: QLabel | QWidget) -> QWidget:
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(22, 0, 0, 0)
    row.addWidget(widget)
    return holder
