"""A real window over a real library, driven as a user would; only the render process is a fake."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from core.library.photo import Photo
from core.preferences import Preferences, ThemeChoice, user_paths
from core.services import RenderProgram
from desktop.main_window import MainWindow
from desktop.theme import Theme
from desktop.window_parts import Launch, WindowParts
from tests.fakes import FAKE_RENDER_COMMAND, fake_environment

PATIENCE_MS = 30_000


def fake_program(**behaviour: object) -> RenderProgram:
    """Return how a render process without torch is started; see tests.fakes."""
    return RenderProgram(FAKE_RENDER_COMMAND, fake_environment(**behaviour))  # type: ignore[arg-type]


class Driver:
    """Opens the window and waits for what should be seen in it."""

    def __init__(self, qtbot: QtBot, program: RenderProgram | None = None) -> None:
        self.qtbot = qtbot
        self.program = program or fake_program()
        self.window: MainWindow | None = None

    def open(self, *, ready: bool = True) -> MainWindow:
        """Start the window as the application does; `ready`: wait until the library is open."""
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        paths = user_paths()
        theme = Theme(app, ThemeChoice.DARK)
        launch = Launch(paths.library, paths, Preferences(), theme, self.program)
        self.window = MainWindow(launch)
        self.window.resize(1280, 720)
        self.window.show()
        if ready:
            self.wait(lambda: self.parts.worker and self.parts.session.project)
        return self.window

    def close(self) -> None:
        """Close the window, and stop the work if there is any."""
        if self.window is not None:
            self.window.end()
            self.window.deleteLater()
            self.window = None
            QApplication.processEvents()

    @property
    def parts(self) -> WindowParts:
        """The open window's parts."""
        assert self.window is not None
        return self.window.parts

    def wait(self, holds: Callable[[], object], milliseconds: int = PATIENCE_MS) -> None:
        """Wait until something holds."""
        self.qtbot.waitUntil(lambda: bool(holds()), timeout=milliseconds)

    def drop(self, widget: QWidget, *paths: Path) -> None:
        """Drop files and folders on a widget, as a file manager does."""
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(os.fspath(path)) for path in paths])
        place, actions = QPoint(60, 60), Qt.DropAction.CopyAction
        left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        entering = QDragEnterEvent(place, actions, data, left, none)
        QApplication.sendEvent(widget, entering)
        assert entering.isAccepted(), "the drop would be refused"
        QApplication.sendEvent(widget, QDropEvent(QPointF(place), actions, data, left, none))

    def drop_photographs(self, *paths: Path, expect: int) -> None:
        """Drop on the grid, and wait until so many photographs are shown."""
        self.drop(self.parts.grid, *paths)
        self.wait(lambda: len(self.parts.grid.shown_ids) == expect)
        self.wait(lambda: len(self.photos()) == expect)

    def photos(self) -> list[Photo]:
        """Return the records of all photographs that are shown; asks for those not read yet."""
        model = self.parts.grid.model
        rows = [model.photo(model.index(row)) for row in range(model.rowCount())]
        return [photo for photo in rows if photo is not None]

    def photo(self, name: str) -> Photo:
        """Return the photograph with this file name."""
        return next(photo for photo in self.photos() if photo.path.name == name)

    def run(self) -> None:
        """Press the Run button."""
        self.parts.recipe.run_wanted.emit()

    def trigger(self, name: str) -> None:
        """Choose an action of the window once it can be chosen; one that is greyed does nothing."""
        assert self.window is not None
        action = self.window.actions_[name]
        self.wait(action.isEnabled)
        action.trigger()

    def statuses(self) -> dict[str, str]:
        """Return each photograph's status by name."""
        return {p.path.name: p.status.value if p.status else "" for p in self.photos()}

    def wait_idle(self) -> None:
        """Wait until nothing is being edited and all is shown."""
        assert self.window is not None
        router = self.window.wiring.batches.router
        self.wait(lambda: not router.working and self.parts.backend.waiting == 0)
