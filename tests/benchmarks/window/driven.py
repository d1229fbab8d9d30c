"""The real window, driven from within its process."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QEventLoop, QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from core.errors import CoreError
from core.library.ids import PhotoId, ProjectId
from core.library.records import Project
from core.preferences import Preferences, user_paths
from core.services import RenderProgram, Services
from desktop.app import make_application
from desktop.main_window import MainWindow
from desktop.photos.drops import ADDED_AT_ONCE
from desktop.theme import Theme
from desktop.window_parts import Launch
from tests.benchmarks.window.figures import tell

FORBIDDEN = ("torch", "diffusers", "transformers")
_PATIENCE = 300.0


def open_window(program: RenderProgram | None = None) -> MainWindow:
    """Open it as the application does, and wait until library and rendering thread are up."""
    app = make_application()
    paths, preferences = user_paths(), Preferences()
    theme = Theme(app, preferences.theme)
    launch = Launch(paths.library, paths, preferences, theme, program or RenderProgram())
    window = MainWindow(launch)
    window.show()
    wait(lambda: window.parts.worker is not None and window.parts.session.project is not None)
    return window


def wait(holds: Callable[[], object], seconds: float = _PATIENCE) -> None:
    """Let the window live until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise SystemExit(f"gave up after {seconds:.0f} s: {holds.__code__}")
        live(0.002)


def live(seconds: float) -> None:
    """Let the window live for a while.

    In an event loop, as the application runs: QTest.qWait would keep the interpreter's lock, and
    with it every other thread from working.
    """
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


def asked(window: MainWindow, work: Callable[[Services], object]) -> object:
    """Have something done on the library's thread, and wait for it."""
    answer: list[object] = []
    window.parts.backend.ask(window, work, answer.append, answer.append)
    wait(lambda: answer)
    if isinstance(answer[0], CoreError):
        raise SystemExit(f"{answer[0].message} {answer[0].hint}")
    return answer[0]


def add(window: MainWindow, paths: Sequence[Path], name: str) -> ProjectId:
    """Make a project of these photographs."""

    project = asked(window, lambda services: services.projects.create(name))
    assert isinstance(project, Project)
    for first in range(0, len(paths), ADDED_AT_ONCE):
        part = paths[first : first + ADDED_AT_ONCE]
        asked(window, lambda services, part=part: services.photos.add(project.id, part))
    return project.id


def show(window: MainWindow, project: ProjectId, expect: int) -> list[PhotoId]:
    """Open a project, and wait until its photographs are shown."""
    window.parts.projects.open(project)
    grid = window.parts.grid
    wait(lambda: len(grid.shown_ids) == expect and grid.current is not None)
    return [PhotoId(key) for key in grid.shown_ids]


def drop(window: MainWindow, *paths: Path) -> None:
    """Drop files on the grid, as a file manager does."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(os.fspath(path)) for path in paths])
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    place, copy, grid = QPoint(60, 60), Qt.DropAction.CopyAction, window.parts.grid
    QApplication.sendEvent(grid, QDragEnterEvent(place, copy, data, left, none))
    QApplication.sendEvent(grid, QDropEvent(QPointF(place), copy, data, left, none))


def tell_modules(when: str) -> None:
    """Send how many of the render process' libraries this process has loaded."""
    loaded = [name for name in FORBIDDEN if name in sys.modules]
    tell(f"of {', '.join(FORBIDDEN)} loaded in the window {when}", len(loaded), "", 0)


def leave(window: MainWindow) -> None:
    """Close the window; a batch stops."""
    window.end()
    QApplication.processEvents()


def show_empty(window: MainWindow, project: Project) -> None:
    """Open a project without photographs."""
    window.parts.projects.open(project.id)
    wait(lambda: len(window.parts.grid.shown_ids) == 0)
    live(0.5)
