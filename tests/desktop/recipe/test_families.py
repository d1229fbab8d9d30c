"""The panel with models of all families: what each takes is there, what it does not is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItemModel
from pytestqt.qtbot import QtBot

from core.models.found import ExtraFile, ExtraKind
from core.models.spec import builtin_spec
from core.plan import PictureSize
from core.presets import shipped_presets
from core.recipe import ControlKind, LoraSetting, MaskSetting, Mode, SchedulerName
from desktop.recipe import forms
from desktop.recipe.control_edit import ControlEdit, ReferenceEdit
from desktop.recipe.lora_list import LoraEdit
from desktop.recipe.mask_edit import MaskEdit
from desktop.recipe.model_box import ModelEdit
from desktop.recipe.panel import RecipePanel
from desktop.recipe.state import RecipeState, presets_of, starting_recipe, unready, with_model
from tests.desktop.recipe.families import all_specs, spec_of

SPECS = {spec.id: spec for spec in all_specs()}
DETAIL = Path("/loras/detail.safetensors")


@pytest.fixture
def models(panel: RecipePanel) -> RecipePanel:
    panel.set_model_registry([builtin_spec(), *SPECS.values()])
    return panel


def shown(panel: RecipePanel) -> set[str]:
    for section in panel.form.sections.values():
        section.set_open(True)
    fields = panel.form.fields
    return {name for name in forms.ABILITIES if name in fields and not fields[name].isHidden()}


def extra(kind: ExtraKind, name: str) -> ExtraFile:
    return ExtraFile(kind=kind, name=name, path=Path(f"/found/{name}.safetensors"))


def test_what_a_model_takes_is_there_and_nothing_else(models: RecipePanel) -> None:
    for model, spec in SPECS.items():
        models.draft.choose_model(model)
        can = spec.capabilities
        wanted = {name for name, ability in forms.ABILITIES.items() if getattr(can, ability)}
        assert shown(models) == wanted, model
        assert models.draft.spec == spec


@pytest.mark.parametrize("model", SPECS)
def test_choosing_a_model_gives_a_recipe_that_runs(model: str) -> None:
    spec, clean = SPECS[model], shipped_presets()[0]
    state = with_model(RecipeState(clean, clean), builtin_spec(), spec, shipped_presets()).state
    lacking = unready(state, spec)
    if spec.capabilities.instruct:
        assert lacking is not None and "told what to do" in lacking.message
    else:
        assert lacking is None
    back = with_model(state, spec, builtin_spec(), shipped_presets()).state
    assert unready(back, builtin_spec()) is None


def test_presets_are_those_of_the_kind_of_model() -> None:
    names = {model: [p.id for p in presets_of(SPECS[model], shipped_presets())] for model in SPECS}
    assert names["sdxl"] == ["touch-up", "refine", "restyle", "reinvent"]
    assert (names["sdxl-turbo"], names["flux"]) == (["fast"], ["flow"])
    assert names["flux-kontext"] == ["instruct"]
    assert all(p.edit.model == "sd1" for p in presets_of(SPECS["sd1"], shipped_presets()))
    assert starting_recipe(SPECS["sdxl"], shipped_presets()).id == "refine"


def test_an_instructing_model_has_no_strength_and_asks_for_a_prompt(models: RecipePanel) -> None:
    models.draft.choose_model("flux-kontext")
    form = models.form
    assert models.recipe.edit.mode is Mode.INSTRUCT
    assert form.dial.strength.isHidden() and form.dial.amount.isHidden()
    assert form.dial.modes.isHidden() and form.noise.isHidden()
    models.set_target("all 3 photographs", 3)
    assert not models.footer.run.button.isEnabled()
    models.draft.set_value("seed", 7)
    models.draft.set_value("prompt", "make it evening")
    assert models.footer.run.button.isEnabled()
    assert models.footer.run.button.text().startswith("Edit 3 photographs")
    assert form.dial.meaning.text() == "Does what the prompt says, in 28 steps"


def test_sdxl_sets_its_steps_and_scheduler_and_says_so(models: RecipePanel) -> None:
    models.draft.choose_model("sdxl")
    said = "Stable Diffusion XL sets Steps 30, Scheduler DPM++ 2M, Guidance 6."
    assert models.banner.message == said
    models.set_photo(None)
    assert models.form.dial.meaning.text().splitlines()[0] == "Noise level 0.30, runs 9 of 30 steps"
    models.header.undo.click()
    assert models.recipe.edit.model == "builtin"


def test_the_size_the_model_works_at_is_said(models: RecipePanel, tmp_path: Path) -> None:
    from tests.desktop.recipe.test_panel import photo

    models.draft.choose_model("sdxl")
    models.set_photo(photo(tmp_path), PictureSize(6000, 4000))
    lines = models.form.dial.meaning.text().splitlines()
    assert lines[0] == "Noise level 0.30, runs 9 of 30 steps"
    assert len(lines) == 2 and "6000" in lines[1]


def test_a_lora_is_added_weighed_and_taken_out(models: RecipePanel, qtbot: QtBot) -> None:
    models.draft.choose_model("sdxl")
    models.form.sections["add_ons"].set_open(True)
    editor = models.form.fields["loras"].editor
    assert isinstance(editor, LoraEdit)
    editor.take(DETAIL)
    editor.take(DETAIL)
    assert models.recipe.edit.loras == (LoraSetting(path=DETAIL),)
    number = editor.rows[0].weight.number
    number.selectAll()
    qtbot.keyClicks(number, "0,6")
    qtbot.keyClick(number, Qt.Key.Key_Return)
    assert models.recipe.edit.loras[0].weight == 0.6
    qtbot.keyClick(editor.rows[0].weight.dial, Qt.Key.Key_Right)
    assert models.recipe.edit.loras[0].weight == pytest.approx(0.61)
    editor.rows[0].removed.emit()
    assert models.recipe.edit.loras == () and editor.rows == []
    models.header.undo.click()
    assert models.recipe.edit.loras[0].path == DETAIL


def test_a_lora_weight_that_is_no_number_is_refused_beside_the_field(
    models: RecipePanel, qtbot: QtBot
) -> None:
    models.draft.choose_model("sd1")
    models.draft.set_value("loras", (LoraSetting(path=DETAIL),))
    models.form.sections["add_ons"].set_open(True)
    field = models.form.fields["loras"]
    assert isinstance(field.editor, LoraEdit)
    number = field.editor.rows[0].weight.number
    number.selectAll()
    qtbot.keyClicks(number, "much")
    qtbot.keyClick(number, Qt.Key.Key_Return)
    assert "much" in field.error.text()
    assert models.recipe.edit.loras == (LoraSetting(path=DETAIL),)


def test_files_of_another_family_are_left_behind_and_that_is_said(models: RecipePanel) -> None:
    models.draft.choose_model("sdxl")
    models.draft.set_value("loras", (LoraSetting(path=DETAIL),))
    models.draft.set_value("prompt", "harbour")
    models.draft.choose_model("sdxl-lightning")
    assert models.recipe.edit.loras and models.recipe.edit.prompt == "harbour"
    models.draft.choose_model("flux")
    assert models.recipe.edit.loras == () and models.recipe.edit.prompt == "harbour"
    assert "cannot use: LoRAs" in models.banner.message


def test_found_files_are_offered(models: RecipePanel) -> None:
    models.draft.choose_model("sdxl")
    models.form.set_offers(
        {
            ExtraKind.LORA: [extra(ExtraKind.LORA, "film-grain")],
            ExtraKind.CONTROLNET: [extra(ExtraKind.CONTROLNET, "lineart-xl")],
            ExtraKind.IP_ADAPTER: [extra(ExtraKind.IP_ADAPTER, "ip-xl")],
        }
    )
    models.form.sections["add_ons"].set_open(True)
    fields = models.form.fields
    loras, control = fields["loras"].editor, fields["control"].editor
    reference = fields["reference_image"].editor
    assert isinstance(loras, LoraEdit) and isinstance(control, ControlEdit)
    assert isinstance(reference, ReferenceEdit)
    loras.menu.aboutToShow.emit()
    assert loras.menu.actions()[0].text() == "film-grain"
    control.files.activated.emit(control.files.findText("lineart-xl"))
    chosen = models.recipe.edit.control
    assert chosen is not None and chosen.kind is ControlKind.LINEART
    control.weight.moved.emit("weight", 0.5)
    assert models.recipe.edit.control is not None and models.recipe.edit.control.weight == 0.5
    reference.take(Path("/photos/venice.jpg"))
    setting = models.recipe.edit.reference_image
    assert setting is not None and setting.path == extra(ExtraKind.IP_ADAPTER, "ip-xl").path


def test_a_mask_is_chosen_grown_and_left_out(models: RecipePanel) -> None:
    models.draft.choose_model("sd1")
    models.form.sections["mask"].set_open(True)
    editor = models.form.fields["mask"].editor
    assert isinstance(editor, MaskEdit)
    editor.source.activated.emit(editor.source.findData("alpha"))
    assert models.recipe.edit.mask == MaskSetting()
    editor.grow.entered.emit("grow", "12")
    editor.invert.click()
    assert models.recipe.edit.mask == MaskSetting(grow=12, invert=True)
    editor.grow.entered.emit("grow", "5000")
    assert "5000" in models.form.fields["mask"].error.text()
    models.draft.reset("mask")
    assert models.recipe.edit.mask is None


def test_a_negative_prompt_that_counts_for_nothing_keeps_the_run_waiting(
    models: RecipePanel,
) -> None:
    models.set_target("all 3 photographs", 3)
    models.draft.choose_model("flux")
    models.draft.set_value("negative_prompt", "blurry")
    assert models.form.fields["negative_prompt"].note.text()
    assert not models.footer.run.button.isEnabled()
    models.draft.set_value("true_guidance", "4")
    assert models.footer.run.button.isEnabled()
    assert not models.form.fields["negative_prompt"].note.text()


def test_a_model_that_lacks_parts_is_greyed_with_what_it_needs(panel: RecipePanel) -> None:
    lacking = spec_of("flux", missing=("t5xxl",))
    panel.set_model_registry([lacking, builtin_spec()])
    editor = panel.form.fields["model"].editor
    assert isinstance(editor, ModelEdit)
    box, model = editor.box, editor.box.model()
    row = box.findData(lacking.id)
    assert isinstance(model, QStandardItemModel)
    assert row == 1 and not model.item(row).isEnabled()
    spoken = box.itemData(row, Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "FLUX.1, FLUX.1, needs t5xxl, 24 GB"


def test_models_are_managed_from_the_chooser(panel: RecipePanel, qtbot: QtBot) -> None:
    editor = panel.form.fields["model"].editor
    assert isinstance(editor, ModelEdit)
    before = panel.recipe
    with qtbot.waitSignal(panel.form.models_wanted):
        editor.box.activated.emit(editor.box.count() - 1)
    assert panel.recipe == before and editor.box.currentText() == builtin_spec().name


def test_only_the_familys_schedulers_are_offered(models: RecipePanel) -> None:
    models.draft.choose_model("flux")
    offered = forms.schedulers_of(models.draft.spec)
    assert set(offered) == {SchedulerName.FLOW_EULER, SchedulerName.FLOW_HEUN}
    assert all(sentence for _name, sentence in offered.values())


def test_an_unknown_scheduler_of_a_preset_gives_way_to_the_models_own() -> None:
    spec = spec_of("sdxl", "lightning")
    made = shipped_presets()[0].model_copy(
        update={
            "kinds": (spec.kind,),
            "edit": starting_recipe(spec, shipped_presets()).edit.model_copy(
                update={"model": "builtin", "scheduler": SchedulerName.LMS, "guidance_scale": 7.0}
            ),
        }
    )
    (fitted,) = presets_of(spec, [made])
    assert fitted.edit.scheduler is None and fitted.edit.guidance_scale is None
