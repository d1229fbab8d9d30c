"""The viewer: one photograph, before and after, with all that is decided there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QContextMenuEvent, QHideEvent, QImage, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from core.errors import CoreError
from core.library.ids import ItemId
from core.library.photo import Photo
from core.library.records import ItemStatus
from desktop.backend import Backend
from desktop.photos.words import Progress
from desktop.viewer.comparison import Compare
from desktop.viewer.facts_reader import FactsReader
from desktop.viewer.files import after_file, before_file, files_of, small_pictures, strip_entry
from desktop.viewer.geometry import WHEEL_FACTOR, Box, Size
from desktop.viewer.keys import Keys, is_hold
from desktop.viewer.notices import Remedy
from desktop.viewer.parts import Parts
from desktop.viewer.reader import PictureReader
from desktop.viewer.showing import Showing, State
from desktop.viewer.tiles import PictureFile
from desktop.viewer.words import has_result

if TYPE_CHECKING:
    from desktop.photos.pictures import PictureLoader

_STRIP_HEIGHT = 600
_REST_MILLISECONDS = 120_000
"""A viewer that nobody came back to for so long ends its processes."""
"""From this height of the viewer on there is room for the neighbours."""


class Viewer(QWidget):
    """Shows one photograph; the window wires its signals.

    Args:
        backend: answers what a result was made with, and its earlier versions.
        reader: reads the pictures; closed by whoever made it.
        pictures: small pictures for the strips, and to be seen first.
    """

    step_wanted = Signal(int)
    """The photograph before (-1) or after (1) this one."""
    photo_wanted = Signal(object)
    """A Photo of the filmstrip."""
    closed = Signal()
    decided = Signal(object)
    """A Decision."""
    rated = Signal(int)
    redo_wanted = Signal(object)
    """A Redo: another seed, stronger, gentler."""
    redo_recipe_wanted = Signal()
    """The result is to be made again with the recipe that the panel shows."""
    version_wanted = Signal(object)
    """A Version that is to become the standing result; call `reload` when it has."""
    recipe_wanted = Signal(object)
    """A Recipe to take over into the panel."""
    retry_wanted = Signal(object)
    """The ItemId of a failed photograph."""
    relocate_wanted = Signal(object)
    """The Path of a folder that is not there any more."""
    reveal_wanted = Signal(object)
    """A Path to be shown in the file manager."""
    menu_wanted = Signal(object)
    """The QPoint of the screen at which a menu of the photograph is wanted."""
    loupe_moved = Signal(object)
    """The Box (left, top, width, height; upright pixels) to be previewed; None: nothing is."""

    def __init__(
        self,
        backend: Backend,
        reader: PictureReader,
        pictures: PictureLoader | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("viewer")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Viewer"))
        self._reader = reader
        self._pictures = pictures
        self._photo: Photo | None = None
        self._progress: Progress | None = None
        self._place = ""
        self._target: Path | None = None
        # Whether the loupe is out, for photographs without a result and for those with one.
        self._loupe_out = {False: True, True: False}
        self._parts = Parts(self, backend, reader, pictures)
        self.canvas = self._parts.canvas
        self._showing = Showing(self._parts, reader)
        self._facts = FactsReader(backend, reader, self._parts.facts, self._parts.line)
        self._keys = Keys(self)
        self._resting = QTimer(self, singleShot=True, interval=_REST_MILLISECONDS)
        self._resting.timeout.connect(reader.rest)
        self._connect()
        self._parts.top.show_mode(self.canvas.look.mode)
        self.show_photo(None)

    def _connect(self) -> None:
        parts, canvas = self._parts, self.canvas
        self._connect_bars()
        parts.versions.looked_at.connect(self._show_files)
        parts.versions.wanted.connect(self.version_wanted)
        parts.line.reveal_wanted.connect(self.reveal_wanted)
        parts.facts.recipe_wanted.connect(self._want_recipe)
        parts.card.wanted.connect(self._remedy)
        parts.strip.chosen.connect(self.photo_wanted)
        parts.loupe.closed.connect(lambda: self.set_loupe(False))
        canvas.view_changed.connect(self._showing.show_zoom)
        canvas.mode_changed.connect(parts.top.show_mode)
        canvas.box_changed.connect(self.loupe_moved)
        self._reader.refused.connect(self._take_refusal)

    def _connect_bars(self) -> None:
        top, decisions = self._parts.top, self._parts.decisions
        top.closed.connect(self.closed)
        top.mode_chosen.connect(self.set_mode)
        top.held.connect(self.hold)
        top.fit_wanted.connect(self.fit)
        top.one_to_one_wanted.connect(self.toggle_zoom)
        top.loupe_toggled.connect(self.set_loupe)
        top.facts_toggled.connect(self.set_facts)
        decisions.step_wanted.connect(self.step_wanted)
        decisions.decided.connect(self.decided)
        decisions.rated.connect(self.rated)
        decisions.versions_toggled.connect(self.set_versions)
        decisions.redo.wanted.connect(self.redo_wanted)
        decisions.redo.recipe_wanted.connect(self.redo_recipe_wanted)

    # the photograph

    @property
    def photo(self) -> Photo | None:
        """The photograph that is shown."""
        return self._photo

    def show_photo(self, photo: Photo | None, index: int = -1, total: int = 0) -> None:
        """Show a photograph, or the same one in another state; `index` counts from 0.

        Zoom, place and the way of comparing stay as they are.
        """
        old, self._photo = self._photo, photo
        new = photo is None or old is None or photo.id != old.id
        if new or total:
            self._place = self.tr("{0} of {1}").format(index + 1, total) if total else ""
            self._parts.decisions.show_steps(back=index > 0, on=0 <= index < total - 1)
        if new:
            self._target = None
            self._parts.loupe.set_state("")
        if photo is None or photo.status is not ItemStatus.RUNNING:
            self._progress = None
        if new or old is None or photo is None or old.versions != photo.versions:
            self.set_versions(not new and self._parts.versions.isVisible())
        self._show_files()
        self._facts.show_photo(photo)

    def set_neighbours(self, photos: Sequence[Photo], current: int) -> None:
        """Show these in the filmstrip; those beside the current one are read ahead."""
        self._parts.strip.show_entries([strip_entry(photo) for photo in photos], current)
        self._fit_strip()
        near = [photos[i] for i in (current + 1, current - 1) if 0 <= i < len(photos)]
        self.canvas.set_neighbours([file for photo in near for file in files_of(photo)])

    def progress(self, item: ItemId, step: int, steps: int) -> None:
        """Show how far the work on this photograph is."""
        if self._photo is not None and self._photo.item == item:
            self._progress = Progress(step, steps)
            self._show_state()

    def set_target(self, path: Path | None) -> None:
        """Say where the result would go, for a photograph without one."""
        self._target = path
        self._show_state()

    def reload(self) -> None:
        """Read the pictures anew: the files are others than before under the same names."""
        for file in (self.canvas.look.before, self.canvas.look.after):
            if file is not None:
                self._reader.forget(file)
        self.set_versions(False)
        self._show_files()

    # the preview

    def show_preview(self, picture: QImage | bytes, box: Box) -> None:
        """Show what the recipe makes of a part of the photograph."""
        image = picture if isinstance(picture, QImage) else QImage.fromData(picture)
        if not image.isNull():
            self.canvas.show_preview(image, box)
            self._parts.loupe.view.update()

    def clear_preview(self) -> None:
        """Show no preview until another comes."""
        self.canvas.clear_preview()
        self._parts.loupe.set_state("")

    def set_preview_state(self, text: str) -> None:
        """Say how far the preview is: `Draft`, `2 of 6`, or nothing when it is whole."""
        self._parts.loupe.set_state(text)

    def preview_failed(self, message: str, hint: str = "") -> None:
        """Say why there is no preview."""
        self.canvas.clear_preview()
        self._parts.loupe.set_state(" ".join(part for part in (message, hint) if part))

    def show_noise(self, sigma: float, chroma: float = 0.0) -> None:
        """Say how much noise was found, and how much of it in colour, of 255."""
        self._facts.show_noise(sigma, chroma)

    # what the keys and the window's actions do

    @Slot(object)
    def set_mode(self, mode: Compare) -> None:
        """Compare in another way."""
        self.canvas.set_mode(mode)
        self._parts.top.show_mode(mode)

    def toggle_side(self) -> None:
        """Show before and after side by side, or with the slider."""
        side = self.canvas.look.mode is Compare.SIDE
        self.set_mode(Compare.SLIDER if side else Compare.SIDE)

    @Slot(bool)
    def hold(self, on: bool) -> None:
        """Show the photograph itself as long as this is on."""
        self.canvas.hold(on)
        self._parts.loupe.view.update()

    def toggle_hold(self) -> None:
        """Show the photograph itself until this is called again."""
        self.hold(not self.canvas.look.holding)

    @Slot()
    def fit(self) -> None:
        """Show the whole photograph."""
        self.canvas.fit()

    @Slot()
    def toggle_zoom(self) -> None:
        """Go to 1:1, or back to the whole photograph."""
        self.canvas.toggle_zoom()
        self._showing.show_zoom()

    def zoom_in(self) -> None:
        """Show it larger."""
        self.canvas.zoom_by(WHEEL_FACTOR**2)

    def zoom_out(self) -> None:
        """Show it smaller."""
        self.canvas.zoom_by(WHEEL_FACTOR**-2)

    @Slot(bool)
    def set_loupe(self, on: bool) -> None:
        """Preview a part with the recipe of the moment, or not."""
        self._loupe_out[has_result(self._photo)] = on
        self._show_loupe()

    def toggle_loupe(self) -> None:
        """Take the loupe out, or put it away."""
        self.set_loupe(not self.canvas.look.loupe)

    def toggle_facts(self) -> None:
        """Show the facts, or hide them."""
        self.set_facts(self._parts.facts.isHidden())

    @Slot(bool)
    def set_facts(self, on: bool) -> None:
        """Show what is known of the photograph and its result, or not."""
        self._parts.facts.setVisible(on)
        self._parts.top.show_facts(on=on)
        self._facts.ask()

    @Slot(bool)
    def set_versions(self, on: bool) -> None:
        """Show the earlier results, or not."""
        photo, versions = self._photo, self._parts.versions
        on = on and photo is not None and photo.versions > 0
        self._parts.decisions.show_versions(on=on)
        versions.setVisible(on)
        versions.forget()
        if on and photo is not None:
            versions.open(photo)
        self._show_files()

    @Slot()
    def _show_files(self) -> None:
        photo, canvas = self._photo, self.canvas
        if photo is None:
            canvas.show_files(None, None)
        else:
            size = Size(photo.width, photo.height) if photo.width and photo.height else None
            before = before_file(photo, canvas.look.before)
            after = after_file(photo, self._parts.versions.shown)
            if after is not None and self._reader.error(after):
                after = None
            # Nothing is made for a viewer that is not seen, as while the grid is leafed through.
            pictures = self._pictures if self.isVisible() else None
            canvas.show_files(before, after, size, small_pictures(pictures, before, after))
        self._show_loupe()
        self._show_state()

    def _show_state(self) -> None:
        state = State(self._photo, self._place, self._progress, self._target)
        self._showing.show(state)

    def _show_loupe(self) -> None:
        photo = self._photo
        before = self.canvas.look.before
        there = photo is not None and not photo.missing
        seen = there and before is not None and self._reader.error(before) is None
        on = seen and self._loupe_out[has_result(photo)]
        self.canvas.set_loupe(on)
        self._parts.top.show_loupe(on=on)
        self._showing.show_zoom()

    def _fit_strip(self) -> None:
        many = len(self._parts.strip.entries) > 1
        self._parts.strip.setVisible(many and self.height() >= _STRIP_HEIGHT)

    @Slot(object, object)
    def _take_refusal(self, file: PictureFile, _error: CoreError) -> None:
        if file in (self.canvas.look.before, self.canvas.look.after):
            self._show_files()

    @Slot(object)
    def _remedy(self, remedy: Remedy) -> None:
        photo = self._photo
        if photo is None:
            return
        if remedy is Remedy.RETRY:
            self.retry_wanted.emit(photo.item)
        elif remedy is Remedy.RELOCATE:
            self.relocate_wanted.emit(photo.path.parent)
        elif remedy is Remedy.REDO:
            self.redo_recipe_wanted.emit()

    @Slot()
    def _want_recipe(self) -> None:
        if self._facts.recipe is not None:
            self.recipe_wanted.emit(self._facts.recipe)

    def event(self, event: QEvent) -> bool:
        """Keep the key that is held from an action of the window, which hears no release."""
        if event.type() is QEvent.Type.ShortcutOverride and is_hold(event):
            event.accept()
            return True
        if event.type() is QEvent.Type.WindowDeactivate:
            self.hold(False)
        elif event.type() is QEvent.Type.PaletteChange and self.isVisible():
            self._show_state()
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Do what the key is for, unless an action of the window has done it."""
        if is_hold(event):
            self.hold(True)
        elif work := self._keys.work_of(event):
            work()
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Show the result again when the key is let go."""
        if is_hold(event) and not event.isAutoRepeat():
            self.hold(False)
        else:
            super().keyReleaseEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the neighbours room only where there is enough."""
        super().resizeEvent(event)
        self._fit_strip()

    def showEvent(self, event: QShowEvent) -> None:
        """Take the keys, and show what nobody could see before."""
        super().showEvent(event)
        self._resting.stop()
        self.setFocus()
        self._show_files()
        self._facts.show_photo(self._photo)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Have the window show what can be done with the photograph."""
        if self._photo is not None:
            self.menu_wanted.emit(event.globalPos())

    def hideEvent(self, event: QHideEvent) -> None:
        """Give back what the pictures take."""
        super().hideEvent(event)
        self.hold(False)
        if not event.spontaneous():
            self._reader.clear()
            self._resting.start()
