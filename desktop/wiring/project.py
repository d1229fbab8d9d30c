"""Projects and what comes into them: opened, made, renamed, put away; files taken in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QProcess, QStandardPaths, Qt, Slot
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QMenu

from core.child import python_command
from core.errors import CoreError
from core.library.ids import PhotoId, ProjectId
from core.library.records import Project
from core.scan_kinds import PHOTO_EXTENSIONS
from desktop.photos.drops import DropReport
from desktop.photos.mime import carried
from desktop.photos.projects import Relocator, ask_project_name, confirm_delete
from desktop.recipe.exchange import is_weights

if TYPE_CHECKING:
    from desktop.main_window import MainWindow


class ProjectWiring(QObject):
    """Connects the sidebar, the drops and the File menu."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._parts = window.parts
        self._waiting: list[Path] = []
        self._wanted: list[PhotoId] = []
        self._samples: QProcess | None = None
        self.relocator = Relocator(self._parts.backend, window)
        self._connect_projects()
        self._connect_drops()
        self._connect_checker()
        self._connect_actions()

    def _connect_projects(self) -> None:
        parts = self._parts
        parts.session.project_changed.connect(self._show_project)
        parts.projects.selection_remembered.connect(self._remember_wanted)
        parts.session.selection_changed.connect(parts.projects.remember_selection)
        parts.grid.arranged.connect(self._select_wanted)
        parts.sources.project_chosen.connect(parts.projects.open)
        parts.sources.narrowed.connect(parts.grid.narrow)
        parts.sources.project_menu_wanted.connect(self._project_menu)
        parts.sources.relocate_wanted.connect(self._relocate)
        parts.viewer.relocate_wanted.connect(self._relocate)
        parts.grid.narrowing_ended.connect(parts.sources.show_all)
        self.relocator.relocated.connect(self._window.status.say)
        self.relocator.relocated.connect(lambda _text: parts.session.touch(None))

    def _connect_drops(self) -> None:
        parts = self._parts
        parts.grid.paths_dropped.connect(self.take)
        parts.grid.image_dropped.connect(self._take_image)
        parts.grid.samples_wanted.connect(self._make_samples)
        parts.grid.files_wanted.connect(self._choose_files)
        parts.grid.folder_wanted.connect(self._choose_folder)
        parts.drops.started.connect(parts.report.say_working)
        parts.drops.taken.connect(self._taken)
        parts.drops.failed.connect(parts.report.show_error)
        parts.report.undo_wanted.connect(self._undo_drop)

    def _connect_checker(self) -> None:
        """Keep an eye on the files: what was moved away is shown as missing, not lost."""
        checker, parts = self._parts.checker, self._parts
        checker.checked.connect(parts.session.touch)
        parts.drops.taken.connect(lambda _project, _report: checker.look_again())
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            app.applicationStateChanged.connect(self._look_again_when_active)

    @Slot(Qt.ApplicationState)
    def _look_again_when_active(self, state: Qt.ApplicationState) -> None:
        if state is Qt.ApplicationState.ApplicationActive:
            self._parts.checker.look_again()

    def _connect_actions(self) -> None:
        actions = self._window.actions_
        actions["add_photos"].triggered.connect(self._choose_files)
        actions["add_folder"].triggered.connect(self._choose_folder)
        actions["samples"].triggered.connect(self._make_samples)
        actions["new_project"].triggered.connect(self._new_project)
        actions["rename_project"].triggered.connect(self._rename_project)
        actions["archive_project"].triggered.connect(self._archive_project)
        actions["delete_project"].triggered.connect(self._delete_project)

    # what comes in

    @Slot(object)
    def take(self, paths: Sequence[Path]) -> None:
        """Add files and folders to the open project, or as soon as one is open.

        Models among them go where models are kept.
        """
        weights = [path for path in paths if is_weights(path)]
        for path in weights:
            self._window.wiring.models.take(path)
        paths = [path for path in paths if path not in weights]
        project = self._parts.session.project
        if project is None:
            self._waiting += paths
        elif paths:
            self._parts.drops.take(list(paths), project.id)

    def paste(self) -> bool:
        """Add what is on the clipboard; return whether it held photographs."""
        found = carried(QGuiApplication.clipboard().mimeData())
        if found.paths:
            self.take(found.paths)
        elif found.image is not None:
            self._take_image(found.image)
        return bool(found.paths or found.image is not None)

    @Slot(object)
    def _take_image(self, image: QImage) -> None:
        project = self._parts.session.project
        if project is not None:
            folder = self._window.launch.paths.pictures / "Regrain" / "Pasted"
            self._parts.drops.take_image(image, folder, project.id)

    @Slot(object, object)
    def _taken(self, project: ProjectId, report: DropReport) -> None:
        parts, here = self._parts, self._parts.session.project
        parts.report.show_report(report)
        parts.sources.refresh()
        if here is None or here.id != project:
            return
        self._wanted = list(report.photos)
        parts.session.touch(None)
        if not self._window.layout_.shows_viewer:
            parts.grid.setFocus()
        if report.single is not None:
            self._show_single(project, report.single)

    def _show_single(self, project: ProjectId, path: Path) -> None:
        """Show a photograph that was dropped alone, new or known, large."""

        def show(found: dict[Path, PhotoId]) -> None:
            for photo in found.values():
                self._window.wiring.photos.open_when_shown(photo)
                if self._parts.grid.model.row_of(photo) >= 0:
                    self._parts.grid.select([photo])
                else:
                    self._wanted = [photo]

        self._parts.backend.ask(
            self, lambda services: dict(services.photos.by_paths(project, [path])), show
        )

    @Slot(object)
    def _undo_drop(self, report: DropReport) -> None:
        photos = list(report.photos)
        self._parts.backend.ask(
            self,
            lambda services: services.photos.remove(photos),
            lambda _none: self._parts.session.touch(None),
        )
        self._parts.sources.refresh()

    @Slot()
    def _choose_files(self) -> None:
        endings = " ".join(sorted(f"*.{end}" for end in PHOTO_EXTENSIONS))
        chosen, _ = QFileDialog.getOpenFileNames(
            self._window,
            self.tr("Add photographs"),
            _pictures_folder(),
            self.tr("Photographs ({})").format(endings) + ";;" + self.tr("All files (*)"),
        )
        self.take([Path(name) for name in chosen])

    @Slot()
    def _choose_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(
            self._window, self.tr("Add a folder with all below it"), _pictures_folder()
        )
        if chosen:
            self.take([Path(chosen)])

    @Slot()
    def _make_samples(self) -> None:
        """Have the samples made by a process of its own: one of them is drawn, which takes time."""
        if self._samples is not None:
            return
        folder = self._window.launch.paths.pictures / "Regrain" / "Samples"
        self._parts.report.say_working([folder])
        self._window.actions_["samples"].setEnabled(False)
        self._window.status.say(self.tr("Making the sample photographs…"))
        program, *arguments = python_command("core.demo.samples")
        self._samples = QProcess(self)
        self._samples.finished.connect(lambda code: self._samples_made(code, folder))
        self._samples.start(program, [*arguments, str(folder)])

    def _samples_made(self, code: int, folder: Path) -> None:
        process, self._samples = self._samples, None
        self._window.actions_["samples"].setEnabled(True)
        if code == 0 or process is None:
            self.take([folder])
            return
        lines = bytes(process.readAllStandardError().data()).decode(errors="replace").split("\n")
        lines = [line for line in lines if line.strip()]
        message = lines[-1] if lines else self.tr("The program that makes them ended.")
        self._window.say_error(CoreError(self.tr("The samples could not be made."), hint=message))

    # projects

    @Slot(object)
    def _show_project(self, project: Project) -> None:
        parts, window = self._parts, self._window
        window.setWindowTitle(f"{project.name} – Regrain")
        # First the grid: its photographs are what is waited for.
        parts.grid.open_project(project.id)
        parts.sources.open_project(project.id)
        parts.checker.open_project(project.id)
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            self.take(waiting)

    @Slot(object)
    def _remember_wanted(self, photos: list[PhotoId]) -> None:
        self._wanted = photos

    @Slot()
    def _select_wanted(self) -> None:
        """Select what was selected when the project was left, or what came in just now."""
        if self._wanted and len(self._parts.grid.shown_ids):
            wanted, self._wanted = self._wanted, []
            if len(wanted) < len(self._parts.grid.shown_ids) or len(wanted) == 1:
                self._parts.grid.select(wanted)

    @Slot(object, object)
    def _project_menu(self, project: ProjectId, where: QPoint) -> None:
        menu = QMenu(self._window)
        actions = self._window.actions_
        here = self._parts.session.project
        if here is not None and project == here.id:
            for name in ("new_project", "rename_project", "archive_project", "delete_project"):
                menu.addAction(actions[name])
        else:
            opening = menu.addAction(self.tr("&Open"))
            opening.triggered.connect(lambda: self._parts.projects.open(project))
            menu.addAction(actions["new_project"])
        menu.exec(where)
        menu.deleteLater()

    def _taken_names(self) -> list[str]:
        return [project.name for project in self._parts.sources.projects]

    @Slot()
    def _new_project(self) -> None:
        name = ask_project_name(self._window, self.tr("New project"), self._taken_names())
        if name is not None:
            self._parts.projects.create(name)

    @Slot()
    def _rename_project(self) -> None:
        here = self._parts.session.project
        if here is None:
            return
        title = self.tr("Rename project")
        name = ask_project_name(self._window, title, self._taken_names(), here.name)
        if name is not None:
            self._parts.photos.rename_project(name)

    @Slot()
    def _archive_project(self) -> None:
        here = self._parts.session.project
        if here is not None:
            self._parts.projects.archive(here.id)

    @Slot()
    def _delete_project(self) -> None:
        here = self._parts.session.project
        if here is not None and confirm_delete(self._window, here):
            self._parts.projects.delete(here.id)

    @Slot(object)
    def _relocate(self, folder: Path) -> None:
        here = self._parts.session.project
        if here is not None:
            self.relocator.ask(here.id, folder)


def _pictures_folder() -> str:
    return QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
