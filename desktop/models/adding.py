"""The menu by which models come in: a file, a folder, another program's folder, a download."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from desktop.models.desk import ModelDesk
from desktop.models.download_dialog import DownloadQuestion, DownloadsDialog
from desktop.models.words import download_words, tr

_FILES = "Model files (*.safetensors *.sft)"


def hub_cache() -> Path:
    """Return where Hugging Face's library keeps what it downloaded."""
    named = os.environ.get("HF_HUB_CACHE")
    if named:
        return Path(named)
    home = os.environ.get("HF_HOME")
    return (Path(home) if home else Path.home() / ".cache" / "huggingface") / "hub"


class Adding(QObject):
    """Asks for files and folders, and whether to download, and has the desk do it.

    Args:
        owner: the window that the dialogs belong to.
    """

    def __init__(self, desk: ModelDesk, owner: QWidget) -> None:
        super().__init__(owner)
        self._desk = desk
        self._owner = owner

    def fill(self, menu: QMenu) -> None:
        """Put what can be added into a menu."""
        menu.setToolTipsVisible(True)
        entries: tuple[tuple[str, str, Callable[[], None]], ...] = (
            (tr("Model &file…"), tr("A checkpoint, LoRA, VAE or ControlNet."), self.ask_file),
            (tr("&Model folder…"), tr("A folder in the diffusers layout."), self.ask_folder),
            (
                tr("All in a folder of &ComfyUI, AUTOMATIC1111 or InvokeAI…"),
                tr("Its models stay where they are; what is added there later is found again."),
                self.ask_scan,
            ),
            (
                tr("&Hugging Face cache"),
                tr("What other programs downloaded already."),
                lambda: self._desk.scan(hub_cache()),
            ),
            (tr("&Download…"), tr("A short list, with sizes and licences."), self.ask_download),
        )
        for text, sentence, act in entries:
            action = menu.addAction(text)
            action.setToolTip(sentence)
            action.triggered.connect(act)

    def ask_file(self) -> None:
        """Let the user choose a model file."""
        title, kinds = tr("Add a model file"), tr(_FILES)
        chosen, _ = QFileDialog.getOpenFileName(self._owner, title, str(Path.home()), kinds)
        if chosen:
            self._desk.add(Path(chosen))

    def ask_folder(self) -> None:
        """Let the user choose a model's folder."""
        title = tr("Add a model's folder")
        chosen = QFileDialog.getExistingDirectory(self._owner, title, str(Path.home()))
        if chosen:
            self._desk.add(Path(chosen))

    def ask_scan(self) -> None:
        """Let the user choose a folder of models."""
        title = tr("A folder of models")
        chosen = QFileDialog.getExistingDirectory(self._owner, title, str(Path.home()))
        if chosen:
            self._desk.scan(Path(chosen))

    def ask_download(self) -> None:
        """Let the user choose from the short list."""
        dialog = DownloadsDialog(self._owner)
        dialog.wanted.connect(self._desk.plan_download)
        dialog.exec()

    def question(self, downloads: object) -> None:
        """Ask whether this is to be downloaded, with its size and licence, and have it done."""
        assert isinstance(downloads, tuple)
        if not downloads:
            return
        if DownloadQuestion(download_words(downloads), self._owner).exec():
            self._desk.download(downloads)
