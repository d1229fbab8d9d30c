"""What the window is made of: built once, in order, and handed to whoever connects it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSettings
from PySide6.QtWidgets import QWidget

from core.preferences import Paths, Preferences
from core.presets import shipped_presets
from desktop.backend import Backend
from desktop.controllers.batches import BatchController
from desktop.controllers.photos import PhotoController
from desktop.controllers.previews import PreviewController
from desktop.controllers.projects import ProjectController
from desktop.controllers.recipes import RecipeController
from desktop.models.desk import ModelDesk, open_shelf
from desktop.photos.checking import PhotoChecker
from desktop.photos.drop_report import DropReportPanel
from desktop.photos.drops import Drops
from desktop.photos.grid import PhotoGrid
from desktop.photos.pictures import PictureLoader, open_thumbnails
from desktop.photos.sources import SourcesPanel
from desktop.queue.panel import QueuePanel
from desktop.recipe.panel import RecipePanel
from desktop.recipe.preview_panel import PreviewPanel
from desktop.session import Session
from desktop.theme import Theme
from desktop.viewer.lane import open_codec
from desktop.viewer.reader import PictureReader
from desktop.viewer.viewer import Viewer
from desktop.widgets.banner import Banner

if TYPE_CHECKING:
    from core.services import RenderProgram, Services
    from desktop.worker import DenoisingThread, EventBridge


@dataclass(frozen=True)
class Launch:
    """How the window is started: the library's file, the user's folders, preferences, theme.

    `program` starts another render process than the real one; `device` asks for one device.
    """

    library: Path
    paths: Paths
    preferences: Preferences
    theme: Theme
    program: RenderProgram | None = None

    def opener(self) -> Callable[[], Services]:
        """Return what opens the library, on the thread that it is called on."""

        def open_library() -> Services:
            # Here and not above: what it brings along takes longest of all to import.
            from core.services import open_services

            return open_services(self.library, self.program)

        return open_library


class WindowParts:
    """The panels and controllers of one window; `close` ends their threads.

    Args:
        launch: how the window was started.
        owner: the window.
    """

    def __init__(self, launch: Launch, owner: QWidget) -> None:
        self.settings = QSettings(
            str(launch.paths.preferences.with_name("window.ini")), QSettings.Format.IniFormat
        )
        self.backend = Backend(launch.opener(), owner, begun=False)
        self.session = Session(owner)
        self._make_controllers(owner)
        self._make_panels(launch)
        self.worker: DenoisingThread | None = None
        self.bridge: EventBridge | None = None

    def _make_controllers(self, owner: QObject) -> None:
        backend, session = self.backend, self.session
        default = shipped_presets()[0]
        self.projects = ProjectController(backend, session, self.settings, owner)
        self.photos = PhotoController(backend, session, owner)
        self.recipes = RecipeController(backend, session, default, owner)
        self.batches = BatchController(backend, session, owner)
        self.drops = Drops(backend, owner)
        self.checker = PhotoChecker(backend, parent=owner)

    def _make_panels(self, launch: Launch) -> None:
        cache = launch.paths.cache / "thumbnails"
        megabytes = launch.preferences.thumbnail_cache_mb
        self.pictures = PictureLoader(self.backend, lambda: open_thumbnails(cache, megabytes))
        self.reader = PictureReader(open_codec)
        self.grid = PhotoGrid(self.backend, self.pictures)
        self.viewer = Viewer(self.backend, self.reader, self.pictures)
        self.sources = SourcesPanel(self.backend)
        self.recipe = RecipePanel(self.backend)
        self.queue = QueuePanel(self.backend)
        self.stages = PreviewPanel()
        self.desk = ModelDesk(self.backend, partial(open_shelf, launch.paths.models), self.grid)
        self.previews = PreviewController(self.viewer, self.recipe, self.stages, self.viewer)
        self.banner = Banner()
        self.report = DropReportPanel()

    def start_worker(self, launch: Launch) -> None:
        """Start the rendering thread; its events go out through `bridge`."""
        from core.runner import EngineChoice
        from desktop.worker import DenoisingThread, EventBridge

        choice = EngineChoice(device=launch.preferences.device)
        self.bridge = EventBridge()
        self.worker = DenoisingThread(launch.opener(), choice, self.bridge)
        self.batches.set_worker(self.worker)
        self.previews.set_worker(self.worker)
        self.worker.start()

    def close(self) -> bool:
        """End every thread and process; return whether all ended in time."""
        ended = self.drops.close()
        ended &= self.desk.close()
        ended &= self.checker.close()
        self.reader.close()
        self.recipe.close_loader()
        ended &= self.pictures.close()
        return self.backend.close() and ended
