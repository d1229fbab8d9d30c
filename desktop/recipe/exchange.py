"""Recipes that come and go: copied, pasted, dropped as a picture or a recipe file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QObject, Signal
from PySide6.QtGui import QGuiApplication

from core.errors import CoreError
from core.models.trust import is_pickle_name
from core.recipe import Recipe
from desktop.backend import Backend

if TYPE_CHECKING:
    from core.interchange import RestoredRecipe
    from core.services import Services

_WEIGHTS = (".safetensors", ".gguf")


@dataclass(frozen=True)
class Incoming:
    """A recipe from elsewhere, cut to what its model can use; `left_out` says what went."""

    recipe: Recipe
    left_out: tuple[str, ...]
    restored: RestoredRecipe


class Exchange(QObject):
    """Reads and writes recipes outside the panel; files are read on the library's thread."""

    came = Signal(object)
    """An Incoming: out of a picture, a recipe file or a text."""
    failed = Signal(object)
    """A CoreError: there is no recipe in it."""

    def __init__(self, backend: Backend, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._backend = backend

    def copy(self, recipe: Recipe) -> None:
        """Put a recipe on the clipboard as text."""
        QGuiApplication.clipboard().setText(recipe.to_json())

    def paste(self) -> None:
        """Take the recipe from the clipboard: a text, or a picture's file."""
        mime = QGuiApplication.clipboard().mimeData()
        path = one_file(mime)
        if path is not None:
            self.read(path)
        else:
            text = mime.text()
            self._ask(lambda services: _from_text(services, text))

    def read(self, path: Path) -> None:
        """Take the recipe out of a recipe file or a picture."""
        self._ask(lambda services: _from_file(services, path))

    def _ask(self, read: Callable[[Services], RestoredRecipe]) -> None:
        self._backend.ask(
            self, lambda services: _fitted(services, read(services)), self.came.emit, self._fail
        )

    def _fail(self, error: CoreError) -> None:
        self.failed.emit(error)


def one_file(mime: QMimeData) -> Path | None:
    """Return the only local file that is dragged or on the clipboard."""
    files = [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
    return files[0] if len(files) == 1 else None


def is_weights(path: Path) -> bool:
    """Return whether a file's name says that it holds a model's numbers, in whatever form."""
    return is_pickle_name(path.name) or path.suffix.casefold() in _WEIGHTS


def may_be_model(path: Path) -> bool:
    """Return whether a name may be a model's: that of a file with its numbers, or of a folder."""
    return is_weights(path) or not path.suffix


def _fitted(services: Services, restored: RestoredRecipe) -> Incoming:
    from core.interchange import fitted

    recipe, left_out = restored.recipe, restored.not_understood
    spec = services.registry.all().get(recipe.edit.model)
    if spec is None:
        return Incoming(recipe, left_out, restored)
    cut = fitted(recipe, spec)
    return Incoming(cut.recipe, (*left_out, *cut.left_out), restored)


def _from_text(services: Services, text: str) -> RestoredRecipe:
    from core.interchange import recipe_from_text

    return recipe_from_text(text, list(services.registry.all().values()))


def _from_file(services: Services, path: Path) -> RestoredRecipe:
    from core.images.codec import Codec
    from core.interchange import read_recipe

    with Codec() as codec:
        return read_recipe(path, codec, list(services.registry.all().values()))
