"""Earlier results of a photograph: shown one by one, and brought back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QDateTime, QLocale, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from core.library.photo import Photo, Version
from desktop.backend import Backend
from desktop.theme import tokens
from desktop.viewer.buttons import named
from desktop.viewer.strip import Entry, Strip

if TYPE_CHECKING:
    from core.services import Services
    from desktop.photos.pictures import PictureLoader


class VersionsBar(QWidget):
    """The standing result and those before it.

    Signals: `looked_at(Version | None)`: this one is to be shown, None the standing one;
    `wanted(Version)`: it is to become the standing one.
    """

    looked_at = Signal(object)
    wanted = Signal(object)

    def __init__(self, backend: Backend, pictures: PictureLoader | None) -> None:
        super().__init__()
        self._backend = backend
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._versions: list[Version] = []
        self._entries: list[Entry] = []
        self._shown: Version | None = None
        self._strip = Strip(pictures, self.tr("Versions of this result"), captions=True)
        self._strip.chosen.connect(self._look)
        self._bring = QPushButton(self.tr("Bring back"))
        self._bring.setToolTip(
            self.tr("Make this version the result again; the present one is kept as a version.")
        )
        self._bring.clicked.connect(self._want)
        self._note = named(QLabel(), "small")
        space = tokens().space
        row = QHBoxLayout(self)
        row.setContentsMargins(space, 0, space, 0)
        row.setSpacing(space)
        row.addWidget(self._strip, 1)
        row.addWidget(self._note)
        row.addWidget(self._bring)

    @property
    def shown(self) -> Version | None:
        """The version that is looked at; None is the standing result."""
        return self._shown

    def forget(self) -> None:
        """Look at the standing result, and list nothing."""
        self._versions, self._entries = [], []
        self._mark(None)

    def open(self, photo: Photo) -> None:
        """Show the versions of a photograph's result."""
        standing = photo.output
        if standing is None:
            return

        def work(services: Services) -> list[Version]:
            return services.versions.stack(photo.id)

        self._backend.ask(self, work, lambda versions: self.show_versions(standing, versions))

    def show_versions(self, standing: Path, versions: Sequence[Version]) -> None:
        """List them, the latest first."""
        self._versions = sorted(versions, key=lambda version: -version.created)
        self._entries = [Entry(standing, None, self.tr("Now"))] + [
            Entry(version.path, version, when(version), version.note) for version in self._versions
        ]
        self._mark(None)

    def _look(self, version: Version | None) -> None:
        self._mark(version)
        self.looked_at.emit(version)

    def _mark(self, version: Version | None) -> None:
        self._shown = version
        current = self._versions.index(version) + 1 if version in self._versions else 0
        self._strip.show_entries(self._entries, current)
        self._bring.setEnabled(version is not None)
        self._note.setText(version.note if version else "")

    def _want(self) -> None:
        if self._shown is not None:
            self.wanted.emit(self._shown)


def when(version: Version) -> str:
    """Return a version's time, short."""
    time = QDateTime.fromSecsSinceEpoch(int(version.created))
    return QLocale().toString(time, "d MMM HH:mm")
