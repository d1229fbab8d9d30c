"""Models in folders of diffusers' layout: taken for what they are, or refused with the reason."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.errors import ModelNotFoundError, ModelUntrustedError
from core.models.families import FAMILIES
from core.models.folders import read_diffusers
from core.models.spec import Layout, ModelKind, ModelSpec, Prediction
from tests.families.original import component

FolderOf = Callable[..., Path]


def copied(folder: Path, tmp_path: Path, name: str = "model") -> Path:
    return Path(shutil.copytree(folder, tmp_path / name))


def change(folder: Path, file: str, **values: Any) -> Path:
    path = folder / file
    path.write_text(json.dumps(json.loads(path.read_text()) | values))
    return folder


def cached(folder: Path, tmp_path: Path) -> tuple[Path, str]:
    """Lay a model as the hub's cache does: a snapshot of links to blobs."""
    model = tmp_path / "models--someone--my-sdxl-turbo"
    (model / "blobs").mkdir(parents=True)
    home = model / "snapshots" / ("c" * 40)
    for number, path in enumerate(sorted(p for p in folder.rglob("*") if p.is_file())):
        blob, link = model / "blobs" / f"{number}", home / path.relative_to(folder)
        shutil.copyfile(path, blob)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(blob)
    return model, home.relative_to(model).as_posix()


def sharded(folder: Path, part: str, stem: str, form: str = "") -> list[str]:
    """Cut a component's weights into two files with an index, as large models come."""
    from safetensors.torch import save_file

    weights = component(folder, part)
    names = sorted(weights)
    halves = names[: len(names) // 2], names[len(names) // 2 :]
    files = [f"{stem}{form}-{n:05}-of-00002.safetensors" for n in (1, 2)]
    for old in (folder / part).glob("*.safetensors"):
        old.unlink()
    for file, half in zip(files, halves, strict=True):
        save_file({name: weights[name] for name in half}, folder / part / file)
    where = {name: files[name in halves[1]] for name in names}
    index = {"metadata": {}, "weight_map": where}
    (folder / part / f"{stem}.safetensors.index{form}.json").write_text(json.dumps(index))
    return [f"{part}/{file}" for file in files]


def weights_of(spec: ModelSpec, part: str) -> list[str]:
    return [f.path for f in spec.files if f.role == part and f.path.endswith(".safetensors")]


@pytest.mark.parametrize("family_id", sorted(FAMILIES))
def test_the_model_of_a_family_is_known_and_whole(family_folder: FolderOf, family_id: str) -> None:
    """Else nobody's model of that family could be added."""
    folder, family = family_folder(family_id), FAMILIES[family_id]
    spec = read_diffusers(folder)
    assert (spec.family, spec.variant, spec.layout) == (family_id, "", Layout.DIFFUSERS)
    assert spec.prediction is family.prediction
    assert spec.capabilities == family.capabilities
    assert spec.schedulers == family.schedulers
    assert not spec.distilled
    assert {family.denoiser, "vae", "text_encoder"} <= spec.parameters.keys()
    for name, count in spec.parameters.items():
        assert count == sum(weight.numel() for weight in component(folder, name).values())
        assert weights_of(spec, name)
    listed = {f.path for f in spec.files}
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert listed == there


@pytest.mark.parametrize(
    ("family", "variant", "distilled"),
    [
        ("sd1", "lcm", True), ("sd2", "turbo", True), ("sdxl", "turbo", True),
        ("sdxl", "lightning", True), ("flux", "schnell", True), ("z-image", "turbo", True),
        ("flux2-klein", "base", False), ("qwen-image-edit", "plus", False),
    ],
)  # fmt: skip
def test_distilled_forms_and_others(
    family_folder: FolderOf, family: str, variant: str, distilled: bool
) -> None:
    """Else a model for 4 steps would run 30, and burn every picture."""
    spec = read_diffusers(family_folder(family, variant))
    assert (spec.family, spec.variant, spec.distilled) == (family, variant, distilled)
    if distilled:
        known = FAMILIES[family].variants[variant]
        assert (spec.defaults, spec.levels) == (known.defaults, known.levels)
        assert not spec.capabilities.negative_prompt


def test_forms_that_only_settings_tell(family_folder: FolderOf, tmp_path: Path) -> None:
    """Names are changed; what the scheduler and the network say stays."""
    lcm = copied(family_folder("sd1", "lcm"), tmp_path, "dreamy")
    assert read_diffusers(lcm).variant == "lcm"
    schnell = copied(family_folder("flux", "schnell"), tmp_path, "fast-one")
    assert read_diffusers(schnell).variant == "schnell"
    v = read_diffusers(family_folder("sd1", "v"))
    assert (v.prediction, v.kind) == (Prediction.V, ModelKind.DIFFUSION)
    base = read_diffusers(family_folder("sd2", "base"))
    assert (base.family, base.prediction) == ("sd2", Prediction.EPSILON)


def test_the_size_that_it_was_made_for_is_taken_from_it(family_folder: FolderOf) -> None:
    """The small U-Nets are for latents of 8 x 8; transformers say nothing of it."""
    assert read_diffusers(family_folder("sdxl")).native_size == 64
    assert read_diffusers(family_folder("flux")).native_size == FAMILIES["flux"].native_size


def test_a_snapshot_in_the_hubs_cache_is_read_as_it_lies(
    family_folder: FolderOf, tmp_path: Path
) -> None:
    """Its files are links to blobs; else every model downloaded before would be refused."""
    model, home = cached(family_folder("sdxl", "turbo"), tmp_path)
    spec = read_diffusers(model, home)
    assert (spec.name, spec.variant, spec.home) == ("my-sdxl-turbo", "turbo", home)
    assert all(f.path.startswith(f"{home}/") for f in spec.files)
    sharded(model / home, "unet", "diffusion_pytorch_model")
    assert len(weights_of(read_diffusers(model, home), "unet")) == 2
    with pytest.raises(ModelUntrustedError, match="link to somewhere else"):
        read_diffusers(model / home)


@pytest.mark.parametrize("form", ["", ".fp16"])
def test_weights_in_several_files(family_folder: FolderOf, tmp_path: Path, form: str) -> None:
    folder = copied(family_folder("flux"), tmp_path)
    whole = read_diffusers(folder)
    files = sharded(folder, "transformer", "diffusion_pytorch_model", form)
    spec = read_diffusers(folder)
    assert weights_of(spec, "transformer") == files
    assert spec.parameters == whole.parameters
    (folder / files[1]).unlink()
    with pytest.raises(ModelNotFoundError, match=files[1]):
        read_diffusers(folder)


def test_of_several_forms_of_the_same_weights_one_is_taken(
    family_folder: FolderOf, tmp_path: Path
) -> None:
    """Else all would be hashed, and memory planned for twice the model."""
    folder = copied(family_folder("sd1"), tmp_path)
    for part, stem in (("unet", "diffusion_pytorch_model"), ("text_encoder", "model")):
        plain = folder / part / f"{stem}.safetensors"
        shutil.copyfile(plain, plain.with_name(f"{stem}.fp16.safetensors"))
    shutil.copyfile(folder / "unet/config.json", folder / "unet/diffusion_pytorch_model.bin")
    spec = read_diffusers(folder)
    assert weights_of(spec, "unet") == ["unet/diffusion_pytorch_model.safetensors"]
    (folder / "unet/diffusion_pytorch_model.safetensors").unlink()
    spec = read_diffusers(folder)
    assert weights_of(spec, "unet") == ["unet/diffusion_pytorch_model.fp16.safetensors"]


def test_what_is_never_loaded_is_neither_read_nor_pinned(
    family_folder: FolderOf, tmp_path: Path
) -> None:
    folder = copied(family_folder("sd1"), tmp_path)
    checker = ["stable_diffusion", "StableDiffusionSafetyChecker"]
    change(folder, "model_index.json", feature_extractor=["transformers", "CLIPImageProcessor"])
    (folder / "safety_checker").mkdir()
    (folder / "safety_checker/model.safetensors").write_bytes(b"broken")
    assert not [f for f in read_diffusers(folder).files if "checker" in f.path]
    # As Stable Diffusion 1.5's own folder names it.
    change(folder, "model_index.json", safety_checker=checker)
    assert not [f for f in read_diffusers(folder).files if "checker" in f.path]


def test_stable_diffusion_3_goes_without_its_largest_text_encoder(
    family_folder: FolderOf, tmp_path: Path
) -> None:
    """Many have it so, since T5 takes most of the memory."""
    folder = copied(family_folder("sd3"), tmp_path)
    nothing = [None, None]
    change(folder, "model_index.json", text_encoder_3=nothing, tokenizer_3=nothing)
    spec = read_diffusers(folder)
    assert "text_encoder_3" not in spec.parameters
    assert not [f for f in spec.files if f.role in ("text_encoder_3", "tokenizer_3")]


def _refused(folder_of: FolderOf, tmp_path: Path) -> dict[str, tuple[Path, str]]:
    """Return folders that are not used, and words that the reason must have."""

    def sd(name: str) -> Path:
        return copied(folder_of("sd1"), tmp_path, name)

    refiner = copied(folder_of("sdxl"), tmp_path, "xl-refiner")
    nothing = [None, None]
    change(refiner, "model_index.json", text_encoder=nothing, tokenizer=nothing)
    pickled = sd("pickled")
    for path in pickled.rglob("*.safetensors"):
        path.rename(path.with_suffix(".bin"))
    halves = sd("half")
    (halves / "unet/diffusion_pytorch_model.safetensors").unlink()
    program = sd("program")
    (program / "unet/net.py").write_text("print('run')")
    linked = sd("linked")
    (linked / "vae/extra.json").symlink_to(tmp_path / "elsewhere.json")
    fill = copied(folder_of("flux"), tmp_path, "fill")
    change(fill, "transformer/config.json", in_channels=384)
    cut = sd("cut")
    weights = cut / "vae/diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    wordless, unset = sd("wordless"), sd("unset")
    shutil.rmtree(wordless / "tokenizer")
    (unset / "vae/config.json").unlink()
    index, unet = "model_index.json", "unet/config.json"
    return {
        "inpaint": (change(sd("i"), unet, in_channels=9), "9 channels"),
        "fill": (fill, "384 channels"),
        "refiner": (refiner, "refiner"),
        "family": (change(sd("f"), index, _class_name="KandinskyPipeline"), "Kandinsky"),
        "class": (change(sd("c"), index, unet=["diffusers", "AnythingModel"]), "AnythingModel"),
        "library": (change(sd("l"), index, unet=["os", "system"]), "os"),
        "role": (change(sd("r"), index, unet=["diffusers", "AutoencoderKL"]), "AutoencoderKL"),
        "own": (change(sd("o"), unet, _class_name="AutoencoderKL"), "AutoencoderKL as its unet"),
        "remote": (change(sd("m"), "text_encoder/config.json", auto_map={"a": "b"}), "auto_map"),
        "vae": (change(sd("v"), "vae/config.json", latent_channels=8), "8 channels"),
        "sample": (
            change(sd("s"), "scheduler/scheduler_config.json", prediction_type="sample"),
            "'sample'",
        ),
        "no vae": (change(sd("n"), index, vae=nothing), "has no vae"),
        "wordless": (wordless, "no files for its tokenizer"),
        "unset": (unset, "no settings for its vae"),
        "pickled": (pickled, "can run code when opened"),
        "half": (halves, "weights of its unet"),
        "program": (program, "holds a program"),
        "linked": (linked, "link to somewhere else"),
        "cut": (cut, "ends too early"),
    }


def test_folders_that_cannot_be_used_are_refused_with_the_reason(
    family_folder: FolderOf, tmp_path: Path
) -> None:
    """Else code of others runs, or a model that is none is found out in the middle of a job."""
    (tmp_path / "elsewhere.json").write_text("{}")
    for name, (folder, word) in _refused(family_folder, tmp_path).items():
        with pytest.raises((ModelUntrustedError, ModelNotFoundError)) as caught:
            read_diffusers(folder)
        assert word in caught.value.message, name
        assert caught.value.hint, name
