"""The recipe panel as it is used: keys, clicks, typing, dropping; and what the window hears."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from core.forecast import Estimate
from core.library.ids import PhotoId, ProjectId
from core.library.photo import Photo
from core.models.spec import ModelSpec
from core.plan import PictureSize
from core.presets import shipped_presets
from core.recipe import Amount, Mode, OutputFormat, Recipe, SchedulerName
from desktop.recipe.dials import Dial
from desktop.recipe.editors import SliderEdit
from desktop.recipe.main_dial import AmountEdit, StrengthEdit
from desktop.recipe.panel import RecipePanel

CLEAN, PAINT = shipped_presets()[0], shipped_presets()[4]


class Heard:
    def __init__(self, panel: RecipePanel) -> None:
        self.recipes: list[Recipe] = []
        self.strengths: list[tuple[float, ...]] = []
        self.previews = 0
        panel.recipe_changed.connect(self.recipes.append)
        panel.strengths_changed.connect(self.strengths.append)
        panel.preview_wanted.connect(self._count)

    def _count(self) -> None:
        self.previews += 1


@pytest.fixture
def heard(panel: RecipePanel) -> Heard:
    return Heard(panel)


def amount(panel: RecipePanel) -> AmountEdit:
    editor = panel.form.fields["amount"].editor
    assert isinstance(editor, AmountEdit)
    return editor


def strength(panel: RecipePanel) -> StrengthEdit:
    editor = panel.form.fields["strength"].editor
    assert isinstance(editor, StrengthEdit)
    return editor


def enter(qtbot: QtBot, line: QLineEdit, text: str) -> None:
    line.selectAll()
    qtbot.keyClicks(line, text)
    qtbot.keyClick(line, Qt.Key.Key_Return)


def photo(folder: Path) -> Photo:
    return Photo(PhotoId(1), ProjectId(1), folder / "IMG_0412.JPG", 0.0, base=folder)


def run_text(panel: RecipePanel) -> str:
    return panel.footer.run.button.text()


def test_arrow_keys_move_the_amount(panel: RecipePanel, heard: Heard, qtbot: QtBot) -> None:
    qtbot.keyClick(amount(panel).dial, Qt.Key.Key_Right)
    assert panel.recipe.edit.amount is Amount.MORE
    assert heard.recipes[-1].edit.amount is Amount.MORE
    assert heard.previews == 1
    assert amount(panel).number.text() == "more"


def test_a_noise_level_can_be_typed(panel: RecipePanel, qtbot: QtBot) -> None:
    enter(qtbot, amount(panel).number, "14,5")
    assert panel.recipe.edit.amount == 14.5


def test_a_click_on_the_dial_takes_that_strength_and_one_undo_brings_it_back(
    panel: RecipePanel, heard: Heard, qtbot: QtBot
) -> None:
    panel.draft.choose_mode(Mode.REPAINT)
    dial = strength(panel).dial
    place = QPoint(round(dial.x_of(62)), round(dial.middle))
    qtbot.mouseClick(dial, Qt.MouseButton.LeftButton, pos=place)
    assert panel.recipe.edit.strength == pytest.approx(0.62, abs=0.011)
    panel.header.undo.click()
    assert panel.recipe.edit.strength == PAINT.edit.strength
    assert heard.recipes[-1].edit.strength == PAINT.edit.strength


def test_the_line_under_the_dial_says_what_a_strength_means(panel: RecipePanel) -> None:
    panel.show_recipe(PAINT)
    panel.draft.set_values({"num_inference_steps": 20})
    assert panel.form.dial.meaning.text() == "Noise level 0.30, runs 6 of 20 steps"


def test_the_noise_that_was_found_is_said(panel: RecipePanel) -> None:
    panel.set_noise(11.2)
    assert panel.form.dial.meaning.text() == "Noise found: 11 of 255; cleans in 1 step"


def test_how_much_of_the_noise_goes_is_said(panel: RecipePanel) -> None:
    panel.set_noise(10.0)
    panel.draft.set_value("amount", Amount.LESS)
    said = "Noise found: 10 of 255; takes away 7, cleans in 1 step"
    assert panel.form.dial.meaning.text() == said
    panel.set_noise(0.4)
    assert panel.form.dial.meaning.text().endswith("already clean, stays unchanged")


def test_the_wheel_over_a_dial_scrolls_the_panel_and_changes_nothing(panel: RecipePanel) -> None:
    dial = amount(panel).dial
    assert not dial.hasFocus()
    before = panel.recipe
    from PySide6.QtGui import QWheelEvent

    event = QWheelEvent(
        QPointF(5, 5), QPointF(5, 5), QPoint(0, 0), QPoint(0, 120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    dial.wheelEvent(event)
    assert not event.isAccepted()
    assert panel.recipe == before


def test_a_wrong_seed_is_refused_beside_its_field_and_the_run_waits(
    panel: RecipePanel, heard: Heard, qtbot: QtBot
) -> None:
    panel.set_target("all 240 photographs", 240)
    panel.form.more.set_open(True)
    field = panel.form.fields["seed"]
    line = field.findChild(QLineEdit)
    assert line is not None
    enter(qtbot, line, "abc")
    assert "seed = 'abc'" in field.error.text()
    assert line.text() == "abc"
    assert line.property("wrong")
    assert heard.recipes == []
    assert not panel.footer.run.button.isEnabled()
    assert panel.footer.run.space.text() == "Correct the value of Seed first."
    enter(qtbot, line, str(2**62))
    assert panel.recipe.edit.seed == 2**62
    assert field.error.isHidden()
    assert panel.footer.run.button.isEnabled()


def test_an_error_in_a_closed_section_opens_it(panel: RecipePanel) -> None:
    panel.draft.set_value("quality", "best")
    assert panel.form.more.is_open
    assert "quality" in panel.form.fields["quality"].error.text()


def test_the_prompt_is_off_and_says_why_until_a_model_takes_one(panel: RecipePanel) -> None:
    prompt = panel.form.fields["prompt"].findChild(QPlainTextEdit)
    assert prompt is not None
    assert not prompt.isEnabled()
    assert prompt.accessibleDescription() == "The built-in model takes no prompt."
    panel.draft.choose_model("painter")
    assert prompt.isEnabled()
    prompt.setPlainText("rain")
    assert panel.recipe.edit.prompt == "rain"


def test_choosing_a_model_says_what_it_set_and_what_it_kept(panel: RecipePanel) -> None:
    panel.show_recipe(PAINT)
    panel.draft.set_value("num_inference_steps", 15)
    panel.draft.choose_model("painter")
    assert "Painter sets" in panel.banner.message
    assert "Scheduler DPM++ 2M" in panel.banner.message
    assert "Kept as you set it: Steps." in panel.banner.message
    assert panel.recipe.edit.num_inference_steps == 15


def test_only_schedulers_that_the_model_runs_with_are_offered(panel: RecipePanel) -> None:
    panel.draft.choose_model("painter")
    panel.form.more.set_open(True)
    box = panel.form.fields["scheduler"].findChild(QComboBox)
    assert box is not None
    offered = [box.itemData(row) for row in range(box.count())]
    assert offered == [SchedulerName.DDIM, SchedulerName.DPMPP_2M, SchedulerName.UNIPC]


def test_a_changed_value_is_marked_and_its_arrow_sets_it_back(
    panel: RecipePanel, qtbot: QtBot
) -> None:
    panel.form.more.set_open(True)
    field = panel.form.fields["keep_grain"]
    assert field.reset.isHidden()
    editor = field.editor
    assert isinstance(editor, SliderEdit)
    enter(qtbot, editor.number, "35")
    assert not field.reset.isHidden()
    assert panel.form.presets.box.currentText() == "Clean *"
    assert panel.form.presets.box.toolTip() == "Changed: Keep grain."
    qtbot.mouseClick(field.reset, Qt.MouseButton.LeftButton)
    assert panel.recipe.edit.keep_grain == 0
    assert panel.form.presets.box.currentText() == "Clean"


def test_another_selections_recipe_is_shown_without_being_told_as_a_change(
    panel: RecipePanel, heard: Heard
) -> None:
    panel.show_recipe(PAINT)
    assert panel.recipe == PAINT
    assert heard.recipes == []
    assert not panel.header.undo.isEnabled()


def test_several_strengths_are_dialed_one_by_one(panel: RecipePanel, heard: Heard) -> None:
    panel.show_recipe(PAINT)
    panel.draft.set_value("strengths", (0.2, 0.3, 0.45))
    panel.form.strength_chosen.emit(0.3)
    panel.form.moved.emit("strength", 0.35)
    assert panel.strengths == (0.2, 0.35, 0.45)
    assert heard.strengths[-1] == (0.2, 0.35, 0.45)
    assert panel.preview_edit().strength == 0.35
    panel.form.advanced.set_open(True)
    panel.form.reset_wanted.emit("strengths")
    assert panel.strengths == ()


def test_the_button_says_count_time_and_space(panel: RecipePanel) -> None:
    panel.set_target("all 240 photographs", 240, Estimate(240, 240, 360, 2_400_000_000))
    assert run_text(panel) == "Clean 240 photographs (about 6 min)"
    assert panel.footer.run.space.text() == "240 results, about 2.4 GB"
    assert panel.footer.scope.text() == "Applies to: all 240 photographs"
    panel.draft.choose_mode(Mode.REPAINT)
    assert run_text(panel).startswith("Repaint 240 photographs")


def test_the_estimate_follows_the_dials_by_itself(panel: RecipePanel) -> None:
    panel.show_recipe(PAINT)
    panel.set_target("all", 5000, sizes=[PictureSize(1000, 1000)] * 5000)
    before = run_text(panel)
    panel.draft.set_value("strengths", (0.2, 0.3))
    assert run_text(panel) != before
    assert "10000 results" in panel.footer.run.space.text()


def test_without_photographs_the_button_is_off_with_the_reason(
    panel: RecipePanel, qtbot: QtBot
) -> None:
    assert not panel.footer.run.button.isEnabled()
    assert "No photographs" in panel.footer.run.space.text()
    panel.set_target("1 photograph", 1)
    with qtbot.waitSignal(panel.run_wanted):
        panel.footer.run.button.click()
    panel.set_blocked("The library is from a newer Regrain.")
    assert panel.footer.run.button.toolTip() == "The library is from a newer Regrain."


def test_a_narrow_panel_says_the_time_under_the_button(panel: RecipePanel, qtbot: QtBot) -> None:
    panel.set_target("all", 1_000_000, Estimate(1_000_000, 1_000_000, 4e6, 10**12))
    panel.resize(280, 700)
    qtbot.waitUntil(lambda: panel.footer.run.width() < 290)
    assert panel.footer.run.space.text().startswith("about ")


def test_a_dial_moved_during_a_batch_says_that_the_batch_keeps_its_recipe(
    panel: RecipePanel,
) -> None:
    panel.set_running(True)
    assert panel.footer.running.isHidden()
    panel.draft.set_value("keep_grain", 10)
    assert panel.footer.running.text() == "The running batch keeps its recipe."
    panel.draft.undo_stack.undo()
    assert panel.footer.running.isHidden()


def test_choosing_other_photographs_during_a_batch_is_no_moved_dial(panel: RecipePanel) -> None:
    panel.set_running(True)
    panel.show_recipe(PAINT)
    assert panel.footer.running.isHidden()
    panel.draft.set_value("num_inference_steps", 7)
    assert panel.footer.running.text() == "The running batch keeps its recipe."


def test_the_target_is_named_as_the_batch_will_name_it(
    panel: RecipePanel, qtbot: QtBot, tmp_path: Path
) -> None:
    trip = tmp_path / "trip"
    trip.mkdir()
    panel.set_photo(photo(trip))
    note = panel.form.fields["folder"].note
    qtbot.waitUntil(lambda: note.text() == "trip-regrain/IMG_0412.JPG")
    panel.draft.set_value("format", OutputFormat.PNG)
    qtbot.waitUntil(lambda: note.text() == "trip-regrain/IMG_0412.png")
    panel.draft.set_value("folder", tmp_path / "out")
    qtbot.waitUntil(lambda: note.text() == "out/IMG_0412.png")


def test_results_on_the_originals_are_refused_beside_the_folder(
    panel: RecipePanel, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "IMG_0412.JPG").write_bytes(b"photograph")
    panel.set_photo(photo(tmp_path))
    panel.draft.set_value("folder", tmp_path)
    error = panel.form.fields["folder"].error
    qtbot.waitUntil(lambda: "originals" in error.text())


def test_a_recipe_whose_model_is_not_here_says_so_and_does_not_run(panel: RecipePanel) -> None:
    panel.set_target("all 3 photographs", 3)
    gone = PAINT.edit.model_copy(update={"model": "gone"})
    panel.show_recipe(PAINT.model_copy(update={"edit": gone}))
    assert "The model gone is not here." in panel.form.fields["model"].error.text()
    assert not panel.footer.run.button.isEnabled()
    panel.draft.choose_model("builtin")
    assert panel.form.fields["model"].error.isHidden()
    assert panel.footer.run.button.isEnabled()


def controls(panel: RecipePanel) -> list[QWidget]:
    kinds = (QAbstractButton, QComboBox, QLineEdit, QPlainTextEdit, Dial)
    return [widget for kind in kinds for widget in panel.findChildren(kind)]


def test_every_control_has_a_spoken_name_a_sentence_and_is_reached_by_tab(
    panel: RecipePanel, painter_model: ModelSpec
) -> None:
    panel.draft.choose_model(painter_model.id)
    for section in panel.form.sections.values():
        section.set_open(True)
    for widget in controls(panel):
        named = widget.accessibleName() or getattr(widget, "text", lambda: "")()
        assert named, widget
        assert widget.toolTip(), named
        assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus, named


def test_the_panel_lives_in_its_narrowest_place(panel: RecipePanel, qtbot: QtBot) -> None:
    panel.draft.choose_model("painter")
    panel.draft.set_values({"max_side": 2048, "scale": 1.0})
    for section in panel.form.sections.values():
        section.set_open(True)
    panel.resize(300, 420)
    qtbot.waitUntil(lambda: panel.width() == 300)
    assert panel.form.minimumSizeHint().width() <= 300 - 14
