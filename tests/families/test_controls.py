"""ControlNets and references keep the picture at high strength; unused they must cost nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from core.engine.latent.components import Components, load_components
from core.engine.latent.conditions import Conditioner, of_photograph, setup
from core.engine.latent.controls import control_picture, load_control
from core.engine.latent.image_encoders import load_image_encoder
from core.engine.latent.lineart import lines_of
from core.errors import ImageReadError, ModelNotFoundError, ModelUntrustedError, SettingsError
from core.recipe import ControlKind, ControlSetting, EditSettings, ReferenceSetting
from tests.families import ldm, original
from tests.families.loras import save_lora
from tests.families.specs import folder_spec

Folders = Callable[..., Path]

torch.set_num_threads(1)


def _load(folder: Path, family: str = "sd1") -> Components:
    return load_components(folder_spec(folder, family), "cpu", "fp32")


def _control(folder: Path, target: Path) -> Path:
    """Save a ControlNet for a model, with something to say, as a diffusers folder."""
    from diffusers import ControlNetModel, UNet2DConditionModel

    torch.manual_seed(3)
    control = ControlNetModel.from_unet(UNet2DConditionModel.from_pretrained(folder / "unet"))
    for name, weight in control.named_parameters():
        if "controlnet_" in name:
            torch.nn.init.normal_(weight, std=0.05)
    control.save_pretrained(target)
    return target


def _adapter(components: Components, folder: Path) -> Path:
    """Save an IP-Adapter for a model, and the encoder it sees with beside it, as published."""
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    torch.manual_seed(5)
    config = CLIPVisionConfig(
        hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        image_size=32, patch_size=8, projection_dim=24,
    )  # fmt: skip
    CLIPVisionModelWithProjection(config).save_pretrained(folder / "models" / "image_encoder")
    unet = components.denoiser
    width = int(unet.config.cross_attention_dim)
    weights: dict[str, torch.Tensor] = {
        "image_proj.proj.weight": torch.randn(4 * width, 24),
        "image_proj.proj.bias": torch.zeros(4 * width),
        "image_proj.norm.weight": torch.ones(width),
        "image_proj.norm.bias": torch.zeros(width),
    }
    for number, name in enumerate(unet.attn_processors):
        if name.endswith("attn2.processor"):
            layer = unet.get_submodule(name.removesuffix(".processor"))
            inner = layer.to_k.weight.shape[0]
            for part in ("to_k_ip", "to_v_ip"):
                weights[f"ip_adapter.{number}.{part}.weight"] = torch.randn(inner, width) * 0.2
    return original.write(folder / "models" / "ip-adapter_sd15.safetensors", weights)


def _picture(side: int = 64) -> torch.Tensor:
    return torch.rand(3, side, side, generator=torch.Generator().manual_seed(2))


def _call(components: Components, edit: EditSettings, conditioner: Conditioner) -> torch.Tensor:
    """Return what the real pipeline makes of a picture under what the edit asks for."""
    from diffusers import DDIMScheduler

    scheduler = DDIMScheduler.from_config(components.scheduler_config, clip_sample=False)
    conditions = conditioner.prepare(edit)
    name, extra = components.family.img2img, {}
    if conditions.control is not None:
        name = "StableDiffusionControlNetImg2ImgPipeline"
        extra = {"controlnet": conditions.control}
    picture = _picture()
    with torch.no_grad():
        made = components.pipeline(name, scheduler, **extra)(
            image=picture[None], strength=0.5, num_inference_steps=4, guidance_scale=3.0,
            generator=torch.Generator().manual_seed(1), output_type="pt",
            **conditions.arguments, **of_photograph(edit, picture),
        )  # fmt: skip
    return torch.as_tensor(made.images)


def _edit(**values: Any) -> EditSettings:
    return EditSettings(model="x", prompt="a house", guidance_scale=3.0, **values)


def test_control_reference_and_lora_work_together_and_leave_no_trace(
    family_folder: Folders, tmp_path: Path
) -> None:
    from core.recipe import LoraSetting

    folder = family_folder("sd1")
    components = _load(folder)
    conditioner = Conditioner(components)
    plain = _call(components, _edit(), conditioner)
    control = ControlSetting(kind=ControlKind.TILE, path=_control(folder, tmp_path / "control"))
    shown = tmp_path / "look.png"
    Image.new("RGB", (40, 30), (200, 40, 10)).save(shown)
    adapter = _adapter(components, tmp_path)
    reference = ReferenceSetting(image=shown, path=adapter, weight=0.8)
    lora = LoraSetting(path=save_lora(folder, tmp_path / "style.safetensors", "sd1"))
    held = _call(components, _edit(control=control), conditioner)
    looked = _call(components, _edit(reference_image=reference), conditioner)
    everything = _edit(control=control, reference_image=reference, loras=(lora,))
    all_three = _call(components, everything, conditioner)
    found = [plain, held, looked, all_three]
    assert all(torch.isfinite(one).all() for one in found)
    pairs = [(a, b) for a in range(4) for b in range(a)]
    assert not any(torch.equal(found[a], found[b]) for a, b in pairs)
    assert torch.equal(_call(components, _edit(), conditioner), plain)
    lighter = reference.model_copy(update={"weight": 0.2})
    assert not torch.equal(_call(components, _edit(reference_image=lighter), conditioner), looked)
    assert torch.equal(_call(components, _edit(reference_image=reference), conditioner), looked)


def test_only_edits_with_the_same_networks_may_be_in_work_together() -> None:
    one = ControlSetting(kind=ControlKind.TILE, path=Path("/a"))
    assert setup(_edit(strength=0.2)) == setup(_edit(strength=0.7, negative_prompt="x"))
    assert setup(_edit(control=one)) != setup(_edit())
    assert setup(_edit(vae=Path("/v"))) != setup(_edit())


def test_what_does_not_fit_is_refused(family_folder: Folders, tmp_path: Path) -> None:
    components = _load(family_folder("sd1"))

    def load(path: Path) -> Any:
        return load_control(components, ControlSetting(kind=ControlKind.TILE, path=path))

    with pytest.raises(SettingsError, match="does not fit"):
        load(_control(family_folder("sd2"), tmp_path / "other"))
    with pytest.raises(SettingsError, match="does not fit"):
        load(original.save_vae(family_folder("sd1"), tmp_path / "vae.safetensors"))
    with pytest.raises(ModelNotFoundError):
        load(tmp_path / "gone.safetensors")
    alone = _adapter(components, tmp_path / "a")
    shown = tmp_path / "look.png"
    shown.write_bytes(b"no picture")
    conditioner = Conditioner(components)

    def refer(path: Path) -> None:
        setting = ReferenceSetting(image=shown, path=path)
        conditioner.prepare(_edit(reference_image=setting))

    with pytest.raises(ImageReadError, match="look"):
        refer(alone)
    moved = alone.rename(tmp_path / "ip.safetensors")
    with pytest.raises(ModelNotFoundError, match="image encoder"):
        refer(moved)
    with pytest.raises(ModelUntrustedError, match="no IP-Adapter"):
        refer(original.save_vae(family_folder("sd1"), tmp_path / "vae.safetensors"))
    conditioner.prepare(_edit())


def test_models_without_them_say_so(family_folder: Folders, tmp_path: Path) -> None:
    components = _load(family_folder("flux"), "flux")
    conditioner = Conditioner(components)
    control = ControlSetting(kind=ControlKind.TILE, path=tmp_path)
    with pytest.raises(SettingsError, match="takes no ControlNet"):
        conditioner.prepare(_edit(control=control))
    reference = ReferenceSetting(image=tmp_path, path=tmp_path)
    with pytest.raises(SettingsError, match="takes no reference"):
        conditioner.prepare(_edit(reference_image=reference))
    with pytest.raises(SettingsError, match="takes no other VAE"):
        conditioner.prepare(_edit(vae=tmp_path))


def _first_name(name: str) -> str:
    """Return how the authors of ControlNet named what diffusers calls `name`."""
    part, _, rest = name.partition(".")
    if part == "controlnet_down_blocks":
        number, end = rest.split(".")
        return f"zero_convs.{number}.0.{end}"
    if part == "controlnet_mid_block":
        return f"middle_block_out.0.{rest}"
    if part != "controlnet_cond_embedding":
        return ldm.unet_name(name)
    if rest.startswith("blocks."):
        _, number, end = rest.split(".")
        return f"input_hint_block.{2 * int(number) + 2}.{end}"
    return rest.replace("conv_in", "input_hint_block.0").replace("conv_out", "input_hint_block.14")


def test_a_control_file_as_it_was_first_published_is_read(
    family_folder: Folders, tmp_path: Path
) -> None:
    """Its settings follow from the model; only weights lie in the file."""
    folder = family_folder("sd1")
    components = _load(folder)
    saved = _control(folder, tmp_path / "control")
    wanted = original.component(tmp_path, "control")
    first = {f"control_model.{_first_name(name)}": weight for name, weight in wanted.items()}
    moved = (saved / "diffusion_pytorch_model.safetensors").rename(tmp_path / "a.safetensors")
    for file in (moved, original.write(tmp_path / "b.safetensors", first)):
        setting = ControlSetting(kind=ControlKind.TILE, path=file)
        found = load_control(components, setting).state_dict()
        assert found.keys() == wanted.keys()
        assert all(torch.equal(found[name], wanted[name]) for name in wanted)


def test_an_image_encoder_is_found_as_comfyui_keeps_it(
    family_folder: Folders, tmp_path: Path
) -> None:
    """One file without settings, beside others that are for other adapters."""
    components = _load(family_folder("sd1"))
    adapter = _adapter(components, tmp_path)
    published = tmp_path / "models" / "image_encoder"
    (tmp_path / "comfy" / "ipadapter").mkdir(parents=True)
    (tmp_path / "comfy" / "clip_vision").mkdir()
    weights = original.component(published, "")
    original.write(tmp_path / "comfy/clip_vision/b.safetensors", weights)
    other = weights | {"visual_projection.weight": torch.zeros(48, 32)}
    original.write(tmp_path / "comfy/clip_vision/a.safetensors", other)
    moved = adapter.rename(tmp_path / "comfy" / "ipadapter" / "ip.safetensors")
    found = load_image_encoder(components, moved, 24)
    assert found.config.projection_dim == 24 and found.config.image_size == 32
    with pytest.raises(ModelNotFoundError, match="width 1280"):
        load_image_encoder(components, moved, 1280)


def test_lines_are_white_where_the_picture_has_dark_ones_and_nowhere_else() -> None:
    picture = torch.full((3, 96, 128), 0.7)
    picture[:, 40:42] = 0.1
    lines = lines_of(picture)
    assert lines.shape == picture.shape
    assert float(lines[:, 40:42].min()) > 0.9 and float(lines[:, :20].max()) < 0.05
    noisy = torch.full((3, 96, 128), 0.5) + 0.01 * torch.randn(
        3, 96, 128, generator=torch.Generator().manual_seed(1)
    )
    assert float(lines_of(noisy).mean()) < 0.1
    shown = control_picture(ControlKind.LINEART, picture)
    assert shown.shape == (1, 3, 96, 128) and torch.equal(shown[0], lines)
    assert torch.equal(control_picture(ControlKind.TILE, picture)[0], picture)
