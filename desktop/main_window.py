"""The window: menus, toolbar, panels, and its life from the first paint to the last photograph."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QTimer, Slot
from PySide6.QtGui import QCloseEvent, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QToolBar

from core.errors import CoreError
from desktop.actions import Actions
from desktop.collector import GarbageCollector
from desktop.dialogs.restore import LibraryCare
from desktop.layout import Layout, Panels
from desktop.reveal import Revealer
from desktop.status import StatusLine
from desktop.system.crash import Crash
from desktop.system.single_instance import Handed
from desktop.theme import tokens
from desktop.window_parts import Launch, WindowParts
from desktop.wiring import Wiring

_TOOLS = (
    "add_photos", "add_folder", "", "grid", "viewer", "", "keep", "reject", "redo", "", "export",
)  # fmt: skip

_PAINT_PATIENCE_MS = 500
"""A window that is shown behind others or minimized may not be painted at all."""


class MainWindow(QMainWindow):
    """Regrain's window over one library.

    Args:
        launch: the library, folders and preferences.
    """

    def __init__(self, launch: Launch) -> None:
        super().__init__()
        self.setObjectName("window")
        self.setWindowTitle("Regrain")
        self.launch = launch
        self._begun = False
        self._closing = False
        self._beginning = QTimer(self, interval=_PAINT_PATIENCE_MS, singleShot=True)
        self._beginning.timeout.connect(self._begin)
        self.actions_ = Actions(self)
        self.parts = WindowParts(launch, self)
        self._revealer = Revealer(self.parts.backend, self)
        self._revealer.troubled.connect(self.say_error)
        self.status = StatusLine(self)
        self.layout_ = Layout(self, self._panels())
        self._make_bars()
        self.setAcceptDrops(True)
        self.setMinimumSize(QSize(960, 600))
        self.resize(QSize(1280, 800))
        self.layout_.restore(self.parts.settings)
        self.wiring = Wiring(self)
        self.care = LibraryCare(self, self.wiring.batches.router)
        self._garbage = GarbageCollector(self)

    def _panels(self) -> Panels:
        parts = self.parts
        return Panels(
            sources=parts.sources,
            banner=parts.banner,
            report=parts.report,
            grid=parts.grid,
            viewer=parts.viewer,
            recipe=parts.recipe,
            queue=parts.queue,
            stages=parts.stages,
        )

    def _make_bars(self) -> None:
        self.actions_.fill(self.menuBar())
        bar = QToolBar(self.tr("Toolbar"), self)
        bar.setObjectName("toolbar")
        bar.setMovable(False)
        bar.setIconSize(QSize(tokens().icon, tokens().icon))
        bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        for name in _TOOLS:
            if name:
                bar.addAction(self.actions_[name])
            else:
                bar.addSeparator()
        self.addToolBar(bar)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.setStatusBar(self.status)

    # its life

    def showEvent(self, event: QShowEvent) -> None:
        """Begin the work that the first paint must not wait for; a hidden window has none."""
        super().showEvent(event)
        self._beginning.start()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Begin as soon as all is painted."""
        super().paintEvent(event)
        if not self._begun:
            QTimer.singleShot(0, self, self._begin)

    @Slot()
    def _begin(self) -> None:
        """Open the library, then the worker: each imports what it needs on its own thread."""
        if self._begun or self._closing:
            return
        self._begun = True
        self._beginning.stop()
        self.parts.backend.begin()
        self.parts.projects.open_last()
        self.parts.backend.ask(self, lambda _services: _import_workers(), self._start_worker)

    def _start_worker(self, _module: object) -> None:
        if self._closing:
            return
        self.parts.start_worker(self.launch)
        self.wiring.connect_worker()
        self.parts.reader.warm_up()

    @Slot(object)
    def take_files(self, paths: Sequence[Path]) -> None:
        """Add files and folders that came from a start, a second start or another program."""
        self.wiring.take_paths(list(paths))

    @Slot(object)
    def take_handed(self, handed: Handed) -> None:
        """Take what a second start brought, and come to the front as its user expects."""
        self.come_to_front()
        self.take_files(handed.paths)

    @Slot(object)
    def say_crash(self, crash: Crash) -> None:
        """Show the one dialog about a bug."""
        from desktop.dialogs.crash_dialog import CrashDialog

        dialog = CrashDialog(crash, self)
        dialog.reveal.connect(self.reveal)
        dialog.quit_wanted.connect(self.close)
        dialog.open()

    def come_to_front(self) -> None:
        """Show the window to somebody who asked for it."""
        self.show()
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.raise_()
        self.activateWindow()

    @Slot(object)
    def reveal(self, path: Path) -> None:
        """Show a file or folder in the file manager."""
        self._revealer.reveal(path)

    @Slot(object)
    def say_error(self, error: CoreError) -> None:
        """Say in place what is wrong."""
        self.parts.banner.say_error(error)

    def open_again(self) -> None:
        """Show the library that stands there now, and work on it."""
        if self.parts.worker is None:
            return  # the first opening had to wait, and goes on by itself
        self.parts.projects.open_last()
        self.parts.queue.refresh()
        self.parts.sources.refresh()
        self._start_worker(None)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask once about the work that is going on; never lose any."""
        if self._closing or self.wiring.may_close():
            self.end()
            event.accept()
        else:
            event.ignore()

    def end(self) -> None:
        """Store what is not stored, end every thread, and leave the event loop."""
        if self._closing:
            return
        self._closing = True
        self.wiring.store()
        self.layout_.save(self.parts.settings)
        self.parts.settings.setValue("grid", self.parts.grid.state())
        self.wiring.close()
        worker, watch = self.parts.worker, self.wiring.watch
        watch.finish()
        if worker is not None:
            worker.finish(now=True)
            worker.wait(10_000)
        watch.close()
        self.parts.close()
        self._garbage.stop()
        QApplication.quit()


def _import_workers() -> None:
    """Import what the threads need on a thread that nobody waits for."""
    for name in ("desktop.worker", "desktop.watch.thread"):
        importlib.import_module(name)
