"""Live previews: the loupe's part under the panel's recipe, asked of the worker as dials move."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from core.events import Box, PreviewFailed, PreviewPart
from core.library.photo import Photo
from desktop.recipe.panel import RecipePanel
from desktop.recipe.preview_driver import PreviewDriver
from desktop.recipe.preview_panel import PreviewPanel
from desktop.viewer.viewer import Viewer

if TYPE_CHECKING:
    from core.runner.previews import PreviewRequest
    from desktop.worker import DenoisingThread


class PreviewController(QObject):
    """Connects driver, viewer, recipe panel and filmstrip; keeps the last wish till a worker is.

    Args:
        viewer: shows the picture in its place, and says which part is wanted.
        recipe: says with which settings.
        stages: shows the steps.
    """

    def __init__(
        self,
        viewer: Viewer,
        recipe: RecipePanel,
        stages: PreviewPanel,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._worker: DenoisingThread | None = None
        self._waiting: PreviewRequest | None = None
        self._viewer = viewer
        self._recipe = recipe
        self.driver = PreviewDriver(self)
        self.driver.set_edit(recipe.preview_edit())
        self.driver.request.connect(self._request)
        self.driver.picture.connect(self._show)
        self.driver.failed.connect(self._say_failed)
        self.driver.busy_changed.connect(self._say_busy)
        self.driver.noise_found.connect(viewer.show_noise)
        self.driver.noise_found.connect(recipe.set_noise)
        self.driver.started.connect(stages.begin)
        self.driver.stage.connect(stages.take)
        self.driver.picture.connect(stages.take)
        self.driver.failed.connect(stages.take_failure)
        stages.stages_wanted.connect(self.driver.set_stages)
        stages.stage_chosen.connect(self._show)
        recipe.preview_wanted.connect(self._take_edit)
        viewer.loupe_moved.connect(self._take_box)

    def set_worker(self, worker: DenoisingThread) -> None:
        """Take the thread that renders; what was asked for meanwhile is asked now."""
        self._worker = worker
        if self._waiting is not None:
            worker.preview(self._waiting)
            self._waiting = None

    @Slot(object)
    def take(self, event: PreviewPart | PreviewFailed) -> None:
        """Take what came of a request."""
        self.driver.take(event)

    def look_at(self, photo: Photo | None) -> None:
        """Preview this photograph."""
        there = photo is not None and not photo.missing
        self.driver.set_source(photo.path if photo is not None and there else None)

    def show_recipe(self) -> None:
        """Preview with what the panel shows now."""
        self.driver.set_edit(self._recipe.preview_edit())

    @Slot()
    def _take_edit(self) -> None:
        self.driver.set_edit(self._recipe.preview_edit())

    @Slot(object)
    def _take_box(self, box: Box | None) -> None:
        if box is not None:
            self.driver.set_box(box)
        self.driver.set_on(box is not None)

    @Slot(object)
    def _request(self, request: PreviewRequest) -> None:
        if self._worker is None:
            self._waiting = request
        else:
            self._worker.preview(request)

    @Slot(object)
    def _show(self, part: PreviewPart) -> None:
        self._viewer.show_preview(part.jpeg, part.box)

    @Slot(object)
    def _say_failed(self, event: PreviewFailed) -> None:
        self._viewer.preview_failed(event.message, event.hint)

    @Slot(bool)
    def _say_busy(self, busy: bool) -> None:
        self._viewer.set_preview_state(self.tr("Working…") if busy else "")
