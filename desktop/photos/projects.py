"""What is asked about projects: a name, whether to delete one, where a folder is now."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QLineEdit,
    QMessageBox,
    QVBoxLayout,
    QWidget,
)

from core.errors import CoreError
from core.library.ids import ProjectId
from core.library.photo import Relocated
from core.library.records import Project
from desktop.backend import Backend
from desktop.photos.words import many, tr
from desktop.widgets.named import label
from desktop.words import count, photographs


class ProjectNameDialog(QDialog):
    """Asks for a project's name; says beside the field why a name cannot be taken."""

    chosen = Signal(str)

    def __init__(
        self,
        title: str,
        taken: Collection[str],
        name: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self._taken = {other.casefold() for other in taken if other != name}
        self._field = QLineEdit(name)
        self._field.setAccessibleName(self.tr("Name of the project"))
        self._field.setToolTip(self.tr("What this collection of photographs is called."))
        self._field.setMaxLength(120)
        self._field.selectAll()
        self._problem = label(name="bad", wrap=True)
        buttons = QDialogButtonBox.StandardButton
        self._buttons = QDialogButtonBox(buttons.Ok | buttons.Cancel)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        self._field.textChanged.connect(self._check)
        words = label(self.tr("&Name"))
        words.setBuddy(self._field)
        column = QVBoxLayout(self)
        for part in (words, self._field, self._problem, self._buttons):
            column.addWidget(part)
        self.setMinimumWidth(380)
        self._check()

    @property
    def name(self) -> str:
        """What was typed, without spaces at its ends."""
        return " ".join(self._field.text().split())

    @property
    def problem(self) -> str:
        """Why the name cannot be taken; empty when it can."""
        return self._problem.text()

    @Slot()
    def _check(self) -> None:
        taken = self.name.casefold() in self._taken
        words = self.tr("There is a project called {} already.").format(self.name) if taken else ""
        self._problem.setText(words)
        ok = self._buttons.button(QDialogButtonBox.StandardButton.Ok)
        ok.setEnabled(bool(self.name) and not taken)


def ask_project_name(
    parent: QWidget, title: str, taken: Collection[str], name: str = ""
) -> str | None:
    """Ask for a name; None when the user thought better of it."""
    dialog = ProjectNameDialog(title, taken, name, parent)
    return dialog.name if dialog.exec() == QDialog.DialogCode.Accepted else None


def confirm_delete(parent: QWidget, project: Project) -> bool:
    """Ask whether a project is to be forgotten, saying what stays."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle(tr("Delete project"))
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(tr("Delete the project {}?").format(project.name))
    number = many(project.photographs, tr("1 photograph"), tr("{} photographs"))
    box.setInformativeText(
        tr(
            "Regrain forgets {}, with stars, decisions and finished batches. "
            "No file is deleted: photographs and results stay where they are."
        ).format(number)
    )
    delete = box.addButton(tr("Delete project"), QMessageBox.ButtonRole.DestructiveRole)
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(QMessageBox.StandardButton.Cancel)
    box.exec()
    return box.clickedButton() is delete


class Relocator(QWidget):
    """Points the photographs of a folder to its new place."""

    relocated = Signal(str)
    """What came of it, as a sentence; the grid is to be read again."""

    def __init__(self, backend: Backend, parent: QWidget) -> None:
        super().__init__(parent)
        self._backend = backend
        self.hide()

    def ask(self, project: ProjectId, old: Path) -> None:
        """Ask where a folder is now, and look for its photographs there."""
        title = self.tr("Where is {} now?").format(old.name or str(old))
        start = next((str(parent) for parent in old.parents if parent.is_dir()), "")
        new = QFileDialog.getExistingDirectory(self.window(), title, start)
        if new:
            self.relocate(project, old, Path(new))

    def relocate(self, project: ProjectId, old: Path, new: Path) -> None:
        """Look for the photographs of `old` in `new`."""

        def told(result: Relocated) -> None:
            self.relocated.emit(relocated_words(result, new))

        def failed(error: CoreError) -> None:
            self._backend.troubled.emit(error)

        self._backend.ask(
            self, lambda services: services.photos.relocate(project, old, new), told, failed
        )


def relocated_words(result: Relocated, new: Path) -> str:
    """Return `212 photographs found in trip, 3 still missing.`"""
    if not result.found:
        return tr("None of the photographs is in {}. Choose the folder that holds them.").format(
            new
        )
    text = tr("{} found in {}").format(photographs(result.found), new.name or str(new))
    if result.still_missing:
        text += ", " + tr("{} still missing").format(count(result.still_missing))
    return f"{text}."
