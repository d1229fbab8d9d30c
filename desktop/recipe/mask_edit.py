"""The mask: where a photograph is edited, from a file, a folder, its alpha, or painted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QFileDialog, QHBoxLayout, QWidget

from core.recipe import MaskSetting
from desktop.recipe import words
from desktop.recipe.buttons import tool_button
from desktop.recipe.editors import WideCombo
from desktop.recipe.parts import NamedSlider, SettingEdit, align
from desktop.theme import tokens
from desktop.widgets.elided import ElidedLabel

_PICTURES = "Masks (*.png *.tif *.tiff *.webp *.jpg *.jpeg *.bmp)"


class MaskEdit(SettingEdit):
    """Shows and tells a MaskSetting or None."""

    paint_wanted = Signal()
    """The mask is to be painted on the photograph."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.source = WideCombo(self)
        for name, sentence, value in (
            (words.tr("None"), words.tr("the whole photograph is edited"), "none"),
            (words.tr("A mask file…"), words.tr("white is edited, black stays"), "file"),
            (words.tr("A folder of masks…"), words.tr("one with each photograph's name"), "folder"),
            (words.tr("The photograph's alpha"), words.tr("what is see-through stays"), "alpha"),
        ):
            self.source.add(name, sentence, value)
        self.source.activated.connect(self._choose)
        self.paint = tool_button(
            "brush", words.tr("Paint a mask"), words.tr("Paint on the photograph what is edited.")
        )
        self.paint.clicked.connect(self.paint_wanted)
        self.setFocusProxy(self.source)
        row = QHBoxLayout()
        row.setSpacing(tokens().space // 2)
        row.addWidget(self.source, 1)
        row.addWidget(self.paint)
        self.column.addLayout(row)
        self._make_details()

    def _make_details(self) -> None:
        self.path = ElidedLabel("", "small")
        self.invert = QCheckBox(words.tr("&Edit outside of it instead"))
        self.invert.setToolTip(words.tr("Black is edited and white stays."))
        self.invert.clicked.connect(lambda on: self.tell({"invert": on}))
        self.column.addWidget(self.path)
        self.column.addWidget(self.invert)
        grows = words.tr("Pixels of the photograph by which it is made larger; below 0 smaller.")
        self.grow = self.add_slider(NamedSlider("grow", words.tr("Grow"), grows, (-100, 100)))
        soft = words.tr("Pixels of the photograph over which the edit fades out, inwards.")
        self.feather = self.add_slider(NamedSlider("feather", words.tr("Feather"), soft, (0, 200)))
        align((self.grow, self.feather))

    def show_value(self, value: Any) -> None:
        """Show a MaskSetting or None."""
        assert value is None or isinstance(value, MaskSetting)
        self._value = value
        kind = _kind_of(value)
        self.source.setCurrentIndex(self.source.findData(kind))
        self.path.setText(value.path.name if value and value.path else "")
        self.path.setToolTip(str(value.path) if value and value.path else "")
        self.path.setVisible(kind in ("file", "folder"))
        for part in (self.invert, self.grow, self.feather):
            part.setVisible(value is not None)
        if value is not None:
            self.invert.setChecked(value.invert)
            self.grow.show_value(value.grow)
            self.feather.show_value(value.feather)

    def set_wrong(self, wrong: bool) -> None:
        """Mark what was entered as refused."""
        for part in (self.grow, self.feather):
            part.slider.set_wrong(wrong)

    def _choose(self, row: int) -> None:
        kind = self.source.itemData(row)
        if kind == "none":
            self.edited.emit(None)
        elif kind == "alpha":
            self.tell({"path": None})
        else:
            self._ask(folder=kind == "folder")

    def _ask(self, *, folder: bool) -> None:
        there = getattr(self._value, "path", None)
        start = str(there.parent if there else Path.home())
        if folder:
            chosen = QFileDialog.getExistingDirectory(self, words.tr("Folder of masks"), start)
        else:
            title = words.tr("Choose a mask")
            chosen, _ = QFileDialog.getOpenFileName(self, title, start, words.tr(_PICTURES))
        self.source.setCurrentIndex(self.source.findData(_kind_of(self._value)))
        if chosen:
            self.tell({"path": Path(chosen)})


def _kind_of(value: object) -> str:
    if not isinstance(value, MaskSetting):
        return "none"
    if value.path is None:
        return "alpha"
    return "file" if value.path.suffix else "folder"
