"""Fills in what is known of the photograph that is shown: facts, recipe of the result, noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Slot

from core.library.photo import Photo
from core.recipe import Recipe
from desktop.backend import Backend
from desktop.viewer.facts_panel import FactsPanel
from desktop.viewer.files import before_file
from desktop.viewer.path_line import PathLine
from desktop.viewer.reader import PictureReader, Side
from desktop.viewer.result_facts import ResultFacts, read_result_facts
from desktop.viewer.tiles import PictureFile
from desktop.viewer.words import has_result, noise_line, noted_noise

if TYPE_CHECKING:
    from core.images.facts import PhotoFacts
    from core.images.noise_found import NoiseFound
    from core.services import Services

_NOISE_MILLISECONDS = 700
"""The preview tells the noise too, and sooner; only without it the photograph is measured here."""


class FactsReader(QObject):
    """Asks for what the panel and the path line say, and puts it there when it comes."""

    def __init__(
        self, backend: Backend, reader: PictureReader, panel: FactsPanel, line: PathLine
    ) -> None:
        super().__init__(panel)
        self._backend = backend
        self._reader = reader
        self._panel = panel
        self._line = line
        self._photo: Photo | None = None
        self._result = ResultFacts()
        self._noise_told = False
        self._described: PictureFile | None = None
        self._made: tuple[object, ...] = ()
        self._measuring = QTimer(self, singleShot=True, interval=_NOISE_MILLISECONDS)
        self._measuring.timeout.connect(self._measure)
        reader.described.connect(self._take_facts)
        reader.measured.connect(self._take_noise)

    @property
    def recipe(self) -> Recipe | None:
        """With what the result was made."""
        return self._result.recipe

    def show_photo(self, photo: Photo | None) -> None:
        """Say what is known of a photograph, or of the same one with another result."""
        old, self._photo = self._photo, photo
        if photo is None or old is None or old.id != photo.id:
            self._forget()
        if photo is None:
            return
        if noise := noted_noise(photo):
            self._tell_noise(noise)
        elif not self._noise_told and not has_result(photo):
            self._measuring.start()
        self.ask()

    def ask(self) -> None:
        """Ask for what is not known yet, if the panel shows it."""
        photo = self._photo
        if photo is None or not self._panel.isVisible():
            return
        file, made = before_file(photo), (photo.id, photo.item, photo.status)
        if file != self._described:
            self._described = file
            self._reader.describe(Side.BEFORE, file)
        if made != self._made:
            self._made = made
            self._ask_result(photo)

    def show_noise(self, sigma: float, chroma: float = 0.0) -> None:
        """Say how much noise was found, of 255, as the preview measured it."""
        self._tell_noise(noise_line(sigma, chroma))

    def _forget(self) -> None:
        self._noise_told = False
        self._described, self._made = None, ()
        self._measuring.stop()
        self._reader.drop_questions()
        self._line.show_noise("")
        self._panel.show_photo(())
        self._take_result(ResultFacts())

    def _tell_noise(self, words: str) -> None:
        self._noise_told = True
        self._measuring.stop()
        self._line.show_noise(words)

    @Slot()
    def _measure(self) -> None:
        if self._photo is not None and not self._photo.missing and self._line.isVisible():
            # The result's lane has nothing to do: there is no result.
            self._reader.measure(Side.AFTER, before_file(self._photo))

    def _ask_result(self, photo: Photo) -> None:
        if not has_result(photo):
            self._take_result(ResultFacts())
            return

        def work(services: Services) -> ResultFacts:
            return read_result_facts(services, photo)

        def take(facts: ResultFacts) -> None:
            if self._photo is not None and self._photo.item == photo.item:
                self._take_result(facts)

        self._backend.ask(self, work, take)

    def _take_result(self, facts: ResultFacts) -> None:
        self._result = facts
        self._panel.show_result(facts.lines, has_recipe=facts.recipe is not None)

    @Slot(object, object)
    def _take_facts(self, file: PictureFile, facts: PhotoFacts) -> None:
        if self._photo is not None and file == before_file(self._photo):
            self._panel.show_photo(facts.lines)

    @Slot(object, object)
    def _take_noise(self, file: PictureFile, found: NoiseFound) -> None:
        photo = self._photo
        if photo is not None and file == before_file(photo) and not self._noise_told:
            self.show_noise(found.sigma, found.chroma)
