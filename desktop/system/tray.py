"""The tray icon: how far the work is, and a window to come back to."""

from __future__ import annotations

from PySide6.QtCore import QObject, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from desktop.icons import icon
from desktop.theme import tokens

_SIZE = 64
_STEPS = 48


class Tray(QObject):
    """An icon beside the clock, where there is such a place.

    Is a `Messenger` for `Notifier`.
    """

    show_wanted = Signal()
    stop_after_wanted = Signal()
    stop_now_wanted = Signal()
    resume_wanted = Signal()
    quit_wanted = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._drawn: int | None = None
        self._menu = QMenu()
        self._fill_menu()
        self._tray = QSystemTrayIcon(self)
        self._tray.setContextMenu(self._menu)
        self._tray.activated.connect(self._activated)
        self._tray.messageClicked.connect(self.show_wanted)
        self.show_progress(0, 0)

    @staticmethod
    def available() -> bool:
        """Return whether the desktop shows tray icons."""
        return QSystemTrayIcon.isSystemTrayAvailable()

    def show(self) -> None:
        """Show the icon, where that is possible."""
        if self.available():
            self._tray.show()

    def hide(self) -> None:
        """Take the icon away."""
        self._tray.hide()

    @property
    def tip(self) -> str:
        """What the icon says on hover."""
        return self._tray.toolTip()

    def can_say(self) -> bool:
        """Return whether messages would be seen."""
        return self._tray.isVisible() and QSystemTrayIcon.supportsMessages()

    def say(self, title: str, text: str) -> None:
        """Show a message beside the icon."""
        self._tray.showMessage(title, text, self._tray.icon())

    def show_progress(self, settled: int, found: int, left: str = "") -> None:
        """Show how far the work is; `left` as `about 6 min left`."""
        working = settled < found
        tip = self.tr("Regrain: {} of {} photographs").format(settled, found)
        self._tray.setToolTip(", ".join(filter(None, [tip, left])) if working else "Regrain")
        step = _STEPS * settled // found if working else _STEPS
        if step != self._drawn:
            self._drawn = step
            self._tray.setIcon(progress_icon(step / _STEPS if working else None))

    def set_state(self, *, working: bool, resumable: bool) -> None:
        """Offer what can be done now."""
        self._stop_after.setEnabled(working)
        self._stop_now.setEnabled(working)
        self._resume.setEnabled(resumable and not working)

    def _fill_menu(self) -> None:
        menu = self._menu
        menu.addAction(self.tr("&Show Regrain"), self.show_wanted.emit)
        menu.addSeparator()
        self._stop_after = menu.addAction(
            icon("stop-after"), self.tr("Stop &after this one"), self.stop_after_wanted.emit
        )
        self._stop_now = menu.addAction(
            icon("stop"), self.tr("Stop &now"), self.stop_now_wanted.emit
        )
        self._resume = menu.addAction(icon("play"), self.tr("&Resume"), self.resume_wanted.emit)
        menu.addSeparator()
        menu.addAction(self.tr("&Quit"), self.quit_wanted.emit)
        self.set_state(working=False, resumable=False)

    @Slot(QSystemTrayIcon.ActivationReason)
    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason in (
            QSystemTrayIcon.ActivationReason.Trigger,
            QSystemTrayIcon.ActivationReason.DoubleClick,
        ):
            self.show_wanted.emit()


def progress_icon(share: float | None) -> QIcon:
    """Return the application's icon, with a ring round it that is filled by `share`."""
    pixmap = QPixmap(_SIZE, _SIZE)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    inset = 0 if share is None else 13
    area = pixmap.rect().adjusted(inset, inset, -inset, -inset)
    icon("regrain", "accent_text").paint(painter, area)
    if share is not None:
        ring = QRectF(5, 5, _SIZE - 10, _SIZE - 10)
        painter.setPen(QPen(QColor(tokens().line), 8))
        painter.drawEllipse(ring)
        pen = QPen(QColor(tokens().accent_text), 8)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.drawArc(ring, 90 * 16, round(-share * 360 * 16))
    painter.end()
    return QIcon(pixmap)
