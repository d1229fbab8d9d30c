"""Recipes of other programs: read wrongly, a user's pictures come out other than they were."""

from __future__ import annotations

import json

import pytest

from core.errors import SettingsError
from core.interchange.comfyui import read_comfyui
from core.interchange.invokeai import read_invokeai
from core.interchange.parameters import read_pairs, read_parameters
from core.interchange.restored import RestoredRecipe
from core.models.spec import ModelSpec, builtin_spec
from core.recipe import Mode, SchedulerName, SeedMode, SigmaSchedule
from tests.core.interchange import samples


def dreamshaper() -> ModelSpec:
    return builtin_spec().model_copy(update={"id": "dreamshaper_8", "name": "DreamShaper 8"})


def test_automatic1111_parameters_become_a_recipe() -> None:
    restored = read_parameters(samples.A1111).finished([builtin_spec()])
    edit = restored.recipe.edit
    assert restored.program == "AUTOMATIC1111"
    assert edit.prompt == "portrait of a fisherman, (weathered:1.3), , soft light\nsecond line"
    assert edit.negative_prompt == "blurry, lowres,\nwatermark"
    assert (edit.mode, edit.strength) == (Mode.REPAINT, 0.35)
    assert (edit.num_inference_steps, edit.guidance_scale) == (28, 6.5)
    assert (edit.scheduler, edit.sigmas) == (SchedulerName.DPMPP_2M, SigmaSchedule.KARRAS)
    assert (edit.seed, edit.seed_mode) == (3141592653, SeedMode.FIXED)
    assert edit.clip_skip == 1
    assert restored.missing_model == "v1-5-pruned-emaonly"
    assert restored.loras == (("add_detail", 0.6),)
    assert set(restored.not_understood) == {
        "LoRA: add_detail (weight 0.6)", "VAE: vae-ft-mse, 840000", "Hires upscale: 2",
    }  # fmt: skip


def test_forge_is_told_apart_and_its_guidance_is_the_distilled_one() -> None:
    restored = read_parameters(samples.FORGE).finished([builtin_spec()])
    assert restored.program == "Forge"
    assert restored.recipe.edit.guidance_scale == 3.5
    assert restored.recipe.edit.scheduler is SchedulerName.EULER
    assert restored.recipe.edit.strength == 0.7
    assert restored.not_understood == ()


def test_brackets_hold_a_value_together() -> None:
    """Sites add JSON to the line of pairs; its commas and colons are no pairs of ours."""
    pairs = read_pairs(samples.CIVITAI.splitlines()[-1])
    assert pairs["Civitai resources"].startswith("[{")
    assert pairs["Denoising strength"] == "0.4"
    assert "modelName" not in pairs
    edit = read_parameters(samples.CIVITAI).finished([]).recipe.edit
    assert (edit.clip_skip, edit.strength) == (0, 0.4)


def test_a_picture_from_words_alone_says_that_it_has_no_strength() -> None:
    text = "a barn\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512"
    restored = read_parameters(text).finished([])
    assert any("No strength" in note for note in restored.not_understood)


def test_an_unknown_sampler_is_named_with_the_nearest_one() -> None:
    text = "Steps: 20, Sampler: DPM++ 3M SDE, Schedule type: Polyexponential, CFG scale: 7"
    restored = read_parameters(text).finished([])
    assert restored.recipe.edit.scheduler is None
    assert any("DPM++ 3M SDE" in note and "DPM++ 2M" in note for note in restored.not_understood)
    assert "Spacing of the steps: Polyexponential" in restored.not_understood


def test_a_value_out_of_range_is_listed_and_not_used() -> None:
    text = "Steps: 2000000, Sampler: Euler, CFG scale: 7, Seed: -1, Denoising strength: 0.3"
    restored = read_parameters(text).finished([])
    assert restored.recipe.edit.num_inference_steps is None
    assert {"Steps: 2000000", "Seed: -1"} <= set(restored.not_understood)


def test_the_same_model_is_found_by_name_or_hash() -> None:
    spec = dreamshaper()
    by_name = "Steps: 20, Sampler: Euler, CFG scale: 7, Model: DreamShaper_8"
    by_hash = f"Steps: 20, Sampler: Euler, CFG scale: 7, Model hash: {spec.hashes()[0][:10]}"
    for text in (by_name, by_hash):
        restored = read_parameters(text).finished([spec])
        assert (restored.recipe.edit.model, restored.missing_model) == ("dreamshaper_8", "")


def test_invokeai_metadata_becomes_a_recipe() -> None:
    restored = read_invokeai(samples.INVOKEAI).finished([builtin_spec()])
    edit = restored.recipe.edit
    assert (edit.prompt, edit.negative_prompt) == ("harbour at dawn", "people")
    assert (edit.scheduler, edit.sigmas) == (SchedulerName.DPMPP_2M, SigmaSchedule.KARRAS)
    assert (edit.num_inference_steps, edit.guidance_scale, edit.strength) == (30, 5.5, 0.4)
    assert (edit.seed, edit.seed_mode) == (2147483648, SeedMode.FIXED)
    assert restored.missing_model == "Juggernaut XL v9"
    assert restored.loras == (("film-grain", 0.75),)
    assert restored.source_name == "harbour.png"
    assert restored.not_understood == ("hrf enabled: True", "LoRA: film-grain (weight 0.75)")


def test_comfyui_is_read_backwards_from_the_sampler() -> None:
    restored = read_comfyui(json.dumps(samples.comfyui_graph())).finished([dreamshaper()])
    edit = restored.recipe.edit
    assert (edit.prompt, edit.negative_prompt) == ("a lighthouse in fog", "blurry")
    assert (edit.scheduler, edit.sigmas) == (SchedulerName.DPMPP_2M, SigmaSchedule.KARRAS)
    assert (edit.guidance_scale, edit.seed, edit.clip_skip) == (6.0, 987654321012345, 1)
    assert edit.model == "dreamshaper_8"
    assert restored.loras == (("detail", 0.8),)
    assert restored.source_name == "IMG_0412.JPG"
    assert "Node FreeU_V2" in restored.not_understood
    assert "Node ImageUpscaleWithModel, after the sampler" in restored.not_understood


def test_comfyui_runs_all_its_steps_so_ours_are_more() -> None:
    """`denoise` 0.4 with 12 steps runs 12 steps from 0.4 down; here that is 12 of 30."""
    edit = read_comfyui(json.dumps(samples.comfyui_graph())).finished([]).recipe.edit
    assert (edit.strength, edit.num_inference_steps) == (0.4, 30)


def test_an_advanced_sampler_that_starts_late_has_a_strength() -> None:
    graph = samples.comfyui_graph()
    graph["10"] = samples.node(
        "KSamplerAdvanced", noise_seed=5, steps=20, cfg=7, sampler_name="ddim",
        scheduler="normal", start_at_step=14, end_at_step=10000, add_noise="enable",
        model=["1", 0], positive=["5", 0], negative=["6", 0], latent_image=["8", 0],
    )  # fmt: skip
    edit = read_comfyui(json.dumps(graph)).finished([]).recipe.edit
    assert (edit.strength, edit.num_inference_steps, edit.seed) == (0.3, 20, 5)


def test_the_last_of_several_samplers_counts_and_the_others_are_named() -> None:
    graph = samples.comfyui_graph()
    graph["8"] = samples.node("LatentUpscale", samples=["20", 0])
    graph["20"] = graph["10"] | {"inputs": graph["10"]["inputs"] | {"steps": 3}}
    graph["20"]["inputs"]["latent_image"] = ["21", 0]
    graph["21"] = samples.node("EmptyLatentImage", width=512)
    restored = read_comfyui(json.dumps(graph)).finished([])
    assert restored.recipe.edit.num_inference_steps == 30
    assert "Another pass of KSampler, node 20" in restored.not_understood


def test_the_parts_of_a_flux_graph_are_put_together() -> None:
    restored = read_comfyui(json.dumps(samples.flux_graph())).finished([builtin_spec()])
    edit = restored.recipe.edit
    assert (edit.prompt, edit.guidance_scale, edit.seed) == ("snow on pines", 3.5, 77)
    assert (edit.scheduler, edit.num_inference_steps) == (SchedulerName.EULER, 20)
    assert restored.missing_model == "flux1-dev"
    assert any("prompt alone" in note for note in restored.not_understood)


def test_a_workflow_is_read_where_there_is_no_executed_graph() -> None:
    """Bypassed nodes are stepped over and muted ones do not count, as in ComfyUI itself."""
    restored = read_comfyui(json.dumps(samples.comfyui_workflow())).finished([])
    edit = restored.recipe.edit
    assert (edit.prompt, edit.negative_prompt) == ("mountain lake", "ugly")
    assert (edit.strength, edit.num_inference_steps) == (0.5, 40)
    assert edit.scheduler is SchedulerName.EULER_A
    assert restored.missing_model == "sd_xl_base_1.0"
    assert (restored.loras, restored.source_name) == ((), "lake.jpg")


def test_a_seed_beyond_63_bits_is_listed() -> None:
    graph = samples.comfyui_graph()
    graph["10"]["inputs"]["seed"] = 2**64 - 1
    restored = read_comfyui(json.dumps(graph)).finished([])
    assert restored.recipe.edit.seed_mode is SeedMode.PER_PHOTO
    assert any(str(2**64 - 1) in note for note in restored.not_understood)


def test_links_in_a_circle_end() -> None:
    graph = samples.comfyui_graph()
    graph["9"]["inputs"]["model"] = ["9", 0]
    graph["5"] = samples.node("ConditioningCombine", conditioning_1=["5", 0])
    graph["8"] = samples.node("Reroute", samples=["8", 0])
    restored: RestoredRecipe = read_comfyui(json.dumps(graph)).finished([])
    assert restored.recipe.edit.strength == 0.4


@pytest.mark.parametrize("text", ["{}", "[]", "null", "{", '{"1": 2}', '{"nodes": 3}', "1e999"])
def test_what_is_no_graph_is_refused(text: str) -> None:
    with pytest.raises(SettingsError):
        read_comfyui(text)
    with pytest.raises(SettingsError):
        read_invokeai(text)
