"""The small models are what they say: without them no test of a family would prove anything."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from PIL import Image

from core.engine.latent.looking import load_processor
from core.models.families import FAMILIES, Family
from tests.families.build import build

FolderOf = Callable[..., Path]


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(1)
    # 1024 x 1024 whatever the photograph is, otherwise; here the models are small.
    module = diffusers.pipelines.qwenimage.pipeline_qwenimage_edit
    monkeypatch.setattr(module, "calculate_dimensions", lambda area, ratio: (64, 64, None))


def picture(seed: int) -> Image.Image:
    soft = np.random.default_rng(seed).integers(0, 255, (8, 8, 3), dtype=np.uint8)
    return Image.fromarray(soft).resize((64, 64), Image.Resampling.BICUBIC)


def load(folder: Path, family: Family) -> Any:
    given = {"processor": load_processor(folder / "processor")} if "edit" in family.id else {}
    kind = getattr(diffusers, family.img2img)
    pipeline = kind.from_pretrained(folder, local_files_only=True, use_safetensors=True, **given)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def run(pipeline: Any, family: Family, prompt: str, image: Image.Image) -> np.ndarray:
    size = {"height": 64, "width": 64}
    if family.id.startswith("sd") and family.id != "sd3":
        size = {}
    strength = {"strength": 0.5} if family.capabilities.strength else {}
    exact = {"_auto_resize": False, "max_area": 64 * 64} if family.id == "flux-kontext" else {}
    with torch.no_grad():
        call = pipeline(
            prompt=prompt,
            image=image,
            num_inference_steps=4,
            generator=torch.Generator().manual_seed(1),
            output_type="np",
            **size,
            **strength,
            **exact,
        )
    return np.asarray(call.images[0]) * 255


@pytest.mark.parametrize("family_id", sorted(FAMILIES))
def test_the_small_model_of_a_family_repaints_as_the_real_one_does(
    family_folder: FolderOf, family_id: str
) -> None:
    """Else a test that finds two results alike may have compared two grey squares."""
    family = FAMILIES[family_id]
    pipeline = load(family_folder(family_id), family)
    plain = run(pipeline, family, "a photograph", picture(1))
    assert plain.shape == (64, 64, 3)
    assert np.isfinite(plain).all()
    assert plain.std() > 5
    for other in (
        run(pipeline, family, "pêche {x}: thirty geese, upside down", picture(1)),
        run(pipeline, family, "a photograph", picture(2)),
    ):
        assert np.abs(other - plain).max() > 1


def test_the_same_call_builds_the_same_bytes(tmp_path: Path) -> None:
    """Else two processes that test together would compare two different models."""
    first, second = (build("sd1", tmp_path / name) for name in ("a", "b"))
    weights = [path.relative_to(first) for path in sorted(first.rglob("*.safetensors"))]
    assert len(weights) == 3
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in weights)
