"""The dialogs that menus and the status bar open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from core.device import DeviceInfo
from core.errors import CoreError
from core.preferences import Preferences, ThemeChoice, save_preferences
from desktop.event_router import EventRouter

if TYPE_CHECKING:
    from desktop.dialogs.devices import DevicesDialog
    from desktop.main_window import MainWindow


class DialogWiring(QObject):
    """Opens dialogs, and does what is chosen in them."""

    def __init__(self, window: MainWindow, router: EventRouter) -> None:
        super().__init__(window)
        self._window = window
        self._devices: Sequence[DeviceInfo] | None = None
        self._dialog: DevicesDialog | None = None
        self.preferences = window.launch.preferences
        actions = window.actions_
        actions["preferences"].triggered.connect(self._show_preferences)
        actions["devices"].triggered.connect(self._show_devices)
        actions["shortcuts"].triggered.connect(self._show_shortcuts)
        actions["about"].triggered.connect(self._show_about)
        actions["open_logs"].triggered.connect(self._open_logs)
        window.status.chip.clicked.connect(self._show_devices)
        router.devices_found.connect(self._take_devices)
        router.device_trouble.connect(window.status.chip.show_trouble)

    @Slot(object)
    def _take_devices(self, devices: Sequence[DeviceInfo]) -> None:
        self._devices = devices
        self._window.status.chip.show_devices(devices, self.preferences.device)
        if self._dialog is not None:
            self._dialog.show_devices(devices)

    @Slot()
    def _show_devices(self) -> None:
        from desktop.dialogs.devices import DevicesDialog

        self._dialog = DevicesDialog(self._devices, self.preferences.device, self._window)
        self._dialog.chosen.connect(self._choose_device)
        self._dialog.look_again_wanted.connect(self._look_again)
        self._dialog.exec()
        self._dialog = None

    @Slot(object)
    def _choose_device(self, key: str) -> None:
        from core.runner import EngineChoice

        self._save(self.preferences.model_copy(update={"device": key}))
        worker = self._window.parts.worker
        if worker is not None:
            worker.choose(EngineChoice(device=key))
        if self._devices is not None:
            self._window.status.chip.show_devices(self._devices, key)

    @Slot()
    def _look_again(self) -> None:
        worker = self._window.parts.worker
        if worker is not None:
            worker.warm_up()

    @Slot()
    def _show_shortcuts(self) -> None:
        from desktop.dialogs.shortcuts import ShortcutsDialog

        queue = self._window.parts.queue
        more = [*queue.batch_actions.all(), *queue.item_actions.all()]
        groups = [*self._window.actions_.groups(), (self.tr("Queue"), more)]
        ShortcutsDialog(groups, self._window).exec()

    @Slot()
    def _show_about(self) -> None:
        from desktop.dialogs.about import AboutDialog

        dialog = AboutDialog(self._window)
        dialog.logs_wanted.connect(self._open_logs)
        dialog.exec()

    @Slot()
    def _open_logs(self) -> None:
        self._window.reveal(self._window.launch.paths.logs)

    @Slot()
    def _show_preferences(self) -> None:
        from desktop.dialogs.preferences import PreferencesDialog

        tray = self._window.wiring.batches.tray.available()
        dialog = PreferencesDialog(self.preferences, tray=tray, parent=self._window)
        dialog.theme_tried.connect(self._try_theme)
        dialog.saved.connect(self._save)
        dialog.exec()

    @Slot(object)
    def _try_theme(self, choice: ThemeChoice) -> None:
        self._window.launch.theme.choose(choice)

    def remember_tray(self) -> None:
        """Go on in the tray whenever the window is closed."""
        self._save(self.preferences.model_copy(update={"close_to_tray": True}))

    @Slot(object)
    def _save(self, preferences: Preferences) -> None:
        """Store the preferences and follow them."""
        self.preferences = preferences
        batches = self._window.wiring.batches
        batches.awake.set_enabled(preferences.keep_awake)
        batches.ends.on_done = preferences.on_done
        batches.notifier.enabled = preferences.notify
        self._window.launch.theme.choose(preferences.theme)
        try:
            save_preferences(self._window.launch.paths.preferences, preferences)
        except CoreError as error:
            self._window.say_error(error)
