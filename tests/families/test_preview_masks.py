"""A preview that edits elsewhere than the result will be: the mask is looked for in vain."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.engine.latent.bench import LatentBench
from core.engine.latent.previewing import LatentPreview
from core.engine.messages import MakePreview, PreviewPicture
from core.engine.preview_source import Source
from core.events import PreviewKind
from core.images.decode import read_photo
from core.images.photo import Pixels
from core.recipe import MaskSetting
from tests.core.engine.latent.pictures import scene
from tests.families.leading import edit_of
from tests.families.loading import Loaded

HEIGHT, WIDTH = 1500, 2000
REDUCED_PART = (150, 100, 1800, 1400)


def inside() -> Pixels:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[500:800, 640:1000] = 255
    return mask


@pytest.mark.parametrize(("strength", "box"), [(0.3, (600, 460, 120, 120)), (0.8, REDUCED_PART)])
def test_only_what_lies_under_the_mask_is_shown_changed(
    loaded: Loaded, tmp_path: Path, strength: float, box: tuple[int, int, int, int] | None
) -> None:
    source = scene(HEIGHT, WIDTH)
    Image.fromarray(source).save(tmp_path / "a.bmp")
    Image.fromarray(inside()).save(tmp_path / "mask.png")
    whole = loaded("sd1")
    components = replace(whole, spec=whole.spec.model_copy(update={"native_size": 128}))
    edit = edit_of(
        components, strength=strength, num_inference_steps=3, guidance_scale=1.0,
        mask=MaskSetting(path=tmp_path / "mask.png"),
    )  # fmt: skip
    message = MakePreview(
        request=1, model="m", source=tmp_path / "a.bmp", edit=edit, box=box, max_side=600
    )
    shown: list[tuple[PreviewPicture, bytes]] = []
    read = Source(read_photo(tmp_path / "a.bmp"))
    LatentPreview(message, read, LatentBench(components), lambda *it: shown.append(it)).make()
    picture, data = shown[-1]
    assert picture.shows is PreviewKind.FULL
    result = np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)
    left, top, wide, high = picture.box
    cut = np.s_[top : top + high, left : left + wide]
    size = result.shape[1], result.shape[0]
    before = np.asarray(Image.fromarray(source[cut]).resize(size)).astype(int)
    mask = np.asarray(Image.fromarray(inside()[cut]).resize(size, Image.Resampling.BOX))
    changed = np.abs(result - before).mean(axis=2)
    assert changed[mask == 255].mean() > 3 * changed[mask == 0].mean()
    assert changed[mask == 0].mean() < 8, "only the JPEG's own loss, and that of reducing"
