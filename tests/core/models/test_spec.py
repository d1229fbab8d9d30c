"""A model is only loaded as what it was when it was added; a wrong name gets the right ones."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from core.errors import ModelNotFoundError, ModelUntrustedError
from core.models.spec import (
    BUILTIN_ID,
    ModelRegistry,
    builtin_spec,
    read_spec,
    verify_files,
)

WEIGHTS = "diffusion_pytorch_model.safetensors"


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the built-in model's folder."""
    return Path(shutil.copytree(builtin_spec().folder, tmp_path / "model"))


def test_the_model_that_ships_is_the_one_that_is_pinned() -> None:
    """Weights exported without their hash would stop every batch of every user."""
    spec = builtin_spec()
    assert {file.path for file in spec.files} >= {"config.json", WEIGHTS}
    verify_files(spec)


def test_a_changed_weight_is_noticed(copied: Path) -> None:
    data = bytearray((copied / WEIGHTS).read_bytes())
    data[len(data) // 2] ^= 1
    (copied / WEIGHTS).write_bytes(data)
    with pytest.raises(ModelUntrustedError, match=WEIGHTS):
        verify_files(read_spec(copied))


def test_a_missing_file_is_named(copied: Path) -> None:
    (copied / WEIGHTS).unlink()
    with pytest.raises(ModelNotFoundError, match=WEIGHTS):
        verify_files(read_spec(copied))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"id": 3}', "\x00"])
def test_a_damaged_spec_is_refused_in_words(copied: Path, text: str) -> None:
    (copied / "regrain-model.json").write_text(text)
    with pytest.raises(ModelNotFoundError, match="holds no model"):
        read_spec(copied)


def test_an_unknown_model_is_answered_with_the_known_ones() -> None:
    registry = ModelRegistry({BUILTIN_ID: builtin_spec()})
    with pytest.raises(ModelNotFoundError, match="sdxl") as caught:
        registry.get("sdxl")
    assert BUILTIN_ID in caught.value.hint


def test_zones_name_every_strength() -> None:
    spec = builtin_spec()
    words = [spec.zone(k / 20) for k in range(1, 21)]
    assert all(words)
    assert list(dict.fromkeys(words)) == [zone.word for zone in spec.zones]
