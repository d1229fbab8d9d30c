"""The one dial that matters most: Clean or Repaint, with Amount or Strength and what they mean."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from core import plan
from core.errors import CoreError
from core.images.noise_found import ALREADY_CLEAN
from core.models.spec import ModelSpec
from core.plan import PictureSize, Plan
from core.recipe import Amount, EditSettings, Mode
from desktop.recipe import words
from desktop.recipe.dials import StopsDial, StrengthDial
from desktop.recipe.editors import Editor, NumberBox, mark_wrong
from desktop.recipe.fields import Field, SmallLabel
from desktop.recipe.schedule import FACTORS
from desktop.recipe.state import RecipeState, is_changed
from desktop.theme import tokens

_STOPS = (Amount.LESS, Amount.AUTO, Amount.MORE)


class AmountEdit(Editor):
    """less - auto - more, or a noise level of 255 typed into the number."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        names = (words.tr("less"), words.tr("auto"), words.tr("more"))
        self._names = dict(zip(_STOPS, names, strict=True))
        self.dial = StopsDial(names, self)
        self.number = NumberBox()
        self.number.setToolTip(
            words.tr("less, auto, more, or the noise level to take away, from 0 to 255.")
        )
        self.noise: float | None = None
        self.setFocusProxy(self.dial)
        _only(self, self.dial)
        self.dial.moved.connect(lambda stop: self.edited.emit(_STOPS[stop]))
        self.dial.ended.connect(self.ended)
        self.dial.reset_wanted.connect(self.reset_wanted)
        self.number.entered.connect(self._enter)

    def show_value(self, value: object) -> None:
        """Show a stop, or a level between the stops where the photograph's noise is known."""
        if isinstance(value, Amount):
            self.dial.set_free(None)
            self.dial.show_value(_STOPS.index(value))
            self.number.show_text(self._names[value])
        else:
            level = float(str(value))
            self.dial.set_free(self._place(level))
            self.number.show_text(f"{level:g}")
        self.dial.setAccessibleDescription(self.number.text())

    def set_wrong(self, wrong: bool) -> None:
        """Mark what was entered as refused."""
        mark_wrong(self.number, wrong)

    def _place(self, level: float) -> float:
        """Return where a level stands between the stops, in stops."""
        if not self.noise:
            return 1.0
        less, auto, more = (self.noise * factor for factor in FACTORS.values())
        if level <= auto:
            return max(0.0, (level - less) / (auto - less))
        return min(2.0, 1 + (level - auto) / (more - auto))

    def _enter(self, text: str) -> None:
        stops = {name.casefold(): stop for stop, name in self._names.items()}
        self.edited.emit(stops.get(text.casefold(), text.replace(",", ".")))


class StrengthEdit(Editor):
    """Strength from 0 to 1 over the model's zones, always with its number."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.dial = StrengthDial(self)
        self.number = NumberBox()
        self.number.setToolTip(words.tr("Strength from 0 to 1, such as 0.30."))
        self.setFocusProxy(self.dial)
        _only(self, self.dial)
        self.dial.moved.connect(lambda hundredths: self.moved.emit(hundredths / 100))
        self.dial.ended.connect(self.ended)
        self.dial.reset_wanted.connect(self.reset_wanted)
        self.number.entered.connect(lambda text: self.edited.emit(text.replace(",", ".")))

    def show_value(self, value: object) -> None:
        """Show a strength."""
        strength = float(str(value))
        self.dial.show_value(round(100 * strength))
        text = f"{strength:.2f}" if round(strength, 2) == strength else f"{strength:g}"
        self.number.show_text(text)
        self.dial.setAccessibleDescription(text)

    def set_wrong(self, wrong: bool) -> None:
        """Mark what was entered as refused."""
        mark_wrong(self.number, wrong)


class ModeSwitch(QWidget):
    """Two joined buttons: Clean and Repaint."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        self._group = QButtonGroup(self)
        self.buttons: dict[Mode, QPushButton] = {}
        self._sentences: dict[Mode, str] = {}
        for mode, name, sentence in (
            (Mode.CLEAN, words.tr("C&lean"), words.tr("Takes the photograph's own noise away.")),
            (Mode.REPAINT, words.tr("Rep&aint"), words.tr("Adds noise and takes it away again.")),
        ):
            button = QPushButton(name)
            button.setCheckable(True)
            button.setToolTip(sentence)
            button.setAccessibleName(name.replace("&", ""))
            button.clicked.connect(lambda _on=False, mode=mode: self.chosen.emit(mode))
            self._group.addButton(button)
            self.buttons[mode] = button
            self._sentences[mode] = sentence
            row.addWidget(button, 1)

    def show_mode(self, mode: Mode, spec: ModelSpec | None) -> None:
        """Show the mode; what the model cannot do is off, with the reason."""
        self.setVisible(mode in self.buttons)
        if mode in self.buttons:
            self.buttons[mode].setChecked(True)
        if spec is None:
            return
        for each, can, why in (
            (Mode.CLEAN, spec.capabilities.clean, words.tr("{0} does not clean; it repaints.")),
            (Mode.REPAINT, spec.capabilities.strength, words.tr("{0} has no strength.")),
        ):
            self.buttons[each].setEnabled(can)
            self.buttons[each].setToolTip(self._sentences[each] if can else why.format(spec.name))


class MainDial(QWidget):
    """The mode, its dial and the line that says what it means."""

    mode_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.modes = ModeSwitch()
        self.amount = Field("amount", AmountEdit(), wide=True)
        self.strength = Field("strength", StrengthEdit(), wide=True)
        self.meaning = SmallLabel()
        self.meaning.setToolTip(words.tr("What the dial means for the chosen photograph."))
        for field in (self.amount, self.strength):
            field.side.addWidget(_number_of(field))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(tokens().space - 2)
        column.addWidget(self.modes)
        column.addWidget(self.amount)
        column.addWidget(self.strength)
        column.addWidget(self.meaning)
        self.noise: float | None = None
        self.modes.chosen.connect(self.mode_chosen)

    @property
    def fields(self) -> tuple[Field, Field]:
        """Amount and Strength."""
        return self.amount, self.strength

    def show_state(
        self, state: RecipeState, active: float, spec: ModelSpec | None, size: PictureSize | None
    ) -> None:
        """Show the state; `active` is the strength that the dial stands for."""
        mode = state.edit.mode
        self.modes.show_mode(mode, spec)
        self.amount.setVisible(mode is Mode.CLEAN)
        self.strength.setVisible(mode is Mode.REPAINT)
        self._show_dials(state, active, spec)
        self.meaning.say(self._meaning(state, active, spec, size))

    def _show_dials(self, state: RecipeState, active: float, spec: ModelSpec | None) -> None:
        amount, strength = self.amount.editor, self.strength.editor
        assert isinstance(amount, AmountEdit) and isinstance(strength, StrengthEdit)
        amount.noise = self.noise
        strength.dial.set_zones(spec.zones if spec else ())
        strength.dial.setToolTip(_zone_list(spec))
        strength.dial.set_others([round(100 * s) for s in state.strengths if s != active])
        strength.dial.set_mark(round(100 * state.base.edit.strength))
        self.amount.show_value(state.edit.amount, changed=is_changed(state, "amount", spec))
        self.strength.show_value(active, changed=is_changed(state, "strength", spec))

    def _meaning(
        self, state: RecipeState, active: float, spec: ModelSpec | None, size: PictureSize | None
    ) -> str:
        if spec is None:
            return ""
        edit = state.edit.model_copy(update={"strength": active})
        if edit.mode is Mode.INSTRUCT and not edit.prompt and edit.prompts is None:
            return words.tr("Does what the prompt says: write below what is to be changed.")
        # What another field lacks is said there and at Run; the dial means the same.
        edit = edit.model_copy(update={"negative_prompt": ""})
        try:
            planned = plan.plan(edit, spec, size or PictureSize(1, 1), scale=state.output.scale)
        except CoreError as error:
            return error.message
        if edit.mode is Mode.CLEAN and self.noise is not None:
            return self._meaning_of_noise(self.noise, edit, planned)
        said = planned.sentence(edit)
        lines = (said[:1].upper() + said[1:], planned.size_words if size else "")
        return "\n".join(line for line in lines if line)

    def _meaning_of_noise(self, noise: float, edit: EditSettings, planned: Plan) -> str:
        """Say what was found and how much of it goes."""
        found = words.tr("Noise found: {0} of 255").format(f"{noise:.0f}")
        amount = edit.amount
        if isinstance(amount, Amount) and noise < ALREADY_CLEAN:
            return words.tr("{0}; already clean, stays unchanged").format(found)
        if amount is Amount.AUTO or planned.unchanged:
            return f"{found}; {planned.sentence(edit)}"
        taken = noise * FACTORS[amount] if isinstance(amount, Amount) else amount
        said = words.tr("{0}; takes away {1}, {2}")
        return said.format(found, f"{taken:.0f}", planned.sentence(edit))


def _zone_list(spec: ModelSpec | None) -> str:
    """Return what strength is, and the model's words for it."""
    zones = [
        words.tr("{0} to {1}").format(zone.word, f"{zone.until:g}")
        for zone in (spec.zones if spec else ())
    ]
    return "\n".join(filter(None, [words.sentence("strength"), ", ".join(zones)]))


def _number_of(field: Field) -> NumberBox:
    editor = field.editor
    assert isinstance(editor, AmountEdit | StrengthEdit)
    editor.number.setAccessibleName(words.tr("{0}, as a number").format(words.label(field.name)))
    return editor.number


def _only(editor: QWidget, widget: QWidget) -> None:
    row = QVBoxLayout(editor)
    row.setContentsMargins(0, 0, 0, 0)
    row.addWidget(widget)
