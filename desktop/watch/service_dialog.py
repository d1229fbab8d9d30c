"""The dialog that lets folders be watched when the window is closed: the service."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from core.errors import CoreError
from desktop.backend import Backend
from desktop.dialogs.frame import DialogFrame, card
from desktop.icons import icon
from desktop.watch.standing import Standing, Who
from desktop.widgets.banner import Banner, BannerKind
from desktop.widgets.named import label
from desktop.widgets.picture import Picture


@dataclass(frozen=True)
class Done:
    """What became of it: `commands` are for the user to give, `trouble` is what went wrong."""

    trouble: str = ""
    commands: tuple[str, ...] = ()


class ServiceDialog(DialogFrame):
    """Says who watches; installs and removes the service.

    Args:
        standing: how it stands now; `show_standing` follows.
        aside: a thread that nobody else waits for: the system may take its time.
        library: what the service is to be told; None: the user's usual library.
    """

    installed = Signal()
    """The service was started: leave the folders to it."""
    changed = Signal()
    """The service's file was written or deleted."""

    def __init__(
        self,
        standing: Standing,
        aside: Backend,
        library: Path | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._aside = aside
        self._library = library
        self._busy = False
        self.set_heading(
            self.tr("Keep watching"),
            self.tr(
                "A service without a window goes on with the watch folders when this window is "
                "closed, and after the next login. Photographs are never edited twice: one of the "
                "two watches, the other shows."
            ),
        )
        self._picture = Picture(side=22)
        self.state = label(name="heading", wrap=True)
        self.detail = label(name="muted", wrap=True)
        self.banner = Banner()
        self._commands = QVBoxLayout()
        self._lay_out()
        self.remove = self.add_button(self.tr("&Remove the service"), left=True)
        self.remove.setToolTip(self.tr("Watched folders, photographs and results stay."))
        self.remove.clicked.connect(self._remove)
        self.add_close()
        self.install = self.add_button(self.tr("&Install and start"), primary=True)
        self.install.setToolTip(self.tr("Start the service now, and with each session."))
        self.install.clicked.connect(self._install)
        self.show_standing(standing)
        self.resize(520, 10)
        self.fit()
        self.install.setFocus()

    @Slot(object)
    def show_standing(self, standing: Standing) -> None:
        """Show who watches now."""
        who, installed = standing.watcher.who, standing.installed
        if who is Who.SERVICE:
            process = standing.watcher.process
            self._say("done", "good", self.tr("The service watches"))
            self.detail.setText(self.tr("Process {}").format(process) if process else "")
        elif installed:
            self._say("warning", "warn", self.tr("The service is installed and does not run"))
            self.detail.setText(self.tr("This window watches meanwhile."))
        else:
            self._say("info", "muted", self.tr("Watched as long as this window is open"))
            self.detail.setText(self.tr("The service is not installed."))
        self.detail.setVisible(bool(self.detail.text()))
        self.remove.setVisible(installed)
        self.install.setText(self.tr("&Start again") if installed else self.install_words())
        self.install.setVisible(who is not Who.SERVICE or not installed)

    def install_words(self) -> str:
        """Return what the button says before there is a service."""
        return self.tr("&Install and start")

    def _say(self, picture: str, role: str, text: str) -> None:
        self._picture.show_icon(picture, role)
        self.state.setText(text)

    def _lay_out(self) -> None:
        frame, column = card()
        row = QHBoxLayout()
        row.setSpacing(10)
        texts = QVBoxLayout()
        texts.setSpacing(1)
        texts.addWidget(self.state)
        texts.addWidget(self.detail)
        row.addWidget(self._picture)
        row.addLayout(texts, 1)
        column.addLayout(row)
        self.body.addWidget(frame)
        self.body.addWidget(self.banner)
        self.body.addLayout(self._commands)
        self.body.addStretch(1)

    @Slot()
    def _install(self) -> None:
        library = self._library
        self._begin(self.tr("Starting the service…"))
        self._aside.ask(self, lambda _services: _install(library), self._take_install, self._fail)

    @Slot()
    def _remove(self) -> None:
        self._begin(self.tr("Ending the service…"))
        self._aside.ask(self, lambda _services: _remove(), self._take_remove, self._fail)

    def _begin(self, text: str) -> None:
        self._show_commands(())
        self.banner.say(text, dismissable=False)
        for button in (self.install, self.remove):
            button.setEnabled(False)

    def _end(self) -> None:
        self.banner.clear()
        for button in (self.install, self.remove):
            button.setEnabled(True)
        self.changed.emit()

    def _take_install(self, done: Done) -> None:
        self._end()
        self._show_commands(done.commands)
        if done.trouble:
            self.banner.say(
                self.tr("The service was not started: {}").format(done.trouble),
                self.tr("Where there is no systemd, let your system start: regrain service run"),
                kind=BannerKind.ERROR,
            )
        elif done.commands:
            self.banner.say(self.tr("To start it now and with each session, run this:"))
        else:
            self.installed.emit()
            self.banner.say(
                self.tr("The service runs, now and with each session."),
                self.tr("To let it run without a session too: loginctl enable-linger"),
            )
        self.fit()

    def _take_remove(self, done: Done) -> None:
        self._end()
        self._show_commands(done.commands)
        text = self.tr("The service is removed. Folders, photographs and results stay.")
        if done.commands:
            text = self.tr("To end it, run this:")
        self.banner.say(text, done.trouble)
        self.fit()

    def _fail(self, error: CoreError) -> None:
        self._end()
        self.banner.say_error(error)
        self.fit()

    def _show_commands(self, commands: tuple[str, ...]) -> None:
        while (item := self._commands.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        for command in commands:
            self._commands.addWidget(_Command(command))


class _Command(QWidget):
    """A command to be copied into a terminal."""

    def __init__(self, command: str) -> None:
        super().__init__()
        text = QLineEdit(command)
        text.setReadOnly(True)
        text.setCursorPosition(0)
        text.setAccessibleName(self.tr("Command"))
        text.setToolTip(command)
        copy = QPushButton(icon("copy"), self.tr("Cop&y"))
        copy.setAutoDefault(False)
        copy.setToolTip(self.tr("Copy this command, to run it in a terminal."))
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(command))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(text, 1)
        row.addWidget(copy)


def _install(library: Path | None) -> Done:
    from core.watch import install

    file = install.file_for(library)
    install.write_file(file)
    if file.by_hand:
        return Done(commands=tuple(" ".join(words) for words in file.enable))
    trouble = install.enable(file)
    if trouble is not None:
        # What does not run must not look as if it were there.
        file.path.unlink(missing_ok=True)
    return Done() if trouble is None else Done(f"{trouble.command}: {trouble.said}")


def _remove() -> Done:
    from core.watch import install

    file = install.installed_file()
    commands = tuple(" ".join(words) for words in file.disable) if file.by_hand else ()
    troubles = install.disable(file)
    said = "\n".join(f"{trouble.command}: {trouble.said}" for trouble in troubles)
    return Done(said, commands)
