"""The bar over the photograph: its name and state, ways to compare, zoom, loupe and facts."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from core.library.photo import Photo
from desktop.icons import icon
from desktop.photos.words import Progress, status_sentence, status_words
from desktop.theme import tokens
from desktop.viewer.buttons import UprightLine, icon_button, named
from desktop.viewer.comparison import Compare
from desktop.viewer.elided import ElidedLabel
from desktop.viewer.words import has_result
from desktop.widgets.plain import plain_tip


class TopBar(QWidget):
    """Signals: `closed`, `mode_chosen(Compare)`, `held(bool)` while the compare button is pressed,
    `fit_wanted`, `one_to_one_wanted`, `loupe_toggled(bool)`, `facts_toggled(bool)`.
    """

    closed = Signal()
    mode_chosen = Signal(object)
    held = Signal(bool)
    fit_wanted = Signal()
    one_to_one_wanted = Signal()
    loupe_toggled = Signal(bool)
    facts_toggled = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._name = ElidedLabel(self)
        self._name.setObjectName("heading")
        self._name.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self._place = named(QLabel(), "small")
        self._state_icon = QLabel()
        self._state = ElidedLabel(self, Qt.TextElideMode.ElideRight)
        self._state.setObjectName("small")
        self._zoom = named(QLabel(), "small")
        self._zoom.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._zoom.setMinimumWidth(self._zoom.fontMetrics().horizontalAdvance("Fit 100 %") - 6)
        self._make_buttons()
        self._lay_out()

    def show_photo(self, photo: Photo | None, place: str, progress: Progress | None) -> None:
        """Say which photograph is shown and where it stands."""
        self._name.setText(photo.path.name if photo else "")
        self._place.setText(place)
        self._state.setText(status_words(photo, progress) if photo else "")
        if photo is not None:
            self._state.setToolTip(plain_tip(status_sentence(photo, progress)))
        self._show_state_icon(photo)
        self._hold.setEnabled(has_result(photo))

    def show_mode(self, mode: Compare) -> None:
        """Mark the way of comparing."""
        self._modes[mode].setChecked(True)

    def show_zoom(self, words: str, *, fitted: bool, full: bool) -> None:
        """Say the scale."""
        self._zoom.setText(words)
        self._zoom.setAccessibleName(self.tr("Zoom: {}").format(words))
        self._fit.setChecked(fitted)
        self._full.setChecked(full)

    def show_loupe(self, *, on: bool) -> None:
        """Mark whether the loupe is out."""
        self._loupe.setChecked(on)

    def show_facts(self, *, on: bool) -> None:
        """Mark whether the facts are shown."""
        self._facts.setChecked(on)

    def _make_buttons(self) -> None:
        self._back = icon_button(
            "grid", self.tr("Back to all photographs"), self.tr("Show all photographs (G).")
        )
        self._back.clicked.connect(self.closed)
        self._modes = {
            Compare.AFTER: icon_button(
                "photo", self.tr("Result alone"), self.tr("Show the result alone."), checkable=True
            ),
            Compare.SLIDER: icon_button(
                "compare",
                self.tr("Slider"),
                self.tr("Before and after with a divider to drag (D)."),
                checkable=True,
            ),
            Compare.SIDE: icon_button(
                "side-by-side",
                self.tr("Side by side"),
                self.tr("Before and after beside each other (Y)."),
                checkable=True,
            ),
        }
        group = QButtonGroup(self)
        for mode, button in self._modes.items():
            group.addButton(button)
            button.clicked.connect(lambda _on, mode=mode: self.mode_chosen.emit(mode))
        self._make_tools()

    def _make_tools(self) -> None:
        self._hold = icon_button(
            "after",
            self.tr("Hold to compare"),
            self.tr("Show the original as long as this is pressed (hold \\)."),
        )
        self._hold.pressed.connect(lambda: self.held.emit(True))
        self._hold.released.connect(lambda: self.held.emit(False))
        self._fit = self._zoom_button("fit", self.tr("Fit"), self.tr("Show all of it (F)."))
        self._fit.clicked.connect(self.fit_wanted)
        text = self.tr("One pixel of the photograph is one of the screen (Z).")
        self._full = self._zoom_button("one-to-one", self.tr("1:1"), text)
        self._full.clicked.connect(self.one_to_one_wanted)
        text = self.tr("Preview a part at 1:1 with the recipe on the right (L).")
        self._loupe = icon_button("loupe", self.tr("Loupe"), text, checkable=True)
        self._loupe.clicked.connect(self.loupe_toggled)
        text = self.tr("Show camera, size, colours and the recipe of the result (I).")
        self._facts = icon_button("info", self.tr("Facts"), text, checkable=True)
        self._facts.clicked.connect(self.facts_toggled)

    def _zoom_button(self, name: str, text: str, sentence: str) -> QToolButton:
        return icon_button(name, text, sentence, checkable=True)

    def _lay_out(self) -> None:
        space = tokens().space
        row = QHBoxLayout(self)
        row.setContentsMargins(space // 2, space // 2, space // 2, space // 2)
        row.setSpacing(2)
        row.addWidget(self._back)
        row.addSpacing(space // 2)
        row.addWidget(self._name, 2)
        row.addSpacing(space)
        row.addWidget(self._place)
        row.addSpacing(space)
        row.addWidget(self._state_icon)
        row.addWidget(self._state, 1)
        for button in (*self._modes.values(), self._hold):
            row.addWidget(button)
        row.addWidget(UprightLine())
        row.addWidget(self._zoom)
        row.addSpacing(space // 2)
        for widget in (self._fit, self._full, UprightLine(), self._loupe, self._facts):
            row.addWidget(widget)

    def _show_state_icon(self, photo: Photo | None) -> None:
        found = _STATE_ICONS.get(photo.status) if photo and photo.status else None
        if photo is not None and photo.missing:
            found = "folder-missing", "warn"
        self._state_icon.setVisible(found is not None)
        if found is not None:
            size = QSize(14, 14)
            self._state_icon.setPixmap(icon(*found).pixmap(size, self.devicePixelRatioF()))


_STATE_ICONS = {
    "pending": ("waiting", "muted"),
    "running": ("play", "accent_text"),
    "staged": ("save", "accent_text"),
    "done": ("done", "good"),
    "already_done": ("done", "good"),
    "left_out": ("minus", "muted"),
    "failed": ("error", "bad"),
    "quarantined": ("error", "bad"),
    "canceled": ("close", "muted"),
}
