"""Only what was checked may be loaded, and nothing that a file names may be run."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from core.engine.loader import Denoiser, load_denoiser
from core.errors import ModelNotFoundError, ModelUntrustedError
from core.models.spec import ModelSpec, builtin_spec
from tests.core.engine.samples import photograph, small_network, write_spec

Change = Callable[[Path], None]


@pytest.fixture
def folder(spec: ModelSpec, tmp_path: Path) -> Path:
    """A copy of the small model that a test may spoil."""
    return Path(shutil.copytree(spec.folder, tmp_path / "model"))


def load(spec: ModelSpec, dtype: str = "fp32") -> Denoiser:
    return load_denoiser(spec, "cpu", dtype)


def sample() -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(0)
    return torch.randn(2, 3, 40, 48, generator=random), torch.tensor([100.0, 500.5])


def test_the_loaded_network_is_the_saved_one(spec: ModelSpec) -> None:
    samples, timesteps = sample()
    v = load(spec).predict(samples, timesteps)
    expected = small_network()(samples, timesteps).sample
    assert torch.allclose(v, expected, atol=1e-5)
    assert v.dtype == torch.float32
    assert not v.requires_grad


def test_the_curve_is_read_from_the_models_own_schedule(spec: ModelSpec) -> None:
    curve = load(spec).curve
    assert curve.ratios[0] == pytest.approx(0.008)
    assert curve.ratios[-1] == pytest.approx(12.0)


def test_low_precision_stays_near_single_precision(spec: ModelSpec) -> None:
    """And the fall back to fp32 gives exactly what an fp32 batch gives."""
    samples, timesteps = sample()
    exact = load(spec).predict(samples, timesteps)
    low = load(spec, "bf16")
    difference = (low.predict(samples, timesteps) - exact).abs().max() / exact.abs().max()
    assert 0 < difference < 0.05
    assert torch.equal(low.in_fp32().predict(samples, timesteps), exact)


def test_the_noise_level_is_embedded_exactly_in_any_precision(spec: ModelSpec) -> None:
    """Rounded to 8 bits, neighbouring noise levels would fall together."""
    denoiser = load(spec, "bf16")
    seen: list[torch.Tensor] = []
    denoiser.network.noise_level.layers.register_forward_hook(lambda *a: seen.append(a[2]))
    denoiser.predict(*sample())
    assert {value.dtype for value in seen} == {torch.float32}


def test_the_bundled_model_cleans() -> None:
    """What a user has on the first day, offline."""
    denoiser = load_denoiser(builtin_spec(), "cpu", "fp32")
    clean = torch.from_numpy(photograph(96, 128, sigma=0)).permute(2, 0, 1)[None] / 127.5 - 1
    ratio = 25 / 127.5
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    signal = (1 + ratio**2) ** -0.5
    sample = signal * (clean + ratio * noise)
    timestep = torch.tensor([denoiser.curve.timestep_of_ratio(ratio)])
    cleaned = signal * sample - signal * ratio * denoiser.predict(sample, timestep)
    assert (cleaned - clean).std() < 0.35 * ratio


def edit_json(name: str, **values: object) -> Change:
    def change(folder: Path) -> None:
        path = folder / name
        path.write_text(json.dumps(json.loads(path.read_text()) | values), encoding="utf-8")

    return change


def test_a_changed_file_is_not_loaded(spec: ModelSpec, folder: Path) -> None:
    edit_json("config.json", widths=[4, 4, 4])(folder)
    with pytest.raises(ModelUntrustedError, match=r"config\.json"):
        load(spec.model_copy(update={"folder": folder}))


@pytest.mark.parametrize("name", ["os.system", "AutoModel", "UNet2DModel", ["PhotoDenoiser"], None])
def test_a_class_that_is_not_ours_is_never_looked_up(folder: Path, name: object) -> None:
    edit_json("config.json", _class_name=name)(folder)
    with pytest.raises(ModelUntrustedError, match="class"):
        load(write_spec(folder))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: (folder / "config.json").write_text("[1"),
        lambda folder: (folder / "config.json").unlink(),
        lambda folder: (folder / "diffusion_pytorch_model.safetensors").write_bytes(b"x" * 99),
        edit_json("config.json", widths="many"),
        edit_json("config.json", surprise=1),
        edit_json("scheduler/scheduler_config.json", trained_betas=None),
        edit_json("scheduler/scheduler_config.json", prediction_type="epsilon"),
    ],
)
def test_a_broken_model_is_said_to_be_broken(folder: Path, spoil: Change) -> None:
    spoil(folder)
    with pytest.raises((ModelNotFoundError, ModelUntrustedError)) as caught:
        load(write_spec(folder))
    assert caught.value.hint


def test_weights_of_another_shape_are_a_broken_model(folder: Path) -> None:
    edit_json("config.json", widths=[16, 8, 8])(folder)
    with pytest.raises(ModelNotFoundError):
        load(write_spec(folder))


def test_a_file_that_is_not_on_the_checked_list_is_not_opened(
    spec: ModelSpec, folder: Path
) -> None:
    listed = tuple(f for f in spec.files if f.path != "config.json")
    with pytest.raises(ModelNotFoundError, match=r"config\.json"):
        load(spec.model_copy(update={"folder": folder, "files": listed}))
