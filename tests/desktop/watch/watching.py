"""Watched folders driven as a user would: the dialog's fields, the sidebar's lines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from desktop.photos.overview import Entry, Kind
from desktop.photos.source_tree import item_entry
from desktop.watch.controller import WatchController
from desktop.watch.dialog import WatchDialog
from desktop.watch.standing import WatchedFolder
from desktop.wiring.watch import WatchWiring
from tests.desktop.driving import Driver

PATIENCE_MS = 60_000
SETTLE = 0.2


class WatchDriver(Driver):
    """A window with watched folders."""

    def wait(self, holds: Callable[[], object], milliseconds: int = PATIENCE_MS) -> None:
        super().wait(holds, milliseconds)

    @property
    def watch(self) -> WatchWiring:
        assert self.window is not None
        return self.window.wiring.watch

    @property
    def controller(self) -> WatchController:
        return self.watch.controller

    @property
    def folders(self) -> tuple[WatchedFolder, ...]:
        return self.controller.standing.folders

    def lines(self, kind: Kind) -> list[Entry]:
        """Return the sidebar's lines of a kind."""
        entries = (item_entry(item) for item in self.parts.sources.tree.items())
        return [entry for entry in entries if entry.kind is kind]

    def line(self) -> Entry:
        """Return the one watched folder's line."""
        (line,) = self.lines(Kind.WATCH)
        return line

    @property
    def detail(self) -> str:
        """What the one watched folder's line says; nothing while there is none."""
        return self.line().detail if self.lines(Kind.WATCH) else ""

    def ask(self, folder: Path) -> WatchDialog:
        """Open the dialog from the menu and enter a folder."""
        assert self.window is not None
        self.window.actions_["watch_folder"].trigger()
        dialog = self.watch.dialogs.dialog
        assert isinstance(dialog, WatchDialog)
        dialog.form.settle.setValue(SETTLE)
        dialog.show_folder(folder)
        return dialog

    def add(self, folder: Path, *, everything: bool = False) -> None:
        """Watch a folder, and wait until it is watched."""
        dialog = self.ask(folder)
        self.wait(dialog.begin.isEnabled)
        (dialog.all if everything else dialog.new_only).setChecked(True)
        dialog.begin.click()
        self.wait(lambda: "Watching" in self.detail)
        self.wait(lambda: self.watch.dialogs.dialog is None)
