"""A real library behind the widgets, and pictures that are made without a process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QBuffer, QEventLoop, QIODevice, QObject, QTimer
from PySide6.QtGui import QColor, QImage

from core.errors import CoreError, ImageReadError, Reason
from core.library.ids import PhotoId, ProjectId
from core.services import Services
from core.thumbnails import Thumbnail
from desktop.backend import Backend

T = TypeVar("T")
PATIENCE = 10_000


class PlainThumbnails:
    """Makes grey pictures of 6000 x 4000 photographs at once, and remembers what was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[Path, int]] = []
        self.damaged: set[Path] = set()
        self.closed = False

    def get(self, path: Path, side: int, modified_ns: int = 0, bytes: int = 0) -> Thumbnail:
        self.asked.append((path, side))
        if path in self.damaged:
            raise ImageReadError(Reason.TRUNCATED, f"{path.name} ends too early.")
        return Thumbnail(jpeg(side, side * 2 // 3), 6000, 4000)

    def close(self) -> None:
        self.closed = True


def jpeg(width: int, height: int) -> bytes:
    """Return a grey JPEG."""
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor(120, 120, 120))
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "JPG")  # type: ignore[call-overload]
    return bytes(buffer.data().data())


@dataclass
class Desk:
    """The library as a window has it: asked through a thread, here waited for."""

    backend: Backend
    owner: QObject
    troubles: list[CoreError]

    def ask(self, work: Callable[[Services], T]) -> T:
        """Have something done in the library and wait for it."""
        loop, answers = QEventLoop(), []

        def take(value: T) -> None:
            answers.append(value)
            loop.quit()

        self.backend.ask(self.owner, work, take)
        QTimer.singleShot(PATIENCE, loop.quit)
        loop.exec()
        assert answers, "the library did not answer"
        return answers[0]

    def project(self, name: str) -> ProjectId:
        """Make a project."""
        return self.ask(lambda services: services.projects.create(name)).id

    def add(self, project: ProjectId, paths: Sequence[Path]) -> list[PhotoId]:
        """Add files that exist."""
        return list(self.ask(lambda services: services.photos.add(project, paths)).photos)
