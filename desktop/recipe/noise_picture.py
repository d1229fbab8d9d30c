"""The chosen photograph at the dial's noise level: what the model is given to start from."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, QRectF, QSize, Qt, QThread, Signal, Slot
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from core.errors import CoreError
from core.events import Box
from core.plan import PictureSize
from desktop.recipe import words
from desktop.theme import tokens

_HEIGHT = 132
_PATIENCE_MS = 1000
_log = logging.getLogger(__name__)


class _Jpeg(Protocol):
    @property
    def jpeg(self) -> bytes: ...


class NoisyCodec(Protocol):
    """What makes the picture: core.images.codec.Codec."""

    @property
    def pid(self) -> int | None:
        """The id of its process; None while there is none."""

    def noisy(self, path: Path, box: Box, max_side: int, ratio: float, seed: int = 0) -> _Jpeg:
        """Return a part of a photograph at a noise ratio."""

    def close(self) -> None:
        """End its process."""


@dataclass(frozen=True)
class NoiseWish:
    """A photograph with its size in pixels, the noise ratio, and how large to show it."""

    source: Path
    size: PictureSize
    ratio: float
    max_side: int


def open_codec() -> NoisyCodec:
    """Return a codec with a process of its own; it starts at the first picture."""
    from core.images.codec import Codec

    return Codec()


class NoiseLoader(QThread):
    """Makes noisy pictures one after the other; of several wishes only the latest is done."""

    made = Signal(object, object)
    """The NoiseWish and its QImage; None where the photograph cannot be read."""

    def __init__(
        self, codec: Callable[[], NoisyCodec] = open_codec, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("noise picture")
        self._open = codec
        self._codec: NoisyCodec | None = None
        self._wish: NoiseWish | None = None
        self._ending = False
        self._change = threading.Condition()

    def want(self, wish: NoiseWish) -> None:
        """Make this picture next, and no other."""
        with self._change:
            self._wish = wish
            self._change.notify()
        if not self.isRunning():
            self.start()

    def end(self) -> None:
        """End the thread and its process; a photograph that takes long is given up."""
        with self._change:
            self._ending = True
            self._change.notify()
        while not self.wait(_PATIENCE_MS):
            pid = self._codec.pid if self._codec else None
            if pid is not None:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGTERM)

    def run(self) -> None:
        """Work until told to end."""
        while (wish := self._next()) is not None:
            self._codec = self._codec or self._open()
            self.made.emit(wish, _picture(self._codec, wish))
        if self._codec is not None:
            self._codec.close()

    def _next(self) -> NoiseWish | None:
        with self._change:
            while self._wish is None and not self._ending:
                self._change.wait()
            wish, self._wish = self._wish, None
            return None if self._ending else wish


def _picture(codec: NoisyCodec, wish: NoiseWish) -> QImage | None:
    box = (0, 0, wish.size.width, wish.size.height)
    try:
        jpeg = codec.noisy(wish.source, box, wish.max_side, wish.ratio).jpeg
    except CoreError as error:
        _log.info("no noise picture: %s", error.message)
        return None
    return QImage.fromData(jpeg)


class NoisePicture(QWidget):
    """Shows the photograph at a noise level, as large as the panel is wide."""

    def __init__(self, loader: NoiseLoader | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.loader = loader or NoiseLoader(parent=self)
        self.loader.made.connect(self._take)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(words.tr("The photograph at this noise level"))
        self.setToolTip(words.tr("What the model is given to start from."))
        self._photo: tuple[Path, PictureSize] | None = None
        self._image: QImage | None = None
        self._wanted: NoiseWish | None = None

    def set_photo(self, source: Path | None, size: PictureSize | None) -> None:
        """Show this photograph from now on; None: no one."""
        photo = (source, size) if source and size and size.pixels else None
        if photo != self._photo:
            self._photo, self._image, self._wanted = photo, None, None
            self.update()

    def show_ratio(self, ratio: float) -> None:
        """Show it at a noise ratio of the model's scale."""
        if self._photo is None or not self.isVisible():
            return
        source, size = self._photo
        side = round(max(self.width(), _HEIGHT) * self.devicePixelRatioF())
        wish = NoiseWish(source, size, round(ratio, 4), side)
        if wish != self._wanted:
            self._wanted = wish
            self.loader.want(wish)

    def sizeHint(self) -> QSize:
        """Return the size that shows it whole."""
        return QSize(240, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it."""
        colours = tokens()
        painter = QPainter(self)
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        shape = QPainterPath()
        shape.addRoundedRect(QRectF(self.rect()), colours.radius, colours.radius)
        painter.setClipPath(shape)
        painter.fillRect(self.rect(), QColor(colours.canvas))
        if self._image is not None:
            self._paint_image(painter, self._image)
            return
        painter.setPen(QColor(colours.muted))
        text = words.tr("Choose a photograph to see it at this noise level.")
        if self._photo is not None:
            text = words.tr("Adding noise…")
        area = self.rect().adjusted(12, 0, -12, 0)
        painter.drawText(
            area, int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap), text
        )

    def _paint_image(self, painter: QPainter, image: QImage) -> None:
        whole = QRectF(self.rect())
        scaled = image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        area = QRectF(0, 0, scaled.width(), scaled.height())
        area.moveCenter(whole.center())
        painter.drawImage(area, image)

    @Slot(object, object)
    def _take(self, wish: NoiseWish, image: QImage | None) -> None:
        if self._photo is not None and wish.source == self._photo[0]:
            self._image = image
            self.update()
