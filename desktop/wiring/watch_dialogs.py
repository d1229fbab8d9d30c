"""What is asked about watched folders: which, how, whether to remove one, who watches."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt, Signal, Slot
from PySide6.QtWidgets import QDialog, QMessageBox

from core.library.ids import WatchRuleId
from desktop.backend import Backend
from desktop.watch.choices import recipe_choices
from desktop.watch.controller import WatchController
from desktop.watch.menu import folder_menu, pause_words
from desktop.watch.planner import WatchPlanner
from desktop.watch.standing import WatchedFolder, is_default
from desktop.watch.words import folder_name

if TYPE_CHECKING:
    from desktop.main_window import MainWindow
    from desktop.watch.dialog import WatchDialog
    from desktop.watch.service_dialog import ServiceDialog


class WatchDialogs(QObject):
    """Opens dialogs and menus, one at a time, and does what is chosen in them."""

    service_started = Signal()
    """The service was started from the window."""
    open_wanted = Signal(object)
    """The photographs of a watched folder (its WatchRuleId) are to be shown."""

    def __init__(self, window: MainWindow, controller: WatchController) -> None:
        super().__init__(window)
        self._window = window
        self._parts = window.parts
        self._controller = controller
        self._aside: Backend | None = None
        self._planner: WatchPlanner | None = None
        self.dialog: QDialog | None = None
        sources, actions = window.parts.sources, window.actions_
        sources.watch_menu_wanted.connect(self._menu)
        sources.watch_wanted.connect(self.add)
        sources.watcher_wanted.connect(self.show_service)
        actions["watch_folder"].triggered.connect(lambda: self.add(None))
        actions["watch_service"].triggered.connect(lambda: self.show_service())

    def close(self) -> bool:
        """End the dialogs' thread, which the next dialog starts anew; return whether in time."""
        aside, self._aside, self._planner = self._aside, None, None
        return aside is None or aside.close()

    @Slot(object)
    def add(self, folder: Path | None) -> None:
        """Ask which folder is to be watched, and how."""
        dialog = self._watch_dialog(None)
        if dialog is not None and folder is not None:
            dialog.show_folder(folder)

    def edit(self, folder: WatchedFolder) -> None:
        """Ask what is to be changed."""
        self._watch_dialog(folder)

    @Slot()
    def show_service(self) -> ServiceDialog | None:
        """Say who watches, and offer the service."""
        from desktop.watch.service_dialog import ServiceDialog

        if self.dialog is not None:
            return None
        launch = self._window.launch
        library = None if is_default(launch.library, launch.paths.library) else launch.library
        standing = self._controller.standing
        dialog = ServiceDialog(standing, self._thread(), library, self._window)
        dialog.installed.connect(self.service_started)
        dialog.changed.connect(self._controller.refresh)
        self._controller.changed.connect(dialog.show_standing)
        self._show(dialog)
        return dialog

    def _watch_dialog(self, changing: WatchedFolder | None) -> WatchDialog | None:
        from desktop.watch.dialog import WatchDialog

        if self.dialog is not None:
            return None
        if self._planner is None:
            self._planner = WatchPlanner(self._thread(), self)
        recipe = self._parts.recipe
        rule = changing.rule if changing is not None else None
        choices, chosen = recipe_choices(
            recipe.draft.presets, recipe.recipe, recipe.strengths, rule
        )
        dialog = WatchDialog(choices, chosen, self._planner, changing, self._window)
        dialog.form.offer_projects([one.name for one in self._parts.sources.projects])
        dialog.wanted.connect(
            lambda plan, existing, again: self._controller.store(plan, existing, again=again)
        )
        self._show(dialog)
        return dialog

    def _show(self, dialog: QDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.finished.connect(self._forget)
        self.dialog = dialog
        dialog.open()

    @Slot()
    def _forget(self) -> None:
        self.dialog = None

    def _thread(self) -> Backend:
        """Return a library's thread that only these dialogs wait for."""
        if self._aside is None:
            self._aside = Backend(self._window.launch.opener(), self)
            self._aside.troubled.connect(self._window.say_error)
        return self._aside

    # the menu of a folder

    @Slot(object, object)
    def _menu(self, which: WatchRuleId, where: QPoint) -> None:
        folder = self._controller.standing.folder(which)
        if folder is None:
            return
        rule, reveal = folder.rule, self._window.reveal
        show = self.tr("Show the photographs that came, with their results.")
        change = self.tr("Another recipe, another folder for results, other files.")
        there, made = self.tr("Open the watched folder."), self.tr("Open the folder with results.")
        remove = self.tr("Watch it no more; photographs and results stay.")
        choices = [
            ("photo", self.tr("&Show photographs"), show, lambda: self.open_wanted.emit(rule.id)),
            None,
            ("settings", self.tr("&Edit…"), change, lambda: self.edit(folder)),
            (*pause_words(folder), lambda: self._pause(folder)),
            ("close", self.tr("Re&move…"), remove, lambda: self.ask_remove(folder)),
            None,
            ("reveal", self.tr("Show &folder"), there, lambda: reveal(rule.folder)),
            ("reveal", self.tr("Show &results"), made, lambda: reveal(rule.settings.output)),
        ]
        if rule.settings.attended:
            # Another command watches it, with its own options.
            choices = [choices[0], *choices[4:]]
        menu = folder_menu(self._window, choices)
        menu.exec(where)
        menu.deleteLater()

    def _pause(self, folder: WatchedFolder) -> None:
        if folder.rule.paused:
            self._controller.resume(folder.rule.id)
        else:
            self._controller.pause(folder.rule.id)

    def ask_remove(self, folder: WatchedFolder) -> None:
        """Ask whether a folder is to be watched no more."""
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(self.tr("Remove watch folder"))
        box.setText(self.tr("Watch {} no more?").format(folder_name(folder.rule)))
        box.setInformativeText(
            self.tr("Photographs and results stay, here and on the disk; what waits is edited.")
        )
        remove = box.addButton(self.tr("&Remove"), QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        remove.clicked.connect(lambda: self._controller.remove(folder.rule))
        self._show(box)
