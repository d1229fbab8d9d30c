"""The dialog of preferences; what it saves is built by constructing Preferences."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QLineEdit,
    QSpinBox,
    QWidget,
)

from core.preferences import Preferences, ThemeChoice
from core.recipe import settings_error
from desktop.dialogs.frame import DialogFrame
from desktop.widgets.banner import Banner
from desktop.widgets.named import label

_TRAY = (None, True, False)


class PreferencesDialog(DialogFrame):
    """Changes how Regrain works and looks.

    Args:
        preferences: as they are now; what the dialog does not show is kept.
        tray: whether there is a tray to go on in.
    """

    saved = Signal(object)
    """The new Preferences, to be stored and followed."""
    theme_tried = Signal(object)
    """ThemeChoice to be shown at once; on Cancel the former one is emitted again."""

    def __init__(
        self, preferences: Preferences, *, tray: bool = True, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._before = preferences
        self.set_heading(self.tr("Preferences"))
        self.banner = Banner()
        self.body.addWidget(self.banner)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(18)
        self._grid.setVerticalSpacing(9)
        self._grid.setColumnMinimumWidth(0, 150)
        self._grid.setColumnStretch(1, 1)
        self.body.addLayout(self._grid)
        self.body.addStretch(1)
        self._make_fields(tray=tray)
        self._show(preferences)
        self.theme.currentIndexChanged.connect(self._try_theme)
        self._make_buttons()
        self.resize(620, self.sizeHint().height())

    def preferences(self) -> Preferences:
        """Return what the fields say.

        Raises:
            ValidationError: a value is not allowed.
        """
        return Preferences.model_validate(self._before.model_dump() | self._values())

    def _make_fields(self, *, tray: bool) -> None:
        self._section(self.tr("Window"))
        self.theme = self._choice(
            (self.tr("As the system"), ThemeChoice.SYSTEM),
            (self.tr("Light"), ThemeChoice.LIGHT),
            (self.tr("Dark"), ThemeChoice.DARK),
        )
        self._row(self.tr("&Look"), self.theme, self.tr("Light or dark, or as the system has it."))
        self.close_to_tray = self._choice(
            (self.tr("Ask"), None),
            (self.tr("Keep working in the tray"), True),
            (self.tr("Stop and close"), False),
        )
        self.close_to_tray.setEnabled(tray)
        said = self.tr("What closing the window does while photographs are being edited.")
        self._row(self.tr("When &closed at work"), self.close_to_tray, said)
        self._section(self.tr("While it works"))
        self.keep_awake = QCheckBox(self.tr("Keep the computer &awake"))
        self._check(
            self.keep_awake, self.tr("The screen may go dark; the computer does not sleep.")
        )
        self.notify = QCheckBox(self.tr("&Tell me when a batch ends"))
        self._check(self.notify, self.tr("Shows a notification of the desktop."))
        self.on_done = QLineEdit()
        self.on_done.setPlaceholderText(self.tr("none"))
        said = self.tr(
            "Run in a shell when a batch ends, with REGRAIN_DONE, REGRAIN_FAILED and REGRAIN_OUTPUT."  # noqa: E501
        )
        self._row(self.tr("Then &run a command"), self.on_done, said)
        self._section(self.tr("Memory and disk"))
        self._make_numbers()

    def _make_numbers(self) -> None:
        self.idle_minutes = self._number("idle_minutes", self.tr(" min"))
        self.idle_minutes.setSpecialValueText(self.tr("never"))
        said = self.tr("Frees the memory of the model when nothing was done for so long.")
        self._row(self.tr("Let go of the &model after"), self.idle_minutes, said)
        self.max_megapixels = self._number("max_megapixels", self.tr(" megapixels"))
        said = self.tr("Larger pictures are refused: they may be made to fill the memory.")
        self._row(self.tr("Largest &picture"), self.max_megapixels, said)
        self.thumbnail_cache_mb = self._number("thumbnail_cache_mb", self.tr(" MB"))
        self.thumbnail_cache_mb.setSingleStep(250)
        said = self.tr("What thumbnails may take on the disk; the oldest go first.")
        self._row(self.tr("Thumbnails on &disk"), self.thumbnail_cache_mb, said)

    def _make_buttons(self) -> None:
        defaults = self.add_button(self.tr("&Defaults"), left=True)
        defaults.setToolTip(self.tr("Show what a new installation has; nothing is saved yet."))
        defaults.clicked.connect(lambda: self._show(Preferences()))
        self.add_button(self.tr("&Cancel")).clicked.connect(self.reject)
        self.add_button(self.tr("&Save"), primary=True).clicked.connect(self._save)

    def _values(self) -> dict[str, Any]:
        return {
            "theme": self.theme.currentData(),
            "close_to_tray": self.close_to_tray.currentData(),
            "keep_awake": self.keep_awake.isChecked(),
            "notify": self.notify.isChecked(),
            "on_done": self.on_done.text().strip(),
            "idle_minutes": self.idle_minutes.value(),
            "max_megapixels": self.max_megapixels.value(),
            "thumbnail_cache_mb": self.thumbnail_cache_mb.value(),
        }

    def _show(self, preferences: Preferences) -> None:
        self.theme.setCurrentIndex(list(ThemeChoice).index(preferences.theme))
        self.close_to_tray.setCurrentIndex(_TRAY.index(preferences.close_to_tray))
        self.keep_awake.setChecked(preferences.keep_awake)
        self.notify.setChecked(preferences.notify)
        self.on_done.setText(preferences.on_done)
        self.idle_minutes.setValue(preferences.idle_minutes)
        self.max_megapixels.setValue(preferences.max_megapixels)
        self.thumbnail_cache_mb.setValue(preferences.thumbnail_cache_mb)

    @Slot()
    def _save(self) -> None:
        try:
            wanted = self.preferences()
        except ValidationError as error:
            self.banner.say_error(settings_error(error))
            return
        self.saved.emit(wanted)
        self.accept()

    def reject(self) -> None:
        """Leave all as it was, the look too."""
        if self.theme.currentData() is not self._before.theme:
            self.theme_tried.emit(self._before.theme)
        super().reject()

    @Slot()
    def _try_theme(self) -> None:
        self.theme_tried.emit(self.theme.currentData())

    def _section(self, title: str) -> None:
        row = self._grid.rowCount()
        self._grid.addWidget(label(title, "section"), row, 0, 1, 2)
        self._grid.setRowMinimumHeight(row, 30)

    def _row(self, name: str, field: QWidget, sentence: str) -> None:
        row = self._grid.rowCount()
        title = label(name)
        title.setTextFormat(Qt.TextFormat.AutoText)
        title.setBuddy(field)
        field.setToolTip(sentence)
        field.setAccessibleName(name.replace("&", ""))
        field.setAccessibleDescription(sentence)
        self._grid.addWidget(title, row, 0)
        stretch = isinstance(field, QLineEdit)
        side = Qt.AlignmentFlag(0) if stretch else Qt.AlignmentFlag.AlignLeft
        self._grid.addWidget(field, row, 1, side)

    def _check(self, box: QCheckBox, sentence: str) -> None:
        box.setToolTip(sentence)
        box.setAccessibleDescription(sentence)
        self._grid.addWidget(box, self._grid.rowCount(), 0, 1, 2)

    @staticmethod
    def _choice(*entries: tuple[str, object]) -> QComboBox:
        box = QComboBox()
        for text, value in entries:
            box.addItem(text, value)
        box.setMinimumWidth(210)
        return box

    @staticmethod
    def _number(name: str, unit: str) -> QSpinBox:
        """Return a field with the limits that Preferences has."""
        box = QSpinBox()
        for limit in Preferences.model_fields[name].metadata:
            box.setMinimum(getattr(limit, "ge", box.minimum()))
            box.setMaximum(getattr(limit, "le", box.maximum()))
        box.setSuffix(unit)
        box.setFixedWidth(150)
        box.setAlignment(Qt.AlignmentFlag.AlignRight)
        return box
