"""A model that loads wrong makes other pictures than its author's, or none at all."""

from __future__ import annotations

import functools
import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from core.engine.latent.components import Components, load_components
from core.engine.latent.vaes import VaeChoice
from core.errors import ModelNotFoundError, ModelUntrustedError, SettingsError
from core.models.families import FAMILIES
from tests.families import ldm, original
from tests.families.build import BUILDERS
from tests.families.specs import folder_spec, parts_spec, single_spec

Folders = Callable[..., Path]

torch.set_num_threads(1)


def _load(folder: Path, family: str, variant: str = "") -> Components:
    return load_components(folder_spec(folder, family, variant), "cpu", "fp32")


@functools.cache
def _shared(folder: Path, family: str) -> Components:
    """Return a model that no test changes."""
    return _load(folder, family)


def _weights(components: Components) -> dict[str, torch.Tensor]:
    return {
        f"{part}.{name}": tensor
        for part, module in components.modules.items()
        if isinstance(module, torch.nn.Module)
        for name, tensor in [*module.state_dict().items(), *module.named_buffers()]
    }


def _assert_equal(found: dict[str, torch.Tensor], wanted: dict[str, torch.Tensor]) -> None:
    assert found.keys() == wanted.keys()
    assert [name for name in wanted if not torch.equal(found[name], wanted[name])] == []


QUICK = {"sd1", "sd3", "flux", "qwen-image-edit"}


def _some(families: Iterable[str], quick: Iterable[str]) -> list[Any]:
    """Return all families; those that are not `quick` are tested in the long tier only."""
    slow = pytest.mark.slow
    return [f if f in quick else pytest.param(f, marks=slow) for f in sorted(families)]


@pytest.mark.parametrize("family", _some(BUILDERS, QUICK))
def test_a_folder_gives_what_diffusers_itself_would_load(
    family: str, family_folder: Folders
) -> None:
    from diffusers import DiffusionPipeline

    folder = family_folder(family)
    # transformers' class for pictures needs torchvision; ours stands in its place.
    without = {"processor": None} if family == "qwen-image-edit" else {}
    plain = DiffusionPipeline.from_pretrained(folder, local_files_only=True, **without)
    components = _shared(folder, family)
    wanted = Components(components.spec, plain.components, {}, "cpu", "fp32")
    _assert_equal(_weights(components), _weights(wanted))
    own = components.pipeline(components.family.img2img, None)
    assert type(own).__name__ == FAMILIES[family].img2img
    for name in ("tokenizer", "tokenizer_2", "tokenizer_3"):
        if plain.components.get(name) is not None:
            words = "a red house, by the sea"
            assert (
                components.modules[name](words).input_ids == plain.components[name](words).input_ids
            )


@pytest.mark.parametrize("family", _some(original.SINGLES, {"sd1", "sdxl", "flux"}))
def test_one_file_gives_the_same_weights_as_its_folder(
    family: str, family_folder: Folders, tmp_path: Path
) -> None:
    folder = family_folder(family)
    file = original.save_single(folder, tmp_path / "model.safetensors", family)
    found = load_components(single_spec(file, family, folder), "cpu", "fp32")
    _assert_equal(_weights(found), _weights(_shared(folder, family)))


def test_parts_that_lie_apart_give_the_same_weights(family_folder: Folders, tmp_path: Path) -> None:
    folder = family_folder("flux")
    files = original.save_parts(folder, tmp_path)
    found = load_components(parts_spec(files, "flux", folder), "cpu", "fp32")
    _assert_equal(_weights(found), _weights(_shared(folder, "flux")))


PARTED = {
    "sd3": ("transformer", "text_encoder", "text_encoder_2", "text_encoder_3", "vae"),
    "z-image": ("transformer", "text_encoder", "vae"),
    "qwen-image": ("transformer", "text_encoder", "vae"),
    "flux2-klein": ("transformer", "text_encoder", "vae"),
}


@pytest.mark.parametrize("family", _some(PARTED, {"sd3"}))
def test_parts_of_the_other_families_are_put_together(
    family: str, family_folder: Folders, tmp_path: Path
) -> None:
    """Networks by the names of diffusers, VAEs by their first ones, as ComfyUI has them."""
    folder, files = family_folder(family), {}
    for part in PARTED[family]:
        weights = original.component(folder, part)
        if part == "vae" and family != "qwen-image":
            statistics = {name: w for name, w in weights.items() if name.startswith("bn.")}
            rest = {name: w for name, w in weights.items() if name not in statistics}
            weights = ldm.vae(rest) | statistics
        if family == "sd3" and part == "text_encoder":
            del weights["text_projection.weight"]
        files[part] = original.write(tmp_path / f"{part}.safetensors", weights)
    found = _weights(load_components(parts_spec(files, family, folder), "cpu", "fp32"))
    wanted = _weights(_shared(folder, family))
    if family == "sd3":
        name = "text_encoder.text_projection.weight"
        wanted[name] = torch.eye(len(wanted[name]))
        del files["text_encoder_3"]
        without = load_components(parts_spec(files, family, folder), "cpu", "fp32")
        assert without.modules["text_encoder_3"] is without.modules["tokenizer_3"] is None
    _assert_equal(found, wanted)


@pytest.mark.parametrize("form", ["fp8", "scaled", "comfy_quant"])
def test_8_bit_parts_are_brought_back_to_the_numbers_they_stand_for(
    form: str, family_folder: Folders, tmp_path: Path
) -> None:
    folder = family_folder("flux")
    files = original.save_parts(folder, tmp_path, form)
    found = _weights(load_components(parts_spec(files, "flux", folder), "cpu", "fp32"))
    wanted = _weights(_shared(folder, "flux"))
    assert found.keys() == wanted.keys()
    for name, tensor in wanted.items():
        assert found[name].dtype is tensor.dtype
        # 3 bits of mantissa: 1 / 16 of a number, and what is smaller than the smallest.
        assert bool(((found[name] - tensor).abs() <= tensor.abs() / 15 + 0.003).all()), name


def test_weights_compressed_in_blocks_are_refused(family_folder: Folders, tmp_path: Path) -> None:
    """Read as if there were no blocks, they would be noise."""
    folder = family_folder("flux")
    files = original.save_parts(folder, tmp_path, "scaled")
    weights = load_file(files["transformer"])
    name = next(name for name in weights if name.endswith(".scale_weight"))
    original.write(files["transformer"], weights | {name: torch.ones(3, 2)})
    with pytest.raises(ModelUntrustedError, match="compressed in a way"):
        load_components(parts_spec(files, "flux", folder), "cpu", "fp32")


def test_lower_precision_keeps_shapes_and_halves_memory(family_folder: Folders) -> None:
    spec = folder_spec(family_folder("sd1"), "sd1")
    components = load_components(spec, "cpu", "bf16")
    assert components.denoiser.dtype is torch.bfloat16
    assert components.modules["text_encoder"].dtype is torch.bfloat16


def test_shards_are_put_together(family_folder: Folders, tmp_path: Path) -> None:
    """Large models come in several files; without all of them nothing may run."""
    from diffusers import UNet2DConditionModel

    folder = tmp_path / "model"
    shutil.copytree(family_folder("sd1"), folder)
    whole = UNet2DConditionModel.from_pretrained(folder / "unet")
    (folder / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    whole.save_pretrained(folder / "unet", max_shard_size="300KB")
    shards = sorted((folder / "unet").glob("*.safetensors"))
    assert len(shards) > 1
    _assert_equal(_weights(_load(folder, "sd1")), _weights(_shared(family_folder("sd1"), "sd1")))
    shards[1].unlink()
    with pytest.raises(ModelUntrustedError, match="missing"):
        _load(folder, "sd1")


def test_a_snapshot_of_the_hubs_cache_is_read_where_it_lies(
    family_folder: Folders, tmp_path: Path
) -> None:
    cache = tmp_path / "models--x--y"
    home = cache / "snapshots" / "abc"
    shutil.copytree(family_folder("sd1"), home)
    components = load_components(folder_spec(cache, "sd1", home="snapshots/abc"), "cpu", "fp32")
    _assert_equal(_weights(components), _weights(_shared(family_folder("sd1"), "sd1")))


def test_of_two_forms_of_the_same_weights_one_is_read(
    family_folder: Folders, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(family_folder("sd1"), folder)
    unet = folder / "unet"
    shutil.copy(unet / "diffusion_pytorch_model.safetensors", unet / "x.fp16.safetensors")
    _load(folder, "sd1")
    (unet / "diffusion_pytorch_model.safetensors").unlink()
    _load(folder, "sd1")


def _changed(folder: Path, name: str, **values: Any) -> None:
    path = folder / name
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("unet/config.json", {"layers_per_block": 2_000_000_000}),
        ("unet/config.json", {"block_out_channels": [1 << 20] * 4}),
        ("unet/config.json", {"cross_attention_dim": 64}),
        ("unet/config.json", {"down_block_types": ["Nonsense"] * 4}),
        ("text_encoder/config.json", {"num_hidden_layers": 1_000_000_000}),
        ("text_encoder/config.json", {"vocab_size": 1 << 40}),
        ("vae/config.json", {"latent_channels": 16}),
    ],
)
def test_settings_that_do_not_fit_the_weights_are_refused_before_memory_is_taken(
    name: str, values: dict[str, Any], family_folder: Folders, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(family_folder("sd1"), folder)
    _changed(folder, name, **values)
    with pytest.raises(ModelUntrustedError, match="cannot be used"):
        _load(folder, "sd1")


def test_weights_that_are_no_numbers_are_refused(family_folder: Folders, tmp_path: Path) -> None:
    """A model with NaN in it gives black photographs, after hours."""
    folder = tmp_path / "model"
    shutil.copytree(family_folder("sd1"), folder)
    path = folder / "vae" / "diffusion_pytorch_model.safetensors"
    weights = original.component(folder, "vae")
    next(iter(weights.values())).view(-1)[0] = float("nan")
    original.write(path, weights)
    with pytest.raises(ModelUntrustedError, match="no numbers"):
        _load(folder, "sd1")


def test_a_file_that_changed_since_it_was_added_is_refused(
    family_folder: Folders, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(family_folder("sd1"), folder)
    spec = folder_spec(folder, "sd1")
    _changed(folder, "unet/config.json", sample_size=16)
    with pytest.raises(ModelUntrustedError, match="not the file that was added"):
        load_components(spec, "cpu", "fp32")


@pytest.mark.parametrize(
    ("index", "why"),
    [
        ({"unet": ["diffusers", "FluxTransformer2DModel"]}, "does not run"),
        ({"unet": ["diffusers", "AutoencoderKL"]}, "as its unet"),
        ({"unet": ["my_code", "UNet2DConditionModel"]}, "does not run"),
        ({"_class_name": "FluxPipeline"}, "does not run"),
    ],
)
def test_classes_that_are_not_the_familys_are_refused(
    index: dict[str, Any], why: str, family_folder: Folders, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(family_folder("sd1"), folder)
    _changed(folder, "model_index.json", **index)
    with pytest.raises(ModelUntrustedError, match=why):
        _load(folder, "sd1")


def test_files_that_were_not_listed_are_not_looked_at(
    family_folder: Folders, tmp_path: Path
) -> None:
    """What is put beside a model after it was added has no say."""
    folder = tmp_path / "model"
    shutil.copytree(family_folder("sd1"), folder)
    spec = folder_spec(folder, "sd1")
    (folder / "tokenizer" / "added_tokens.json").write_text('{"house": 3}')
    (folder / "unet" / "diffusion_pytorch_model.fp16.safetensors").write_bytes(b"nothing")
    components = load_components(spec, "cpu", "fp32")
    assert len(components.modules["tokenizer"]("house").input_ids) == 7


def test_a_single_file_without_settings_says_what_it_lacks(
    family_folder: Folders, tmp_path: Path
) -> None:
    file = original.save_single(family_folder("sd1"), tmp_path / "a.safetensors", "sd1")
    spec = single_spec(file, "sd1", family_folder("sd1"))
    bare = spec.model_copy(update={"config_folder": None, "config_files": ()})
    with pytest.raises(ModelNotFoundError, match="settings and tokenizers"):
        load_components(bare, "cpu", "fp32")


def test_another_vae_is_used_and_taken_back(family_folder: Folders, tmp_path: Path) -> None:
    components = _load(family_folder("sd1"), "sd1")
    own = components.modules["vae"]
    choice = VaeChoice(components)
    other = original.save_vae(family_folder("sd2"), tmp_path / "other.safetensors")
    choice.use(other)
    wanted = _load(family_folder("sd2"), "sd2").modules["vae"].state_dict()
    _assert_equal(components.modules["vae"].state_dict(), wanted)
    choice.use(family_folder("sd2") / "vae")
    _assert_equal(components.modules["vae"].state_dict(), wanted)
    choice.use(None)
    assert components.modules["vae"] is own
    wrong = original.save_vae(family_folder("flux"), tmp_path / "ae.safetensors")
    with pytest.raises(SettingsError, match="does not fit"):
        choice.use(wrong)
    assert components.modules["vae"] is own
    with pytest.raises(ModelNotFoundError, match="cannot be read"):
        choice.use(tmp_path / "gone.safetensors")
