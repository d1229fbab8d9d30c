"""Pictures come from anywhere: no text in them may do more than be refused."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import SettingsError
from core.images.texts import PictureTexts
from core.interchange.clipboard import recipe_from_text
from core.interchange.comfyui import read_comfyui
from core.interchange.invokeai import read_invokeai
from core.interchange.parameters import read_parameters
from core.interchange.read import restore
from core.interchange.restored import Draft
from core.models.spec import builtin_spec
from tests.core.interchange import samples

SPECS = (builtin_spec(),)
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.sampled_from(["0.4", "euler", "karras", 10**30, -1, 1e-300, "\ud800", "x" * 500])
)  # fmt: skip
LINKS = st.tuples(st.sampled_from("123456789"), st.integers(0, 2)).map(list)
FIELDS = st.sampled_from(
    ["seed", "steps", "cfg", "sampler_name", "scheduler", "denoise", "model", "positive", "text",
     "negative", "latent_image", "ckpt_name", "lora_name", "strength_model", "start_at_step",
     "end_at_step", "clip", "conditioning", "guidance", "image", "pixels", "value", "sigmas",
     "stop_at_clip_layer", "guider", "sampler", "noise", "vae_name"]
)  # fmt: skip
KINDS = st.sampled_from(
    ["KSampler", "KSamplerAdvanced", "SamplerCustomAdvanced", "CLIPTextEncode", "Reroute",
     "LoraLoader", "CheckpointLoaderSimple", "LoadImage", "VAEEncode", "FluxGuidance", "Odd"]
)  # fmt: skip
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(FIELDS, inner),
    max_leaves=9,
)
GRAPHS = st.dictionaries(
    st.sampled_from("123456789"),
    st.fixed_dictionaries(
        {"class_type": KINDS, "inputs": st.dictionaries(FIELDS, SCALARS | LINKS | JSON)}
    ),
)
PAIRS = st.lists(
    st.tuples(
        st.sampled_from(["Steps", "Sampler", "CFG scale", "Seed", "Denoising strength", "Model",
                         "Clip skip", "Clean", "Version", "Lora hashes", "Odd: one"]),
        SCALARS.map(str),
    ),
    max_size=9,
)  # fmt: skip


def survives(read: Callable[[str], Draft], text: str) -> None:
    with contextlib.suppress(SettingsError):
        restored = read(text).finished(SPECS)
        restored.recipe.to_json().encode()
        "".join(restored.not_understood).encode()
        restored.missing_model.encode()


@given(st.text(max_size=300))
def test_any_text(text: str) -> None:
    for read in (read_parameters, read_invokeai, read_comfyui):
        survives(read, text)
    with contextlib.suppress(SettingsError):
        recipe_from_text(text)


@given(st.text(max_size=60), PAIRS)
def test_any_line_of_pairs(prompt: str, pairs: list[tuple[str, str]]) -> None:
    line = ", ".join(f"{name}: {value}" for name, value in pairs)
    survives(read_parameters, f"{prompt}\nNegative prompt: {prompt}\n{line}")


@given(GRAPHS)
@settings(max_examples=300)
def test_any_graph(graph: dict[str, Any]) -> None:
    survives(read_comfyui, json.dumps(graph))


@given(st.dictionaries(st.integers(1, 13).map(str), JSON, max_size=3), st.data())
def test_a_graph_with_parts_replaced(parts: dict[str, Any], data: st.DataObject) -> None:
    for graph in (samples.comfyui_graph() | parts, samples.flux_graph() | parts):
        number = data.draw(st.sampled_from(sorted(graph)))
        field, value = data.draw(FIELDS), data.draw(JSON | LINKS)
        with contextlib.suppress(TypeError, KeyError):
            graph[number]["inputs"][field] = value
        survives(read_comfyui, json.dumps(graph))


@given(JSON, st.integers(0, 7), st.sampled_from(["type", "inputs", "widgets_values", "id", "mode"]))
def test_a_workflow_with_parts_replaced(value: Any, number: int, field: str) -> None:
    workflow = samples.comfyui_workflow()
    workflow["nodes"][number][field] = value
    survives(read_comfyui, json.dumps(workflow))
    survives(read_comfyui, json.dumps(workflow | {"links": value}))


@given(st.dictionaries(st.sampled_from(sorted(json.loads(samples.INVOKEAI))), JSON))
def test_invokeai_with_parts_replaced(parts: dict[str, Any]) -> None:
    survives(read_invokeai, json.dumps(json.loads(samples.INVOKEAI) | parts))


@given(st.dictionaries(st.sampled_from(["edit", "format", "model", "key"]), JSON))
def test_our_own_note_replaced(parts: dict[str, Any]) -> None:
    texts = {name: value if isinstance(value, str) else json.dumps(value)
             for name, value in parts.items()}  # fmt: skip
    with contextlib.suppress(SettingsError):
        restore(PictureTexts(regrain=texts), "a.png", SPECS)


@pytest.mark.parametrize("text", ["[" * 200_000, '{"a":' * 200_000, "9" * 10_000])
def test_json_that_is_nested_or_long_beyond_sense(text: str) -> None:
    for read in (read_invokeai, read_comfyui):
        with pytest.raises(SettingsError):
            read(text)
