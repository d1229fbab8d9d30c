"""A mask that is being painted: strokes on a grey picture, each undone alone; no widget."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from desktop.viewer.geometry import Point, Size

LONGEST = 2048
"""Masks are painted and stored no larger; an edit stretches them to the photograph."""

_UNDO_LIMIT = 40


@dataclass(frozen=True, slots=True)
class Brush:
    """Radius in pixels of the photograph; `erases` takes away what was painted."""

    radius: float
    erases: bool = False


class MaskPicture:
    """White is edited. Points and lengths are pixels of the upright photograph.

    Args:
        scene: the photograph's size.
        start: an earlier mask to go on with, of the same shape.
    """

    def __init__(self, scene: Size, start: QImage | None = None) -> None:
        self.scene = scene
        self._scale = min(1.0, LONGEST / max(scene.width, scene.height))
        width, height = (max(1, round(side * self._scale)) for side in (scene.width, scene.height))
        self.image = QImage(width, height, QImage.Format.Format_Grayscale8)
        self.image.fill(0)
        if start is not None and not start.isNull():
            fitted = start.convertToFormat(QImage.Format.Format_Grayscale8)
            self.image = fitted.scaled(
                width,
                height,
                Qt.AspectRatioMode.IgnoreAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            ).convertToFormat(QImage.Format.Format_Grayscale8)
        self._before: list[QImage] = []
        self._after: list[QImage] = []

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self._before)

    @property
    def can_redo(self) -> bool:
        """Whether a step was taken back."""
        return bool(self._after)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is painted."""
        black = QImage(self.image.size(), self.image.format())
        black.fill(0)
        return self.image == black

    def begin(self) -> None:
        """Begin a step: what is painted until the next one is undone together."""
        self._before = [*self._before, self.image.copy()][-_UNDO_LIMIT:]
        self._after = []

    def stroke(self, points: Sequence[Point], brush: Brush) -> None:
        """Paint a line through points; one point is a dot."""
        painter = QPainter(self.image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = QColor(Qt.GlobalColor.black if brush.erases else Qt.GlobalColor.white)
        width = max(1.0, 2 * brush.radius * self._scale)
        if brush.erases:
            width += 2  # a brush's soft rim goes with it
        round_cap, round_join = Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin
        painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, round_cap, round_join))
        places = [QPointF(x * self._scale, y * self._scale) for x, y in points]
        if len(places) == 1:
            painter.drawPoint(places[0])
        else:
            painter.drawPolyline(places)
        painter.end()

    def clear(self) -> None:
        """Take all away, as one step."""
        self.begin()
        self.image.fill(0)

    def invert(self) -> None:
        """Edit what was left, and leave what was edited, as one step."""
        self.begin()
        self.image.invertPixels()

    def undo(self) -> None:
        """Take the last step back."""
        if self._before:
            self._after.append(self.image)
            self.image = self._before.pop()

    def redo(self) -> None:
        """Do again what was taken back."""
        if self._after:
            self._before.append(self.image)
            self.image = self._after.pop()

    def png(self) -> bytes:
        """Return it as a PNG file."""
        data = QByteArray()
        buffer = QBuffer(data)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        self.image.save(buffer, "PNG")  # type: ignore[call-overload]
        return bytes(data.data())


def stored(folder: Path, stem: str, png: bytes) -> Path:
    """Write a mask and return its file, which is named by what is in it.

    So recipes that name an earlier mask keep it, and undo brings it back.

    Raises:
        OSError: it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{stem[:80]}-{hashlib.sha256(png).hexdigest()[:12]}.png"
    if not path.exists():
        new = path.with_suffix(".part")
        new.write_bytes(png)
        new.replace(path)
    return path
