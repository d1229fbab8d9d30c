"""Everything of the panel that scrolls: the five visible settings, Noise, More and Advanced."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from core import plan
from core.errors import SettingsError
from core.models.spec import ModelSpec
from core.plan import PictureSize
from core.recipe import Mode
from core.scheduler_facts import facts_of, useful_steps
from desktop.recipe import forms, words
from desktop.recipe.chips import StrengthChips
from desktop.recipe.control_edit import ControlEdit, FileEdit, ReferenceEdit
from desktop.recipe.curve import NoiseCurve
from desktop.recipe.editors import ChoiceEdit, SliderEdit, TextEdit
from desktop.recipe.fields import Field, SmallLabel, label_width
from desktop.recipe.lora_list import LoraEdit
from desktop.recipe.main_dial import MainDial
from desktop.recipe.mask_edit import MaskEdit
from desktop.recipe.model_box import ModelEdit
from desktop.recipe.noise_picture import NoiseLoader, NoisePicture
from desktop.recipe.output_editors import FolderEdit
from desktop.recipe.parts import Offers
from desktop.recipe.preset_box import PresetBox
from desktop.recipe.schedule import levels_of
from desktop.recipe.section import Section
from desktop.recipe.state import RecipeState, changed_fields, fitting
from desktop.theme import tokens

_OWN_NOTES = frozenset({"folder", "num_inference_steps", "scheduler"})


class RecipeForm(QWidget):
    """Shows a RecipeState; tells what is entered by the setting's name, checks nothing itself."""

    entered = Signal(str, object)
    """A value that was finished."""
    moved = Signal(str, object)
    """A value of a gesture (a dial that is dragged, a prompt that is typed)."""
    ended = Signal()
    reset_wanted = Signal(str)
    strength_chosen = Signal(float)
    models_wanted = Signal()
    """Models are to be added, looked at or taken out."""
    mask_wanted = Signal()
    """A mask is to be painted on the photograph."""

    def __init__(self, presets: PresetBox, noise: NoiseLoader | None = None) -> None:
        super().__init__()
        self.presets = presets
        self.fields: dict[str, Field] = {}
        self._shown: tuple[RecipeState, float, ModelSpec | None] | None = None
        self.dial = MainDial()
        self.sentence = SmallLabel()
        self.curve = NoiseCurve()
        self.picture = NoisePicture(noise)
        self.noise = Section(
            words.tr("&Noise"), words.tr("The photograph at this noise level, and the schedule.")
        )
        self.add_ons = Section(
            words.tr("Add-&ons"), words.tr("LoRAs, ControlNet, reference picture and VAE.")
        )
        self.masking = Section(
            words.tr("Only a &part"), words.tr("Edits what a mask says; the rest stays as it is.")
        )
        self._offers: Offers = {}
        self.more = Section(words.tr("&More"), words.tr("Steps, seed, file format and names."))
        self.advanced = Section(words.tr("Ad&vanced"), words.tr("What seldom needs a change."))
        self._make_fields()
        self._lay_out()
        self._connect()

    @property
    def sections(self) -> dict[str, Section]:
        """What opens and closes, by name."""
        return {
            "noise": self.noise,
            "add_ons": self.add_ons,
            "mask": self.masking,
            "more": self.more,
            "advanced": self.advanced,
        }

    def set_models(self, specs: Sequence[ModelSpec]) -> None:
        """Offer these models."""
        editor = self.fields["model"].editor
        assert isinstance(editor, ModelEdit)
        editor.set_models(specs)

    def show_state(
        self,
        state: RecipeState,
        active: float,
        spec: ModelSpec | None,
        presets: Sequence[Any],
        size: PictureSize | None,
    ) -> None:
        """Show all of a state; `active` is the strength that the dial stands for."""
        fits = fitting(presets, state.recipe, spec)
        self.presets.show_preset(state.base, fits, changed_fields(state, spec))
        self.sentence.say(state.base.sentence)
        self.dial.show_state(state, active, spec, size)
        self._shown = (state, active, spec)
        for name in forms.ALWAYS:
            self._show_field(name, state, spec)
        for section, names in self._groups():
            section.setVisible(any(forms.use_of(name, state, spec).shown for name in names))
            section.set_changed(tuple(n for n in names if forms.is_marked(n, state, spec)))
            if section.is_open:
                self._show_section(names)
        # An instruction begins from all noise, whatever the photograph.
        self.noise.setVisible(state.edit.mode is not Mode.INSTRUCT)
        self._show_noise()

    def set_offers(self, offers: Offers) -> None:
        """Offer these files beside the model, as they were found for its family."""
        self._offers = offers
        for name in forms.OFFERED:
            self._offer(name)

    def show_target(self, folder: Any, path: str) -> None:
        """Show where the chosen photograph's result will go."""
        field = self.fields["folder"]
        assert isinstance(field.editor, FolderEdit)
        field.editor.show_planned(folder)
        field.note.say(path)

    def show_error(self, name: str, error: SettingsError | None) -> None:
        """Say beside a field why its value is refused."""
        name = "max_side" if name == "scale" else name
        for section, names in self._groups():
            if error is not None and name in names:
                section.set_open(True)
        if name in self.fields:
            self.fields[name].show_error(error)

    def _groups(self) -> tuple[tuple[Section, tuple[str, ...]], ...]:
        return (
            (self.add_ons, forms.ADD_ONS),
            (self.masking, forms.MASK),
            (self.more, forms.MORE),
            (self.advanced, forms.ADVANCED),
        )

    def _make_fields(self) -> None:
        for name in forms.ALWAYS:
            self._adopt(name, forms.make_field(name))
        for name, field in zip(("amount", "strength"), self.dial.fields, strict=True):
            self._adopt(name, field)
        self.noise.rows.addWidget(self.picture)
        self.noise.rows.addWidget(self.curve)

    def _adopt(self, name: str, field: Field) -> None:
        self.fields[name] = field
        field.edited.connect(self.entered)
        field.moved.connect(self.moved)
        field.ended.connect(self.ended)
        field.reset_wanted.connect(self.reset_wanted)
        editor = field.editor
        if isinstance(editor, StrengthChips):
            editor.chosen.connect(self.strength_chosen)
        elif isinstance(editor, ModelEdit):
            editor.manage_wanted.connect(self.models_wanted)
        elif isinstance(editor, MaskEdit):
            editor.paint_wanted.connect(self.mask_wanted)
        self._offer(name)

    def _offer(self, name: str) -> None:
        editor = self.fields[name].editor if name in self.fields else None
        if isinstance(editor, LoraEdit | FileEdit | ControlEdit | ReferenceEdit):
            editor.set_offers(self._offers.get(forms.OFFERED[name], ()))

    def _open_section(self, section: Section, names: tuple[str, ...]) -> None:
        """Make a section's fields when it is first opened: the window starts the sooner."""
        for name in names:
            if name not in self.fields:
                self._adopt(name, forms.make_field(name))
                section.rows.addWidget(self.fields[name])
        self._show_section(names)

    def _show_section(self, names: tuple[str, ...]) -> None:
        if self._shown is None or not all(name in self.fields for name in names):
            return
        state, active, spec = self._shown
        if "scheduler" in names:
            self._offer_steps(state, spec)
        chips = self.fields["strengths"].editor if "strengths" in names else None
        if isinstance(chips, StrengthChips):
            chips.set_active(active)
        for name in names:
            self._show_field(name, state, spec)

    def _lay_out(self) -> None:
        space = tokens().space
        column = QVBoxLayout(self)
        column.setContentsMargins(space + 2, space // 2, space + 2, space)
        column.setSpacing(space - 1)
        label = QLabel(words.label("preset"))
        label.setFixedWidth(label_width(self))
        label.setBuddy(self.presets)
        self.presets.insert_label(label)
        for part in (self.fields["model"], self.presets, self.sentence):
            column.addWidget(part)
        for group in ((self.dial,), [self.fields[name] for name in forms.ALWAYS[1:]]):
            column.addWidget(_line())
            for widget in group:
                column.addWidget(widget)
        column.addWidget(_line())
        for section in self.sections.values():
            column.addWidget(section)
        column.addStretch(1)

    def _connect(self) -> None:
        self.noise.toggled.connect(self._show_noise)
        for section, names in self._groups():
            section.toggled.connect(partial(self._toggle, section, names))

    def _toggle(self, section: Section, names: tuple[str, ...], is_open: bool) -> None:
        if is_open:
            self._open_section(section, names)

    def _offer_steps(self, state: RecipeState, spec: ModelSpec | None) -> None:
        """Fit what the editors offer to the model and to the scheduler."""
        schedulers = self.fields["scheduler"].editor
        steps = self.fields["num_inference_steps"].editor
        assert isinstance(schedulers, ChoiceEdit) and isinstance(steps, SliderEdit)
        schedulers.set_choices(forms.schedulers_of(spec))
        if spec is None:
            return
        scheduler = plan.scheduler_of(state.edit, spec)
        useful = useful_steps(scheduler, pixel_space=spec.pixel_space)
        steps.dial.set_band(useful if state.edit.mode is Mode.REPAINT else None)
        note = ""
        if state.edit.mode is Mode.REPAINT:
            said = words.tr("Useful with {0}: {1} to {2}")
            note = said.format(words.shown("scheduler", scheduler), *useful)
        self.fields["num_inference_steps"].note.say(note)
        sentence = words.tr(facts_of(scheduler).sentence)
        self.fields["scheduler"].note.say(sentence[:1].upper() + sentence[1:])

    def _show_field(self, name: str, state: RecipeState, spec: ModelSpec | None) -> None:
        field = self.fields[name]
        use = forms.use_of(name, state, spec)
        field.setVisible(use.shown)
        field.editor.setEnabled(use.enabled)
        if isinstance(field.editor, TextEdit) and not use.enabled:
            field.editor.say_off(use.note)
        elif name not in _OWN_NOTES:
            field.note.say(use.note)
            if isinstance(field.editor, TextEdit):
                field.editor.say_off("")
        marked = forms.is_marked(name, state, spec)
        field.show_value(forms.shown_value(name, state, spec), changed=marked)

    def _show_noise(self) -> None:
        state, active, spec = self._shown or (None, 0.0, None)
        if state is None or not self.noise.is_open or state.edit.mode is Mode.INSTRUCT:
            return
        if spec is None:
            self.curve.show_levels((), ())
            self.picture.hide()
            return
        edit = state.edit.model_copy(update={"strength": active})
        repaints = edit.mode is Mode.REPAINT
        self.picture.setVisible(repaints)
        levels = levels_of(edit, spec, self.dial.noise)
        self.curve.show_levels(levels.skipped, levels.run)
        if repaints:
            self.picture.show_ratio(plan.first_sigma(edit, spec))


def _line() -> QFrame:
    line = QFrame()
    line.setObjectName("line")
    line.setFixedHeight(1)
    return line
