"""Models as ComfyUI's users have them, a file a part, give what the folder gives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from core.engine.latent.components import load_components
from core.models.identify import identify
from tests.families.comfy import save_comfy
from tests.families.specs import folder_spec, parts_spec

Folders = Callable[..., Path]


@pytest.mark.parametrize("family", ["z-image", "qwen-image", "flux2-klein"])
def test_files_of_their_makers_give_the_same_weights_as_the_folder(
    family: str, family_folder: Folders, tmp_path: Path
) -> None:
    """Else the models that most people have would be listed, and fail when they are loaded."""
    folder = family_folder(family)
    files = save_comfy(folder, tmp_path, family)
    for role, path in files.items():
        found = identify(path)
        assert found.role == role
        if role == "transformer":
            assert found.family == family
    here = load_components(parts_spec(files, family, folder), "cpu", "fp32").modules
    there = load_components(folder_spec(folder, family), "cpu", "fp32").modules
    for name in files:
        weights, wanted = here[name].state_dict(), there[name].state_dict()
        assert weights.keys() == wanted.keys()
        assert [key for key in wanted if not torch.equal(weights[key], wanted[key])] == []
