"""Files that leave the grid by dragging: results where there are some, else originals."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QPoint, QRectF, QSize, Qt, QUrl
from PySide6.QtGui import QColor, QDrag, QGuiApplication, QImage, QPainter, QPixmap
from PySide6.QtWidgets import QWidget

from core.library.ids import PhotoId
from core.library.photo import Photo
from core.library.records import ItemStatus
from desktop.theme import tokens
from desktop.words import count

if TYPE_CHECKING:
    from core.services import Services

MOST_DRAGGED = 5000
_SIDE = 96
_DONE = frozenset({ItemStatus.DONE, ItemStatus.ALREADY_DONE})


def files_of(services: Services, ids: Sequence[PhotoId]) -> list[Path]:
    """Return the file of each photograph that stands: its result, else its original."""
    found = (_file_of(photo) for photo in services.photos.rows(ids[:MOST_DRAGGED]))
    return [path for path in found if path is not None]


def _file_of(photo: Photo) -> Path | None:
    if photo.output is not None and photo.status in _DONE and photo.output.is_file():
        return photo.output
    return photo.path if photo.path.is_file() else None


def drag_out(source: QWidget, paths: Sequence[Path], picture: QImage | None) -> None:
    """Drag files to another program, as copies; nothing if the button was let go meanwhile."""
    if not paths or not QGuiApplication.mouseButtons() & Qt.MouseButton.LeftButton:
        return
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    drag = QDrag(source)
    drag.setMimeData(data)
    pixmap = drag_picture(picture, len(paths), source.devicePixelRatioF())
    drag.setPixmap(pixmap)
    drag.setHotSpot(QPoint(_SIDE // 2, _SIDE // 2))
    drag.exec(Qt.DropAction.CopyAction)


def drag_picture(image: QImage | None, number: int, ratio: float) -> QPixmap:
    """Return what hangs on the mouse: the picture, and how many files there are."""
    side = round(_SIDE * ratio)
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    pixmap.setDevicePixelRatio(ratio)
    painter = QPainter(pixmap)
    painter.setRenderHints(
        QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
    )
    painter.setOpacity(0.85)
    size = image.size() if image is not None else QSize(4, 3)
    size.scale(QSize(_SIDE - 8, _SIDE - 8), Qt.AspectRatioMode.KeepAspectRatio)
    room = QRectF((_SIDE - size.width()) / 2, (_SIDE - size.height()) / 2, *size.toTuple())
    if image is not None:
        painter.drawImage(room, image)
    else:
        painter.fillRect(room, QColor(tokens().raised))
    painter.setOpacity(1.0)
    if number > 1:
        _paint_number(painter, room, count(number))
    painter.end()
    return pixmap


def _paint_number(painter: QPainter, room: QRectF, text: str) -> None:
    wide = painter.fontMetrics().horizontalAdvance(text) + 14
    badge = QRectF(min(_SIDE - wide, room.right() - wide + 6), max(0.0, room.top() - 6), wide, 20)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(tokens().accent))
    painter.drawRoundedRect(badge, 10, 10)
    painter.setPen(QColor(tokens().on_accent))
    painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, text)
