"""A LoRA that is left in a model, or not taken up, spoils all photographs that follow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from core.engine.kernels import quicken
from core.engine.kernels.quicken import Quickener
from core.engine.latent.components import Components, load_components
from core.engine.latent.loras import LoraSet
from core.engine.latent.prompts import encode_prompts
from core.engine.messages import WINOGRAD
from core.errors import ModelNotFoundError, ModelUntrustedError, SettingsError
from core.recipe import EditSettings, LoraSetting
from tests.families import original
from tests.families.loras import save_lora
from tests.families.specs import folder_spec

Folders = Callable[..., Path]

torch.set_num_threads(1)
# peft says so of every second LoRA.
pytestmark = pytest.mark.filterwarnings("ignore:Already found a .peft_config.:UserWarning")


def _load(folder: Path, family: str) -> Components:
    return load_components(folder_spec(folder, family), "cpu", "fp32")


def _seen(components: Components) -> torch.Tensor:
    """Return what the model makes of fixed inputs: its prompt and one call of the denoiser."""
    edit = EditSettings(model="x", prompt="a red house", guidance_scale=1.0)
    found = encode_prompts(components, edit)
    draw = torch.Generator().manual_seed(1)
    with torch.no_grad():
        if components.family.denoiser == "unet":
            latents = torch.randn(1, 4, 8, 8, generator=draw)
            pooled = found.get("pooled_prompt_embeds")
            added = {"text_embeds": pooled, "time_ids": torch.ones(1, 6)}
            answer = components.denoiser(
                latents, 500, found["prompt_embeds"], added_cond_kwargs=added
            ).sample
        else:
            answer = components.denoiser(
                hidden_states=torch.randn(1, 16, 64, generator=draw),
                encoder_hidden_states=found["prompt_embeds"],
                pooled_projections=found["pooled_prompt_embeds"],
                timestep=torch.tensor([0.5]),
                img_ids=torch.zeros(16, 3),
                txt_ids=torch.zeros(found["prompt_embeds"].shape[1], 3),
                guidance=torch.tensor([3.5]),
            ).sample
    return torch.cat([answer.flatten(), found["prompt_embeds"].flatten()])


SLOW = pytest.mark.slow
FORMS = [
    ("sd1", "kohya"), ("sdxl", "kohya-ldm"), ("flux", "diffusers"),
    *(pytest.param(*form, marks=SLOW) for form in (
        ("sd1", "diffusers"), ("sdxl", "kohya"), ("sdxl", "diffusers"), ("flux", "kohya"),
    )),
]  # fmt: skip


@pytest.mark.parametrize(("family", "form"), FORMS)
def test_a_lora_works_as_in_diffusers_and_leaves_no_trace(
    family: str, form: str, family_folder: Folders, tmp_path: Path
) -> None:
    folder = family_folder(family)
    file = save_lora(folder, tmp_path / "style.safetensors", family, form)
    components = _load(folder, family)
    before = _seen(components)
    loras = LoraSet(components)
    loras.use((LoraSetting(path=file, weight=0.8),))
    taught = _seen(components)
    assert not torch.equal(taught, before)
    loras.use(())
    assert torch.equal(_seen(components), before)
    loras.use((LoraSetting(path=file, weight=0.8),))
    assert torch.equal(_seen(components), taught)
    loras.clear()
    assert torch.equal(_seen(components), before)
    pipeline = components.pipeline(components.family.img2img, None)
    pipeline.load_lora_weights(str(tmp_path), weight_name=file.name, adapter_name="style")
    pipeline.set_adapters(["style"], [0.8])
    assert torch.equal(taught, _seen(components))
    pipeline.unload_lora_weights()
    assert not any("lora" in name for name, _ in components.denoiser.named_modules())


def test_a_lora_works_on_a_model_with_faster_convolutions(
    family_folder: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quicken, "_LEAST_CHANNELS", 4)
    folder = family_folder("sd1")
    file = save_lora(folder, tmp_path / "style.safetensors", "sd1", "kohya")
    seen = []
    for quick in (False, True):
        components = _load(folder, "sd1")
        if quick:
            assert Quickener(WINOGRAD).quicken(components.denoiser)
        loras = LoraSet(components)
        plain = _seen(components)
        loras.use((LoraSetting(path=file, weight=0.8),))
        seen.append(_seen(components))
        loras.clear()
        assert torch.equal(_seen(components), plain)
    assert not torch.equal(*seen)
    assert torch.allclose(*seen, atol=1e-4 * float(seen[0].abs().max()))


def test_several_add_up_and_each_has_its_weight(family_folder: Folders, tmp_path: Path) -> None:
    folder = family_folder("sd1")
    files = [save_lora(folder, tmp_path / f"{k}.safetensors", "sd1", seed=k) for k in range(5)]
    components = _load(folder, "sd1")
    loras = LoraSet(components)

    def seen(*weights: float) -> torch.Tensor:
        wanted = zip(files, weights, strict=False)
        loras.use(tuple(LoraSetting(path=file, weight=weight) for file, weight in wanted))
        return _seen(components)

    base, one, both = seen(), seen(0.5), seen(0.5, 0.5)
    assert not torch.equal(one, both) and not torch.equal(one, base)
    assert torch.equal(seen(0.5, 0.0), one)
    assert not torch.equal(seen(1.0), one)
    seen(*[0.5] * 5)
    assert torch.equal(seen(0.5), one) and torch.equal(seen(), base)
    loras.use((LoraSetting(path=files[0], weight=0.25), LoraSetting(path=files[0], weight=0.25)))
    assert torch.equal(_seen(components), one)


def test_a_lora_that_was_written_anew_is_read_anew(family_folder: Folders, tmp_path: Path) -> None:
    folder = family_folder("sd1")
    file = save_lora(folder, tmp_path / "a.safetensors", "sd1")
    components = _load(folder, "sd1")
    loras = LoraSet(components)
    loras.use((LoraSetting(path=file),))
    first = _seen(components)
    save_lora(folder, file, "sd1", size=2.0, seed=9)
    loras.use((LoraSetting(path=file),))
    assert not torch.equal(_seen(components), first)


def test_wrong_files_are_refused_and_leave_the_model_as_it_was(
    family_folder: Folders, tmp_path: Path
) -> None:
    components = _load(family_folder("sd1"), "sd1")
    before = _seen(components)
    loras = LoraSet(components)

    def use(path: Path) -> None:
        loras.use((LoraSetting(path=path),))

    with pytest.raises(SettingsError, match="does not fit"):
        use(save_lora(family_folder("sdxl"), tmp_path / "xl.safetensors", "sdxl", "diffusers"))
    with pytest.raises(SettingsError, match="does not fit"):
        use(save_lora(family_folder("flux"), tmp_path / "flux.safetensors", "flux"))
    with pytest.raises(SettingsError, match="does not fit"):
        use(original.save_vae(family_folder("sd1"), tmp_path / "vae.safetensors"))
    with pytest.raises(ModelNotFoundError, match="cannot be read"):
        use(tmp_path / "gone.safetensors")
    pickle = tmp_path / "bad.safetensors"
    pickle.write_bytes(b"\x80\x04\x95" + b"\0" * 100)
    with pytest.raises(ModelUntrustedError):
        use(pickle)
    renamed = tmp_path / "bad.pt"
    renamed.write_bytes(pickle.read_bytes())
    with pytest.raises(ModelUntrustedError):
        use(renamed)
    weights = {"lora_unet_x.lora_down.weight": torch.full((4, 4), float("nan"))}
    with pytest.raises(ModelUntrustedError, match="no numbers"):
        use(original.write(tmp_path / "nan.safetensors", weights))
    loras.use(())
    assert torch.equal(_seen(components), before)
    # Neither does one that worked before a wrong one came.
    use(save_lora(family_folder("sd1"), tmp_path / "good.safetensors", "sd1"))
    with pytest.raises(ModelUntrustedError):
        use(pickle)
    loras.use(())
    assert torch.equal(_seen(components), before)
