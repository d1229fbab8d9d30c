"""Dropping a picture on the recipe panel: the recipe in it comes back, or it is said why not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from core.errors import ImageReadError, SettingsError
from core.images import xmp
from core.images.codec import Codec
from core.interchange import fitted, read_recipe, recipe_from_text, recipe_to_text
from core.library.ids import ItemId, JobId
from core.library.records import Claim
from core.models.spec import builtin_spec
from core.presets import find_preset, load_presets
from core.recipe import (
    Amount,
    EditSettings,
    LoraSetting,
    Mode,
    OutputFormat,
    OutputSettings,
    Recipe,
    SchedulerName,
)
from core.runner.provenance import provenance
from tests.core.interchange import samples


@pytest.fixture(scope="module")
def codec() -> Iterator[Codec]:
    with Codec() as codec:
        yield codec


def result_of(edit: EditSettings, path: Path) -> Path:
    """A picture with the note that the runner has written for this edit."""
    claim = Claim(
        ItemId(1), JobId(1), 1, Path("/a/IMG_1.JPG"), edit, OutputSettings(format="webp"),
        Path("/b/IMG_1.JPG"), Path("/b"), alone=False, again=False,
    )  # fmt: skip
    note = provenance(claim, "k" * 64, builtin_spec())
    assert note is not None
    packet = xmp.Packet(None)
    values = {(xmp.REGRAIN, name): value for name, value in note.items()}
    packet.add({xmp.REGRAIN: "regrain"}, values)
    return samples.png(path, **{"XML:com.adobe.xmp": packet.to_bytes().decode()})


def test_our_own_results_give_the_very_recipe_back(codec: Codec, tmp_path: Path) -> None:
    edit = EditSettings(
        mode=Mode.REPAINT, strength=0.42, num_inference_steps=17, scheduler=SchedulerName.EULER_A,
        seed=2**62, hold_structure=30, keep_grain=5, prompt='"quoted", <b> & ü',
    )  # fmt: skip
    restored = read_recipe(result_of(edit, tmp_path / "a.png"), codec)
    assert restored.recipe.edit == edit
    assert restored.recipe.output.format is OutputFormat.WEBP
    assert (restored.program, restored.not_understood) == ("Regrain", ())
    assert restored.missing_model == ""
    assert restored.key == "k" * 64
    assert len(restored.file_sha256) == 64


def test_files_of_our_recipe_are_asked_for_again(codec: Codec, tmp_path: Path) -> None:
    """Pictures do not say where a mask or a LoRA lies; a recipe without it must say so."""
    edit = EditSettings(mask=Path("/x/sky.png"), loras=(LoraSetting(path=Path("/x/film.pt")),))
    restored = read_recipe(result_of(edit, tmp_path / "a.png"), codec)
    assert restored.recipe.edit == EditSettings()
    assert restored.not_understood == (
        "LoRA: film (weight 1)", "Mask: sky.png (choose the file again)",
    )  # fmt: skip


def test_settings_of_a_newer_regrain_are_listed(codec: Codec, tmp_path: Path) -> None:
    packet = xmp.Packet(None)
    edit = json.dumps({"mode": "clean", "amount": "more", "polish": 3, "keep_grain": 900})
    packet.add({xmp.REGRAIN: "regrain"}, {(xmp.REGRAIN, "edit"): edit})
    path = samples.png(tmp_path / "a.png", **{"XML:com.adobe.xmp": packet.to_bytes().decode()})
    restored = read_recipe(path, codec)
    assert restored.recipe.edit.amount is Amount.MORE
    assert set(restored.not_understood) == {"polish (of a newer Regrain): 3", "keep_grain: 900"}


@pytest.mark.parametrize("name", ["a.jpg", "a.webp"])
def test_parameters_come_out_of_exif_too(codec: Codec, tmp_path: Path, name: str) -> None:
    restored = read_recipe(samples.with_comment(tmp_path / name, samples.A1111), codec)
    assert restored.recipe.edit.strength == 0.35
    assert restored.program == "AUTOMATIC1111"


def test_each_program_is_read_from_its_pictures(codec: Codec, tmp_path: Path) -> None:
    graph, drawn = json.dumps(samples.comfyui_graph()), json.dumps(samples.comfyui_workflow())
    paths = {
        samples.png(tmp_path / "1.png", parameters=samples.FORGE): ("Forge", 0.7),
        samples.png(tmp_path / "2.png", invokeai_metadata=samples.INVOKEAI): ("InvokeAI", 0.4),
        samples.png(tmp_path / "3.png", prompt=graph, workflow=drawn): ("ComfyUI", 0.4),
        samples.png(tmp_path / "4.png", workflow=drawn): ("ComfyUI", 0.5),
        samples.with_tags(tmp_path / "5.webp", {0x010F: f"workflow:{drawn}",
                                                0x0110: f"prompt:{graph}"}): ("ComfyUI", 0.4),
    }  # fmt: skip
    for path, (program, strength) in paths.items():
        restored = read_recipe(path, codec)
        assert (restored.program, restored.recipe.edit.strength) == (program, strength)


def test_umlauts_survive_whatever_kind_of_text_they_are_in(codec: Codec, tmp_path: Path) -> None:
    text = "Möwe über 港\nSteps: 9, Sampler: Euler, CFG scale: 7, Denoising strength: 0.2"
    for name in ("a.png", "a.jpg"):
        path = tmp_path / name
        picture = samples.png if name.endswith("png") else None
        path = picture(path, parameters=text) if picture else samples.with_comment(path, text)
        assert read_recipe(path, codec).recipe.edit.prompt == "Möwe über 港"


def test_utf_8_in_a_latin_1_text_is_repaired(codec: Codec, tmp_path: Path) -> None:
    text = "Möwe\nSteps: 9, Sampler: Euler, CFG scale: 7, Denoising strength: 0.2"
    path = samples.png(tmp_path / "a.png", parameters=text.encode().decode("latin-1"))
    assert read_recipe(path, codec).recipe.edit.prompt == "Möwe"


def test_a_photograph_without_recipe_says_so(codec: Codec, tmp_path: Path) -> None:
    path = tmp_path / "IMG_1.jpg"
    Image.new("RGB", (20, 20)).save(path, comment=b"Summer: the lake, 2021")
    with pytest.raises(SettingsError, match=r"IMG_1\.jpg holds no recipe") as caught:
        read_recipe(path, codec)
    assert "ComfyUI" in caught.value.hint


def test_a_file_that_is_no_picture_has_a_reason(codec: Codec, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"\0\0\0\x20ftypisom" + bytes(100))
    with pytest.raises(ImageReadError, match="film"):
        read_recipe(path, codec)


def test_recipe_files_and_graphs_as_files_are_read(codec: Codec, tmp_path: Path) -> None:
    preset = find_preset("paint", load_presets())
    ours, graph, text = tmp_path / "r.json", tmp_path / "graph.json", tmp_path / "a.txt"
    ours.write_text(preset.to_json())
    graph.write_text(json.dumps(samples.comfyui_workflow()))
    text.write_text(samples.A1111)
    assert read_recipe(ours, codec).recipe == preset
    assert read_recipe(graph, codec).program == "ComfyUI"
    assert read_recipe(text, codec).program == "AUTOMATIC1111"
    ours.write_text('{"edit": {"strength": 4}}')
    with pytest.raises(SettingsError, match="strength"):
        read_recipe(ours, codec)


def test_a_recipe_goes_over_the_clipboard_unchanged() -> None:
    recipe = Recipe(name="Mine", edit=EditSettings(mode=Mode.REPAINT, strength=0.3))
    assert recipe_from_text(recipe_to_text(recipe)).recipe == recipe
    assert recipe_from_text(samples.A1111).program == "AUTOMATIC1111"
    assert recipe_from_text(samples.INVOKEAI).program == "InvokeAI"


@pytest.mark.parametrize("text", ["", "   ", "shopping list", "{}", "a = 1", "https://example.com"])
def test_a_clipboard_without_recipe_says_so(text: str) -> None:
    with pytest.raises(SettingsError, match="no recipe"):
        recipe_from_text(text)


def test_a_wrong_value_on_the_clipboard_is_named() -> None:
    with pytest.raises(SettingsError, match="strength"):
        recipe_from_text('{"edit": {"strength": 4}}')


def test_a_recipe_is_cut_to_what_a_model_can_use() -> None:
    """Restored for Stable Diffusion, applied with the built-in model: nothing may block the run."""
    edit = EditSettings(
        mode=Mode.REPAINT, strength=0.3, prompt="x", guidance_scale=7, scheduler=SchedulerName.LCM,
        clip_skip=1, num_inference_steps=20,
    )  # fmt: skip
    cut = fitted(Recipe(edit=edit), builtin_spec())
    kept = EditSettings(mode=Mode.REPAINT, strength=0.3, num_inference_steps=20)
    assert cut.recipe.edit == kept
    assert len(cut.left_out) == 4
    assert any("takes no prompt" in line for line in cut.left_out)
