"""Painting one photograph's mask in the viewer: from the first stroke to the file."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QVBoxLayout

from core.errors import SettingsError
from core.library.photo import Photo
from desktop.masks.bar import MaskBar
from desktop.masks.overlay import MaskOverlay
from desktop.masks.picture import MaskPicture, stored
from desktop.viewer.comparison import Compare
from desktop.viewer.viewer import Viewer


class MaskSession(QObject):
    """Puts the overlay and its bar on the viewer, which shows the photograph itself meanwhile.

    Args:
        start: an earlier mask to go on with.
        feather: as the recipe has it.
    """

    finished = Signal(object, int)
    """The mask as the bytes of a PNG file, and the feather."""
    closed = Signal()
    """The viewer is as it was before."""

    def __init__(self, viewer: Viewer, photo: Photo, start: QImage | None, feather: int) -> None:
        super().__init__(viewer)
        self.photo = photo
        self._viewer = viewer
        look = viewer.canvas.look
        assert look.scene is not None, "a photograph whose size is unknown cannot be painted on"
        self._mode, self._loupe = look.mode, look.loupe
        self.overlay = MaskOverlay(viewer.canvas, MaskPicture(look.scene, start))
        self.bar = MaskBar(self.overlay, feather)
        viewer.set_mode(Compare.AFTER)
        viewer.set_loupe(False)
        viewer.hold(True)
        layout = viewer.layout()
        assert isinstance(layout, QVBoxLayout)
        layout.insertWidget(1, self.bar)
        self.bar.finished.connect(self._finish)
        self.bar.left.connect(self.close)
        self.overlay.show()
        self.overlay.raise_()
        self.overlay.setFocus()

    @Slot()
    def close(self) -> None:
        """Take the overlay away and compare as before."""
        viewer = self._viewer
        viewer.hold(False)
        viewer.set_mode(self._mode)
        viewer.set_loupe(self._loupe)
        for part in (self.overlay, self.bar):
            part.hide()
            part.deleteLater()
        self.closed.emit()

    @Slot()
    def _finish(self) -> None:
        png, feather = self.overlay.picture.png(), self.bar.feather.value()
        self.close()
        self.finished.emit(png, feather)


def store(folder: Path, photo: Photo, png: bytes) -> Path:
    """Write a photograph's mask and return its file.

    Raises:
        SettingsError: it cannot be written.
    """
    try:
        return stored(folder, photo.path.stem, png)
    except OSError as error:
        raise SettingsError(
            f"The mask cannot be written in {folder}: {error.strerror}.",
            hint="Make room there, then paint it again.",
        ) from error


def read(path: Path | None) -> QImage | None:
    """Return an earlier mask; None where there is none that can be read."""
    if path is None or not path.is_file():
        return None
    image = QImage(str(path))
    return None if image.isNull() else image
