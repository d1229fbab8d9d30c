"""The same prompt must lead a model the same way as in any other program."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from core.engine.latent.components import Components, load_components
from core.engine.latent.prompts import PromptMemory, encode_prompts
from core.errors import SettingsError
from core.recipe import EditSettings
from tests.families.build import BUILDERS
from tests.families.specs import folder_spec

Folders = Callable[..., Path]

torch.set_num_threads(1)
WORDS = "a red house, by the sea"


@functools.cache
def _loaded(folder: Path, family: str) -> Components:
    return load_components(folder_spec(folder, family), "cpu", "fp32")


def _edit(**values: Any) -> EditSettings:
    return EditSettings(model="x", **({"prompt": WORDS, "guidance_scale": 5.0} | values))


def _shapes(found: dict[str, Any]) -> set[tuple[int, ...]]:
    return {tuple(v.shape) for name, v in found.items() if "pooled" not in name}


PLAIN: dict[str, dict[str, Any]] = {
    "sd1": {"num_images_per_prompt": 1, "do_classifier_free_guidance": True},
    "sd2": {"num_images_per_prompt": 1, "do_classifier_free_guidance": True},
    "sdxl": {},
    "sd3": {"prompt_2": None, "prompt_3": None},
    "flux": {"prompt_2": None},
    "flux-kontext": {"prompt_2": None},
    "z-image": {},
    "qwen-image": {},
    "flux2-klein": {},
}
NAMES = {
    "sd1": ("prompt_embeds", "negative_prompt_embeds"),
    "sd2": ("prompt_embeds", "negative_prompt_embeds"),
    "sdxl": (
        "prompt_embeds", "negative_prompt_embeds",
        "pooled_prompt_embeds", "negative_pooled_prompt_embeds",
    ),
    "sd3": (
        "prompt_embeds", "negative_prompt_embeds",
        "pooled_prompt_embeds", "negative_pooled_prompt_embeds",
    ),
    "flux": ("prompt_embeds", "pooled_prompt_embeds"),
    "flux-kontext": ("prompt_embeds", "pooled_prompt_embeds"),
    "z-image": ("prompt_embeds", "negative_prompt_embeds"),
    "qwen-image": ("prompt_embeds", "prompt_embeds_mask"),
    "flux2-klein": ("prompt_embeds",),
}  # fmt: skip
"""What diffusers' encode_prompt gives, in its order."""


@pytest.mark.parametrize("family", sorted(PLAIN))
def test_a_plain_prompt_is_embedded_as_by_diffusers(family: str, family_folder: Folders) -> None:
    components = _loaded(family_folder(family), family)
    found = encode_prompts(components, _edit(negative_prompt="blur"))
    pipeline = components.pipeline(components.family.img2img, None)
    negative = {"negative_prompt": "blur"} if "negative_prompt_embeds" in NAMES[family] else {}
    plain = pipeline.encode_prompt(
        prompt=WORDS, device=torch.device("cpu"), **negative, **PLAIN[family]
    )
    for name, wanted in zip(NAMES[family], plain, strict=False):
        assert (found[name] is None) == (wanted is None)
        for own, other in zip(_listed(found[name]), _listed(wanted), strict=True):
            assert torch.equal(own, other), name


def _listed(value: Any) -> list[torch.Tensor]:
    return list(value) if isinstance(value, list) else [] if value is None else [value]


def test_every_family_has_a_way() -> None:
    from core.engine.latent.prompt_calls import CALLS

    assert set(CALLS) == set(BUILDERS)


@pytest.mark.parametrize("family", ["sd1", "sdxl"])
def test_weights_move_the_embedding_and_weights_of_1_do_not(
    family: str, family_folder: Folders
) -> None:
    components = _loaded(family_folder(family), family)

    def embedded(prompt: str) -> torch.Tensor:
        return torch.as_tensor(encode_prompts(components, _edit(prompt=prompt))["prompt_embeds"])

    plain = embedded("a red house")
    assert torch.equal(embedded("a (red:1.0) house"), plain)
    more, much = embedded("a (red:1.2) house"), embedded("a (red:1.4) house")
    less = embedded("a (red:0.6) house")
    assert 0 < float((more - plain).norm()) < float((much - plain).norm())
    assert float((less - plain).norm()) > 0
    assert plain.shape == more.shape == less.shape


@pytest.mark.parametrize("family", ["sd1", "sdxl"])
def test_prompts_of_more_than_77_tokens_are_not_cut_off(
    family: str, family_folder: Folders
) -> None:
    components = _loaded(family_folder(family), family)
    start = "a red house by the sea, " * 6
    found = encode_prompts(components, _edit(prompt=start, negative_prompt="blur"))
    assert len(_shapes(found)) == 1
    assert next(iter(_shapes(found)))[1] % 77 == 0
    other = encode_prompts(components, _edit(prompt=start + "at night", negative_prompt="blur"))
    tail = found["prompt_embeds"].shape[1]
    assert not torch.equal(other["prompt_embeds"][:, :tail], found["prompt_embeds"])


def test_a_long_negative_prompt_and_sections_come_out_as_long_as_the_prompt(
    family_folder: Folders,
) -> None:
    components = _loaded(family_folder("sd1"), "sd1")
    found = encode_prompts(components, _edit(negative_prompt="blur and noise, " * 20))
    assert len(_shapes(found)) == 1
    assert _shapes(encode_prompts(components, _edit(prompt="a BREAK b"))) == {(1, 154, 32)}


def test_layers_are_skipped_as_in_diffusers_and_no_more_than_there_are(
    family_folder: Folders,
) -> None:
    components = _loaded(family_folder("sd1"), "sd1")
    encoder, tokenizer = components.modules["text_encoder"], components.modules["tokenizer"]
    ids = tokenizer(WORDS, padding="max_length", max_length=77, return_tensors="pt").input_ids
    hidden = encoder(ids, output_hidden_states=True).hidden_states
    found = encode_prompts(components, _edit(clip_skip=1))["prompt_embeds"]
    assert torch.equal(found, encoder.final_layer_norm(hidden[-2]))
    assert not hasattr(encoder, "text_model")
    weighted = encode_prompts(components, _edit(clip_skip=1, prompt="a (red:1.2) house"))
    unskipped = encode_prompts(components, _edit(prompt="a (red:1.2) house"))
    assert not torch.equal(weighted["prompt_embeds"], unskipped["prompt_embeds"])
    with pytest.raises(SettingsError, match="clip_skip = 3") as caught:
        encode_prompts(components, _edit(clip_skip=3))
    assert "0 to 2" in caught.value.hint


def test_without_guidance_nothing_negative_is_computed(family_folder: Folders) -> None:
    components = _loaded(family_folder("sd1"), "sd1")
    found = encode_prompts(components, _edit(guidance_scale=1.0, negative_prompt="blur"))
    assert set(found) == {"prompt_embeds"}


def test_true_guidance_needs_both_prompts(family_folder: Folders) -> None:
    components = _loaded(family_folder("flux"), "flux")
    found = encode_prompts(components, _edit(true_guidance=4.0, negative_prompt="blur"))
    assert {"negative_prompt_embeds", "negative_pooled_prompt_embeds"} <= set(found)
    assert "negative_prompt_embeds" not in encode_prompts(components, _edit())


def test_embeddings_are_computed_once(family_folder: Folders) -> None:
    """A folder of a thousand photographs has one prompt."""
    components = _loaded(family_folder("sd1"), "sd1")
    memory = PromptMemory()
    first = memory.encode(components, _edit())["prompt_embeds"]
    assert memory.encode(components, _edit(strength=0.7, seed=3))["prompt_embeds"] is first
    assert memory.encode(components, _edit(prompt="other"))["prompt_embeds"] is not first
    for number in range(20):
        memory.encode(components, _edit(prompt=str(number)))
    assert memory.encode(components, _edit())["prompt_embeds"] is not first
