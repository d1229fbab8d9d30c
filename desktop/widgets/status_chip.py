"""The device in the status bar: its name and memory, or why the GPU that is there is not used."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QToolButton, QWidget

from core.device import DeviceInfo, DeviceKind
from desktop.icons import icon
from desktop.widgets.device_words import computing, free_words, short_name


class StatusChip(QToolButton):
    """Shows which device computes; a click asks for the dialog (`clicked`)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("flat")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setIconSize(QSize(16, 16))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.show_looking()

    def show_looking(self) -> None:
        """Say that devices are being looked for."""
        self._show("device", "muted", self.tr("Looking for devices…"), "")

    def show_trouble(self, message: str, hint: str = "") -> None:
        """Say that nothing can compute."""
        tip = "\n".join(filter(None, [message, hint]))
        self._show("error", "bad", self.tr("No device"), tip)

    def show_devices(self, devices: Sequence[DeviceInfo], chosen: str = "auto") -> None:
        """Show what computes: the chosen devices if they can, else the best that can."""
        usable = [device for device in devices if device.usable]
        if not usable:
            unused = devices[0] if devices else None
            self.show_trouble(unused.problem if unused else self.tr("Nothing can compute here."))
            return
        device, *others = computing(usable, chosen)
        name = self.tr("Processor") if device.kind is DeviceKind.CPU else short_name(device)
        idle = next((one for one in devices if not one.usable), None)
        if idle is not None and device.kind is DeviceKind.CPU:
            text = self.tr("{}, {} is not used").format(name, short_name(idle))
            self._show("warning", "warn", text, self._why(idle))
            return
        if others:
            names = "\n".join(short_name(one) for one in (device, *others))
            tip = self.tr("These share the work:\n{}\nClick to choose one device.").format(names)
            text = self.tr("{} and {} more").format(name, len(others))
            self._show("device", "text", text, tip)
            return
        text = f"{name} · {free_words(device)}"
        tip = self.tr("Computes on {}. Click to choose another device.").format(device.name)
        self._show("device", "text", text, tip)

    def _why(self, device: DeviceInfo) -> str:
        return "\n".join(filter(None, [device.problem, self.tr("Click to see what helps.")]))

    def _show(self, picture: str, role: str, text: str, tip: str) -> None:
        self.setIcon(icon(picture, role))
        self.setText(text)
        self.setToolTip(tip or self.tr("Devices that Regrain can compute on."))
        self.setAccessibleName(self.tr("Device: {}").format(text))
