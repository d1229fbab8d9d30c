"""A model that is larger than the card must still give the same photographs, only slower."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from core.engine.latent.components import Components, load_components
from core.engine.latent.loras import LoraSet
from core.engine.latent.placing import Placing
from core.engine.latent.prompts import encode_prompts
from core.errors import SettingsError
from core.models.fit import Fit, Offload
from core.recipe import EditSettings, LoraSetting
from tests.families.loras import save_lora
from tests.families.specs import folder_spec

Folders = Callable[..., Path]

torch.set_num_threads(1)


def _made(components: Components) -> torch.Tensor:
    from diffusers import DDIMScheduler

    edit = EditSettings(model="x", prompt="a (red:1.2) house", guidance_scale=3.0)
    scheduler = DDIMScheduler.from_config(components.scheduler_config, clip_sample=False)
    pipeline = components.pipeline(components.family.img2img, scheduler)
    picture = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        made = pipeline(
            image=picture, strength=0.5, num_inference_steps=4, guidance_scale=3.0,
            generator=torch.Generator().manual_seed(1), output_type="pt",
            **encode_prompts(components, edit),
        )  # fmt: skip
    return torch.as_tensor(made.images)


def _load(folder: Path, offload: Offload) -> Components:
    return load_components(folder_spec(folder, "sd1"), "cpu", "fp32", Fit("fp32", offload))


def test_offloaded_models_give_the_same_pictures(family_folder: Folders, tmp_path: Path) -> None:
    folder = family_folder("sd1")
    lora = LoraSetting(path=save_lora(folder, tmp_path / "style.safetensors", "sd1"))
    plain, by_parts = _load(folder, Offload.NONE), _load(folder, Offload.MODEL)
    by_layers = _load(folder, Offload.SEQUENTIAL)
    wanted = _made(plain)
    assert torch.equal(_made(by_parts), wanted)
    assert torch.equal(_made(by_layers), wanted)
    for components in (plain, by_parts):
        LoraSet(components).use((lora,))
    taught = _made(plain)
    assert not torch.equal(taught, wanted)
    assert torch.equal(_made(by_parts), taught)
    with pytest.raises(SettingsError, match="layer by layer"):
        LoraSet(by_layers).use((lora,))


def test_only_the_network_in_use_lies_on_the_device() -> None:
    moves: list[tuple[str, str]] = []

    class Net(torch.nn.Module):
        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

        def to(self, device: str) -> Net:
            moves.append((self.name, device))
            return self

        def forward(self, value: int) -> int:
            return value + 1

    placing = Placing("cuda:0", Offload.MODEL)
    first, second = placing.put(Net("first")), placing.put(Net("second"))
    assert placing.rests == "cpu"
    assert [first(1), first(2), second(3), first(4)] == [2, 3, 4, 5]
    assert moves == [
        ("first", "cuda:0"), ("first", "cpu"), ("second", "cuda:0"),
        ("second", "cpu"), ("first", "cuda:0"),
    ]  # fmt: skip
