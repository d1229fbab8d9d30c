"""A picture that is no file yet becomes one: a PNG with a name of its own."""

from __future__ import annotations

import contextlib
from datetime import datetime
from itertools import count
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QImage

from core.errors import CoreError
from desktop.photos.words import tr


def save_picture(image: QImage, folder: Path, now: datetime | None = None) -> Path:
    """Write a picture as `Pasted 2026-11-21 at 03.14.07.png`, numbered if that is taken.

    Raises:
        CoreError: the folder cannot be written.
    """
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    # PySide's stubs want bytes for a format that Qt takes as text.
    if not image.save(buffer, "PNG"):  # type: ignore[call-overload]
        raise CoreError(tr("The picture in the clipboard cannot be read."))
    stem = f"{tr('Pasted')} {now or datetime.now():%Y-%m-%d at %H.%M.%S}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _write_new(folder, stem, bytes(buffer.data().data()))
    except OSError as error:
        raise CoreError(
            tr("The picture cannot be saved in {}: {}.").format(folder, error.strerror),
            hint=tr("Free space or change the folder's permissions, then paste again."),
        ) from error


def _write_new(folder: Path, stem: str, data: bytes) -> Path:
    for number in count(1):
        path = folder / (f"{stem}.png" if number == 1 else f"{stem} ({number}).png")
        with contextlib.suppress(FileExistsError), path.open("xb") as file:
            file.write(data)
            return path
    raise AssertionError("count ends never")
