"""How a batch computes is chosen once, stored, and kept when it is resumed."""

from __future__ import annotations

import pytest
import torch

from core.device import DeviceInfo, DeviceKind
from core.engine import setup
from core.engine.messages import LoadModel, Numerics
from core.engine.setup import set_up
from core.errors import SettingsError
from core.models.spec import ModelSpec

CPU = DeviceInfo(
    kind=DeviceKind.CPU, name="A processor", total_memory=8 << 30, free_memory=4 << 30, dtype="fp32"
)
BROKEN = DeviceInfo(
    kind=DeviceKind.CUDA,
    name="RTX",
    total_memory=0,
    free_memory=0,
    dtype="fp32",
    usable=False,
    problem="RTX is here, but its driver is not installed.",
    repair="sudo apt install nvidia-driver",
)


@pytest.fixture(autouse=True)
def computer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "detect", lambda: (CPU, BROKEN))
    monkeypatch.setattr(torch, "set_num_threads", lambda count: None)


def test_auto_takes_what_suits_the_device(spec: ModelSpec) -> None:
    model = set_up(LoadModel(model=spec), "torch 2")
    numerics = model.numerics
    assert (numerics.device, numerics.dtype, numerics.rows) == ("cpu", "fp32", 1)
    assert numerics.tile == spec.native_size
    assert numerics.threads >= 1
    assert numerics.versions == "torch 2"
    assert model.cpu_allowed


@pytest.mark.parametrize(
    ("dtype", "faster", "kernels"),
    [("auto", True, "winograd"), ("auto", False, "plain"), ("fp32", True, "plain")],
)
def test_faster_convolutions_are_taken_where_they_are_and_nobody_wants_the_exact_ones(
    spec: ModelSpec, dtype: str, faster: bool, kernels: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup, "winograd_is_faster", lambda: faster)
    model = set_up(LoadModel(model=spec, dtype=dtype), "v")
    assert model.numerics.kernels == kernels
    # However the race ends this time: else the batch's later photographs would differ.
    monkeypatch.setattr(setup, "winograd_is_faster", lambda: not faster)
    again = set_up(LoadModel(model=spec, dtype=dtype, numerics=model.numerics), "v")
    assert again.numerics == model.numerics


def test_where_bf16_is_quick_the_model_is_tuned_to_it_and_tiles_are_larger(
    spec: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = CPU.model_copy(update={"dtype": "bf16"})
    monkeypatch.setattr(setup, "detect", lambda: (quick,))
    numerics = set_up(LoadModel(model=spec), "v").numerics
    assert (numerics.dtype, numerics.kernels) == ("bf16", "tuned")
    assert numerics.tile == 1.5 * spec.native_size
    exact = set_up(LoadModel(model=spec, dtype="fp32"), "v").numerics
    assert (exact.kernels, exact.tile) == ("plain", spec.native_size)


def test_without_memory_for_faster_convolutions_the_model_works_plainly(
    spec: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup, "winograd_is_faster", lambda: True)
    monkeypatch.setattr(setup, "quicken_model", lambda model, working: "plain")
    assert set_up(LoadModel(model=spec), "v").numerics.kernels == "plain"


def test_what_the_user_chose_is_taken(spec: ModelSpec) -> None:
    model = set_up(LoadModel(model=spec, device="cpu", dtype="bf16", rows=3), "v")
    assert (model.numerics.dtype, model.numerics.rows) == ("bf16", 3)
    assert not model.cpu_allowed


def test_a_resumed_batch_computes_as_it_began(spec: ModelSpec) -> None:
    """Else its later photographs would differ from its earlier ones."""
    stored = Numerics(device="cpu", dtype="bf16", rows=2, tile=64, threads=1, versions="torch 1")
    model = set_up(LoadModel(model=spec, numerics=stored), "torch 2")
    assert model.numerics == stored.model_copy(update={"versions": "torch 2"})


def test_a_batch_goes_on_where_its_device_is_gone(spec: ModelSpec) -> None:
    """And the answer says so, for the items to be marked."""
    stored = Numerics(device="cuda:0", dtype="fp16", rows=4, tile=64, threads=2, versions="v")
    model = set_up(LoadModel(model=spec, numerics=stored), "v")
    assert model.numerics.device == "cpu"
    assert model.numerics.tile == 64


@pytest.mark.parametrize("name", ["cuda", "cuda:0"])
def test_a_device_that_cannot_be_used_says_why_and_what_helps(spec: ModelSpec, name: str) -> None:
    with pytest.raises(SettingsError) as caught:
        set_up(LoadModel(model=spec, device=name), "v")
    assert caught.value.message == BROKEN.problem
    assert BROKEN.repair in caught.value.hint


def test_a_device_that_is_not_there_is_refused_with_those_that_are(spec: ModelSpec) -> None:
    with pytest.raises(SettingsError) as caught:
        set_up(LoadModel(model=spec, device="xpu:3"), "v")
    assert "xpu:3" in caught.value.message
    assert "cpu" in caught.value.hint


def test_an_unknown_dtype_is_refused(spec: ModelSpec) -> None:
    with pytest.raises(SettingsError, match="int4"):
        set_up(LoadModel(model=spec, dtype="int4"), "v")
