"""Editors of what is given to a model beside a prompt: VAE, ControlNet, reference picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from core.models.found import ExtraFile
from core.recipe import ControlKind, ControlSetting, ReferenceSetting
from desktop.recipe import words
from desktop.recipe.buttons import tool_button
from desktop.recipe.editors import ChoiceEdit, Editor
from desktop.recipe.parts import WEIGHTS, FileCombo, NamedSlider, SettingEdit, align
from desktop.theme import tokens
from desktop.widgets.elided import ElidedLabel

_HUNDREDTHS = 100
_WEIGHT = (0.0, 2.0)
_PICTURES = "Pictures (*.png *.jpg *.jpeg *.webp *.tif *.tiff *.avif *.heic)"


class FileEdit(Editor):
    """One file, or the model's own."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.files = FileCombo(words.tr("The model's own"), words.tr("Choose a VAE"))
        self.files.chosen.connect(self.edited)
        self.setFocusProxy(self.files)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.files)

    def set_offers(self, offers: Sequence[ExtraFile]) -> None:
        """Offer these files."""
        self.files.set_offers(offers)

    def show_value(self, value: Any) -> None:
        """Show a path; None: the model's own."""
        self.files.show_path(value)


def _weight() -> NamedSlider:
    sentence = words.tr("How much it counts; 0 is nothing.")
    return NamedSlider("weight", words.tr("Weight"), sentence, _WEIGHT, _HUNDREDTHS)


class ControlEdit(SettingEdit):
    """Shows and tells a ControlSetting or None: the file, what it holds, how much, how long."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.files = FileCombo(words.tr("None"), words.tr("Choose a ControlNet"))
        self.files.chosen.connect(self._choose)
        self.kind = ChoiceEdit(words.choices("control_kind"))
        self.kind.box.setAccessibleName(words.tr("What it holds"))
        self.kind.box.setToolTip(words.tr("What of the photograph the ControlNet holds on to."))
        self.kind.edited.connect(lambda kind: self.tell({"kind": kind}))
        self.setFocusProxy(self.files)
        self.column.addWidget(self.files)
        self.column.addWidget(self.kind)
        self.weight = self.add_slider(_weight())
        sentence = words.tr("Until which share of the steps it holds; then the model is free.")
        until = NamedSlider("until", words.tr("Until"), sentence, (0.05, 1.0), _HUNDREDTHS)
        self.until = self.add_slider(until)
        align((self.weight, self.until))

    def set_offers(self, offers: Sequence[ExtraFile]) -> None:
        """Offer these files."""
        self.files.set_offers(offers)

    def show_value(self, value: Any) -> None:
        """Show a ControlSetting or None."""
        assert value is None or isinstance(value, ControlSetting)
        self._value = value
        self.files.show_path(value.path if value else None)
        for part in (self.kind, self.weight, self.until):
            part.setVisible(value is not None)
        if value is not None:
            self.kind.show_value(value.kind)
            self.weight.show_value(value.weight)
            self.until.show_value(value.until)

    def set_wrong(self, wrong: bool) -> None:
        """Mark what was entered as refused."""
        self.weight.slider.set_wrong(wrong)

    def _choose(self, path: Path | None) -> None:
        if path is None:
            self.edited.emit(None)
            return
        drawn = any(word in path.stem.casefold() for word in ("lineart", "canny", "edge"))
        kind = ControlKind.LINEART if drawn else ControlKind.TILE
        self.tell({"path": path, "kind": kind})


class ReferenceEdit(SettingEdit):
    """Shows and tells a ReferenceSetting or None: the picture, the IP-Adapter and its weight."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.picture = ElidedLabel(words.tr("None"), "muted")
        browse = tool_button(
            "photo", words.tr("Choose a picture"), words.tr("Choose the picture to look like.")
        )
        browse.clicked.connect(self._ask_picture)
        self.clear = tool_button(
            "close", words.tr("No reference"), words.tr("Work without it."), side=11
        )
        self.clear.clicked.connect(lambda: self.edited.emit(None))
        self.setFocusProxy(browse)
        title = words.tr("Choose an IP-Adapter")
        self.files = FileCombo(words.tr("No IP-Adapter"), title)
        self.files.setAccessibleName("IP-Adapter")
        self.files.setToolTip(words.tr("The file by which the model looks at pictures."))
        self.files.chosen.connect(self._choose_adapter)
        row = QHBoxLayout()
        row.setSpacing(tokens().space // 2)
        row.addWidget(self.picture, 1)
        row.addWidget(self.clear)
        row.addWidget(browse)
        self.column.addLayout(row)
        self.column.addWidget(self.files)
        self.weight = self.add_slider(_weight())

    def set_offers(self, offers: Sequence[ExtraFile]) -> None:
        """Offer these IP-Adapters."""
        self.files.set_offers(offers)

    def show_value(self, value: Any) -> None:
        """Show a ReferenceSetting or None."""
        assert value is None or isinstance(value, ReferenceSetting)
        self._value = value
        self.picture.setText(value.image.name if value else words.tr("None"))
        self.files.show_path(value.path if value else None)
        for part in (self.files, self.weight, self.clear):
            part.setVisible(value is not None)
        if value is not None:
            self.weight.show_value(value.weight)

    def set_wrong(self, wrong: bool) -> None:
        """Mark what was entered as refused."""
        self.weight.slider.set_wrong(wrong)

    def take(self, image: Path) -> None:
        """Take a picture; without an IP-Adapter one is asked for, for neither works alone."""
        if self._value is not None:
            self.tell({"image": image})
        elif self.files.offers:
            self.edited.emit({"image": image, "path": self.files.offers[0].path})
        else:
            title = words.tr("Choose an IP-Adapter")
            path, _ = QFileDialog.getOpenFileName(self, title, str(Path.home()), words.tr(WEIGHTS))
            if path:
                self.edited.emit({"image": image, "path": Path(path)})

    def _ask_picture(self) -> None:
        title = words.tr("Choose a reference picture")
        path, _ = QFileDialog.getOpenFileName(self, title, str(Path.home()), words.tr(_PICTURES))
        if path:
            self.take(Path(path))

    def _choose_adapter(self, path: Path | None) -> None:
        if path is None:
            self.edited.emit(None)
        else:
            self.tell({"path": path})
