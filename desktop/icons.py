"""Line icons from resources/icons, drawn in the theme's colours at any size."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from desktop.theme import tokens


@lru_cache(maxsize=256)
def _svg(name: str) -> str:
    path = resources.files("resources") / "icons" / f"{name}.svg"
    return path.read_text(encoding="utf-8")


class _LineEngine(QIconEngine):
    """Paints one SVG whose `currentColor` is a colour of the theme at the time of painting."""

    def __init__(self, name: str, role: str) -> None:
        super().__init__()
        self._name = name
        self._role = role

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, _state: QIcon.State) -> None:
        colours = tokens()
        role = "disabled" if mode is QIcon.Mode.Disabled else self._role
        if mode is QIcon.Mode.Selected and self._role == "text":
            role = "on_accent"
        text = _svg(self._name).replace("currentColor", getattr(colours, role))
        QSvgRenderer(QByteArray(text.encode())).render(painter, QRectF(rect))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return pixmap

    def clone(self) -> QIconEngine:
        return _LineEngine(self._name, self._role)


def icon(name: str, role: str = "text") -> QIcon:
    """Return the icon called `name` in the theme's colour `role` (a field of theme.Tokens)."""
    _svg(name)
    return QIcon(_LineEngine(name, role))


def picture_icon(name: str) -> QIcon:
    """Return an icon that has colours of its own, such as the application's."""
    return QIcon(_LineEngine(name, "text"))
