"""The window's wiring: each concern's, and what concerns the window as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QMenu

from desktop.wiring.batches import BatchWiring
from desktop.wiring.dialogs import DialogWiring
from desktop.wiring.leaving import Leaving
from desktop.wiring.masks import MaskWiring
from desktop.wiring.models import ModelWiring
from desktop.wiring.photos import PhotoWiring
from desktop.wiring.project import ProjectWiring
from desktop.wiring.watch import WatchWiring

if TYPE_CHECKING:
    from PySide6.QtCore import QPoint

    from desktop.main_window import MainWindow

_PHOTO_MENU = (
    "viewer", "", "keep", "reject", "undecide", "", "redo", "redo_stronger", "redo_gentler", "",
    "copy_recipe", "paste", "", "reveal", "", "remove", "trash_results",
)  # fmt: skip


class Wiring(QObject):
    """Connects everything once; `photos`, `batches` and `project` do the work."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._parts = window.parts
        self.photos = PhotoWiring(window)
        self.batches = BatchWiring(window)
        self.project = ProjectWiring(window)
        self.dialogs = DialogWiring(window, self.batches.router)
        self.models = ModelWiring(window)
        self.masks = MaskWiring(window)
        self.watch = WatchWiring(window)
        self.batches.router.finished.connect(self.photos.estimate_anew)
        self._leaving = Leaving(window, self.batches, self.watch)
        self._connect_view()
        self._connect_edit()
        self._restore()

    def connect_worker(self) -> None:
        """Hear the rendering thread, and begin to watch folders."""
        self.batches.connect_worker()
        self.watch.start()

    def take_paths(self, paths: list[Path]) -> None:
        """Add files and folders."""
        self.project.take(paths)

    def may_close(self) -> bool:
        """Ask about the work that goes on; return whether the window may close."""
        return self._leaving.may_close()

    def store(self) -> None:
        """Store what is not stored yet."""
        self._parts.recipes.store()
        settings = self._parts.settings
        settings.setValue("recipe_sections", ",".join(self._parts.recipe.save_sections()))

    def close(self) -> None:
        """Let go of what the system holds for the window."""
        self.batches.awake.close()
        self.batches.taskbar.clear()
        self.batches.tray.hide()

    def _restore(self) -> None:
        settings = self._parts.settings
        self._parts.grid.restore(str(settings.value("grid", "") or ""))
        sections = str(settings.value("recipe_sections", "") or "")
        self._parts.recipe.restore_sections([name for name in sections.split(",") if name])

    def _connect_view(self) -> None:
        actions, parts = self._window.actions_, self._parts
        for name, panel in (
            ("show_sources", parts.sources),
            ("show_queue", parts.queue),
            ("show_recipe", parts.recipe),
        ):
            actions[name].setChecked(True)
            actions[name].toggled.connect(panel.setVisible)
        actions["show_stages"].toggled.connect(self._show_stages)
        actions["find"].triggered.connect(self._find)
        parts.grid.menu_wanted.connect(self._photo_menu)
        parts.viewer.menu_wanted.connect(self._photo_menu)
        for signal in (parts.sources.reveal_wanted, parts.viewer.reveal_wanted):
            signal.connect(self._window.reveal)
        actions["reveal"].triggered.connect(self._reveal_current)
        actions["quit"].triggered.connect(self._leaving.quit)

    def _connect_edit(self) -> None:
        actions, parts, undo = self._window.actions_, self._parts, self._parts.session.undo
        undo.canUndoChanged.connect(actions["undo"].setEnabled)
        undo.canRedoChanged.connect(actions["redo_change"].setEnabled)
        actions["undo"].setEnabled(False)
        actions["redo_change"].setEnabled(False)
        actions["undo"].triggered.connect(undo.undo)
        actions["redo_change"].triggered.connect(undo.redo)
        actions["copy_recipe"].triggered.connect(parts.recipe.copy_recipe)
        actions["paste"].triggered.connect(self._paste)
        actions["select_all"].triggered.connect(parts.grid.select_all)
        actions["select_none"].triggered.connect(parts.grid.select_none)
        actions["remove"].triggered.connect(parts.photos.remove)

    @Slot()
    def _paste(self) -> None:
        """Paste photographs; what else is on the clipboard may be a recipe."""
        if not self.project.paste():
            self._parts.recipe.paste_recipe()

    @Slot()
    def _find(self) -> None:
        self.photos.show_viewer(on=False)
        self._parts.grid.focus_search()

    @Slot(bool)
    def _show_stages(self, on: bool) -> None:
        self._parts.stages.setVisible(on and self._window.layout_.shows_viewer)

    @Slot(object)
    def _photo_menu(self, where: QPoint) -> None:
        menu = QMenu(self._window)
        menu.setToolTipsVisible(True)
        for name in _PHOTO_MENU:
            if name:
                menu.addAction(self._window.actions_[name])
            else:
                menu.addSeparator()
        moving = self._moving_menu(menu)
        if moving is not None:
            menu.insertMenu(self._window.actions_["remove"], moving)
        menu.exec(where)
        menu.deleteLater()

    def _moving_menu(self, menu: QMenu) -> QMenu | None:
        """Return the projects that photographs can be moved to; None when there is no other."""
        here = self._parts.session.project
        others = [p for p in self._parts.sources.projects if here and p.id != here.id]
        if not others:
            return None
        moving = QMenu(self.tr("&Move to project"), menu)
        for project in others:
            action = moving.addAction(project.name)
            action.triggered.connect(
                lambda _checked=False, which=project.id: self._parts.photos.move(which)
            )
        return moving

    @Slot()
    def _reveal_current(self) -> None:
        photo = self._parts.session.current
        if photo is not None:
            self._window.reveal(photo.output or photo.path)
