"""From options to a recipe: what users type must be what they get, or an error that helps."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.cli.names import Names
from core.cli.options import (
    DetailOptions,
    EditOptions,
    OutputOptions,
    PromptOptions,
    RecipeOptions,
)
from core.cli.recipes import Wanted, read_options
from core.errors import SettingsError
from core.models.families import FAMILIES
from core.models.family_spec import family_spec
from core.models.spec import Layout, ModelSpec, builtin_spec
from core.presets import find_preset, load_presets
from core.recipe import (
    Amount,
    MetadataRule,
    Mode,
    OnConflict,
    OutputFormat,
    Recipe,
    SchedulerName,
    SigmaSchedule,
    parse_recipe,
)
from core.toml import to_toml


def read(
    edit: EditOptions | None = None,
    detail: DetailOptions | None = None,
    output: OutputOptions | None = None,
    folder: Path | None = None,
    prompt: PromptOptions | None = None,
) -> Wanted:
    asked = RecipeOptions(
        edit or EditOptions(),
        detail or DetailOptions(),
        prompt or PromptOptions(),
        output or OutputOptions(),
    )
    return read_options(asked, NAMES, folder=folder)


def known(model: str) -> ModelSpec:
    specs = [builtin_spec(), *(of_family(family) for family in FAMILIES)]
    return next((spec for spec in specs if spec.id == model), builtin_spec())


def of_family(family: str, variant: str = "") -> ModelSpec:
    facts = {"name": family, "folder": Path("/m"), "layout": Layout.DIFFUSERS}
    return family_spec(family, variant, id=family, **facts)


NAMES = Names(None, known, {"film": Path("/loras/film.safetensors")}.get)


def test_a_prompted_model_starts_from_its_own_default_preset() -> None:
    """Twenty DDIM steps without guidance would make mush of a Stable Diffusion model."""
    edit = read(EditOptions(strength="0.45"), DetailOptions(model="sd1")).recipe.edit
    assert (edit.model, edit.strength, edit.num_inference_steps) == ("sd1", 0.45, 30)
    assert (edit.scheduler, edit.sigmas) == (SchedulerName.DPMPP_2M, SigmaSchedule.KARRAS)
    assert read(detail=DetailOptions(model="flux-kontext")).recipe.edit.mode is Mode.INSTRUCT


def test_a_preset_of_another_kind_of_model_is_refused_with_those_that_fit() -> None:
    with pytest.raises(SettingsError, match="Refine is not made for") as caught:
        read(EditOptions(preset="Refine"))
    assert "Clean gently" in caught.value.hint


def test_prompt_options_become_settings(tmp_path: Path) -> None:
    mask = tmp_path / "sky.png"
    mask.touch()
    asked = PromptOptions(
        prompt="a boat",
        negative_prompt="people",
        lora=["film:0.7", str(mask)],
        mask=str(mask),
        mask_feather=6,
        control=f"tile={mask}:0.5",
        reference=f"{mask}={mask}",
    )
    edit = read(EditOptions(strength="0.3"), DetailOptions(model="sd1"), prompt=asked).recipe.edit
    assert (edit.prompt, edit.negative_prompt) == ("a boat", "people")
    loras = [(lora.path.name, lora.weight) for lora in edit.loras]
    assert loras == [("film.safetensors", 0.7), ("sky.png", 1.0)]
    assert edit.mask is not None and (edit.mask.path, edit.mask.feather) == (mask, 6)
    assert edit.control is not None and edit.control.weight == 0.5
    assert edit.reference_image is not None and edit.reference_image.image == mask
    alpha = read(EditOptions(strength="0.3"), prompt=PromptOptions(mask="alpha")).recipe.edit.mask
    assert alpha is not None and alpha.path is None


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        (PromptOptions(lora=["nowhere:1"]), "no LoRA nowhere"),
        (PromptOptions(mask="/nowhere.png"), "is not there"),
        (PromptOptions(mask_feather=3), "no mask"),
        (PromptOptions(control="/x"), "tile=PATH"),
        (PromptOptions(reference="/x"), "IMAGE=ADAPTER"),
    ],
)
def test_prompt_options_that_cannot_be_are_refused(prompt: PromptOptions, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        read(EditOptions(strength="0.3"), prompt=prompt)


@pytest.mark.parametrize(
    ("text", "values"),
    [("source", (None, 1.0)), ("2048", (2048, 1.0)), ("2x", (None, 2.0)), ("1.5X", (None, 1.5))],
)
def test_the_size_of_results_is_read(text: str, values: tuple[int | None, float]) -> None:
    output = read(output=OutputOptions(output_size=text)).recipe.output
    assert (output.max_side, output.scale) == values


@pytest.mark.parametrize("text", ["", "x", "big", "0x", "9x", "3"])
def test_sizes_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(SettingsError):
        read(output=OutputOptions(output_size=text))


def test_without_options_the_preset_clean_is_taken() -> None:
    wanted = read()
    assert wanted.recipe == find_preset("clean", load_presets())
    assert wanted.strengths == ()


def test_strength_alone_repaints_with_the_models_own_steps() -> None:
    """Clean's single step left in place would turn a repaint into a blur."""
    edit = read(EditOptions(strength="0.25")).recipe.edit
    assert edit.mode is Mode.REPAINT
    assert edit.strength == 0.25
    assert edit.num_inference_steps is None
    assert edit.scheduler is None


def test_strength_over_a_clean_preset_drops_that_modes_steps() -> None:
    edit = read(EditOptions(preset="Clean hard", strength="0.25")).recipe.edit
    assert (edit.mode, edit.num_inference_steps, edit.scheduler) == (Mode.REPAINT, None, None)


def test_strength_over_a_repaint_preset_keeps_the_rest_of_it() -> None:
    edit = read(EditOptions(preset="paint", strength="0.2")).recipe.edit
    assert (edit.strength, edit.num_inference_steps) == (0.2, 12)


def test_several_strengths_are_kept_in_order_each_once() -> None:
    wanted = read(EditOptions(strength="0.3, 0.2,0.3"))
    assert wanted.strengths == (0.3, 0.2)


@pytest.mark.parametrize("text", ["", ",", "0.2,", "a", "0.2;0.3"])
def test_strengths_that_are_no_numbers_are_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="strength"):
        read(EditOptions(strength=text))


@pytest.mark.parametrize("text", ["1.5", "-0.1", "nan", "inf", "0.3,1.5"])
def test_strengths_out_of_range_are_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="strength"):
        read(EditOptions(strength=text))


def test_clean_takes_words_and_numbers() -> None:
    assert read(EditOptions(clean="more")).recipe.edit.amount is Amount.MORE
    assert read(EditOptions(clean="15")).recipe.edit.amount == 15
    with pytest.raises(SettingsError, match="amount"):
        read(EditOptions(clean="lots"))


def test_clean_over_a_repaint_preset_cleans() -> None:
    edit = read(EditOptions(preset="paint", clean="auto")).recipe.edit
    assert (edit.mode, edit.num_inference_steps) == (Mode.CLEAN, None)


def test_clean_and_strength_exclude_each_other() -> None:
    with pytest.raises(SettingsError, match="exclude"):
        read(EditOptions(clean="auto", strength="0.3"))


def test_recipe_and_preset_exclude_each_other(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="exclude"):
        read(EditOptions(preset="paint", recipe=tmp_path / "r.toml"))


def test_options_of_the_other_mode_are_refused_not_ignored() -> None:
    with pytest.raises(SettingsError, match="keep-grain"):
        read(EditOptions(strength="0.3", keep_grain=20))
    with pytest.raises(SettingsError, match="strength-scale"):
        read(EditOptions(strength_scale="native"))


def test_single_options_win_over_the_recipe_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        '[edit]\nmode = "repaint"\nstrength = 0.4\nseed = 7\n[output]\nformat = "png"\n'
    )
    wanted = read(EditOptions(recipe=file), DetailOptions(steps=9))
    edit, output = wanted.recipe.edit, wanted.recipe.output
    assert (edit.strength, edit.seed, edit.num_inference_steps) == (0.4, 7, 9)
    assert output.format is OutputFormat.PNG


def test_sampler_sets_scheduler_and_sigmas() -> None:
    edit = read(EditOptions(strength="0.3"), DetailOptions(sampler="DPM++ 2M Karras")).recipe.edit
    assert (edit.scheduler, edit.sigmas) == (SchedulerName.DPMPP_2M, SigmaSchedule.KARRAS)


def test_sampler_and_scheduler_together_are_refused() -> None:
    with pytest.raises(SettingsError, match="another name"):
        read(detail=DetailOptions(sampler="Euler", scheduler="ddim"))


def test_sigmas_that_contradict_the_samplers_name_are_refused() -> None:
    with pytest.raises(SettingsError, match="karras"):
        read(detail=DetailOptions(sampler="Euler Karras", sigmas="beta"))


def test_output_options_reach_the_recipe(tmp_path: Path) -> None:
    output = read(
        output=OutputOptions(
            name="{stem}-x", format="JPG", quality=80, max_side=2048, metadata="strip-location",
            on_conflict="skip", no_provenance=True,
        ),
        folder=tmp_path / "out",
    ).recipe.output  # fmt: skip
    assert output.folder == tmp_path / "out"
    assert output.format is OutputFormat.JPEG
    assert output.metadata is MetadataRule.STRIP_LOCATION
    assert output.on_conflict is OnConflict.SKIP
    assert (output.name_template, output.quality, output.max_side) == ("{stem}-x", 80, 2048)
    assert output.provenance is False


def test_a_relative_output_folder_is_stored_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch is resumed from another folder; its results must not go elsewhere."""
    monkeypatch.chdir(tmp_path)
    assert read(folder=Path("out")).recipe.output.folder == tmp_path / "out"


def test_a_model_path_is_stored_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert read(detail=DetailOptions(model="./m")).recipe.edit.model == str(tmp_path / "m")
    assert read(detail=DetailOptions(model="builtin")).recipe.edit.model == "builtin"


def test_values_out_of_range_name_the_setting() -> None:
    with pytest.raises(SettingsError, match="num_inference_steps"):
        read(detail=DetailOptions(steps=0))
    with pytest.raises(SettingsError, match="seed_mode"):
        read(detail=DetailOptions(seed_mode="sometimes"))


@pytest.mark.parametrize("preset", load_presets(), ids=lambda preset: preset.id)
def test_a_preset_exported_as_toml_is_read_back_the_same(preset: Recipe) -> None:
    assert parse_recipe(to_toml(preset), toml=True) == preset


def test_toml_keeps_every_character() -> None:
    recipe = Recipe(name='q"\\\n\t\x7f\x01😀é')
    assert parse_recipe(to_toml(recipe), toml=True) == recipe
