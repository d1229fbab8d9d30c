"""Whoever starts a batch of hours must know before, not after, that the model does not fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.device import DeviceInfo, DeviceKind
from core.errors import DeviceMemoryError
from core.models.family_spec import family_spec
from core.models.fit import Fit, Offload, needed_bytes, plan_fit
from core.models.spec import ModelFile, ModelSpec

MILLIONS = {
    "sd1": {"unet": 860, "text_encoder": 123, "vae": 84},
    "sdxl": {"unet": 2567, "text_encoder": 123, "text_encoder_2": 695, "vae": 84},
    "flux": {"transformer": 11_901, "text_encoder": 123, "text_encoder_2": 4762, "vae": 84},
}
"""Numbers in the published models."""


def _spec(family: str) -> ModelSpec:
    counts = {name: count * 1_000_000 for name, count in MILLIONS[family].items()}
    names = {"id": family, "name": family.upper()}
    return family_spec(family, folder=Path("/models"), parameters=counts, **names)


def _card(free: float, kind: DeviceKind = DeviceKind.CUDA, dtype: str = "bf16") -> DeviceInfo:
    size = int(free * 1e9)
    return DeviceInfo(kind=kind, name="Card", total_memory=size, free_memory=size, dtype=dtype)


def _fit(family: str, free: float, host: float = 64, **device: object) -> Fit:
    return plan_fit(_spec(family), _card(free, **device), host_free=int(host * 1e9))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("family", "free", "offload", "tiling"),
    [
        ("sd1", 24, Offload.NONE, False),
        ("sd1", 4, Offload.NONE, False),
        ("sd1", 2, Offload.SEQUENTIAL, True),
        ("sdxl", 24, Offload.NONE, False),
        ("sdxl", 10, Offload.NONE, True),
        ("sdxl", 8, Offload.MODEL, True),
        ("sdxl", 4, Offload.SEQUENTIAL, True),
        ("flux", 80, Offload.NONE, False),
        ("flux", 28, Offload.MODEL, True),
        ("flux", 16, Offload.SEQUENTIAL, True),
    ],
)
def test_the_fastest_way_that_fits_is_taken(
    family: str, free: float, offload: Offload, tiling: bool
) -> None:
    fit = _fit(family, free)
    assert (fit.offload, fit.vae_tiling, fit.dtype) == (offload, tiling, "bf16")
    assert fit.bytes <= free * 1e9


def test_more_memory_never_makes_it_slower() -> None:
    order = list(Offload)
    for family in MILLIONS:
        fits = [_fit(family, free) for free in range(6, 96, 2)]
        ranks = [(-order.index(fit.offload), not fit.vae_tiling, fit.rows) for fit in fits]
        assert ranks == sorted(ranks)
        assert all(1 <= fit.rows <= 8 for fit in fits)


def test_what_cannot_fit_says_so_and_what_would() -> None:
    with pytest.raises(DeviceMemoryError) as caught:
        _fit("sdxl", 1.5, host=20)
    message, hint = caught.value.message, caught.value.hint
    assert message.startswith("SDXL needs about ") and message.endswith("GB, 1.5 GB are free.")
    assert "Close other programs" in hint and "Stable Diffusion 1.5" in hint
    assert "--device cpu" in hint
    with pytest.raises(DeviceMemoryError, match="GB in the computer's memory"):
        _fit("flux", 24, host=8)


def test_a_processor_takes_half_the_bytes_before_it_gives_up() -> None:
    cpu = {"kind": DeviceKind.CPU, "dtype": "fp32"}
    fit, needed = _fit("sd1", 16, **cpu), needed_bytes(_spec("sd1"), "fp32")
    assert fit == Fit("fp32", bytes=needed, working=fit.working)
    assert 0 < fit.working < needed / 2
    assert _fit("sdxl", 12, **cpu).dtype == "bf16"
    with pytest.raises(DeviceMemoryError, match="SDXL needs about"):
        _fit("sdxl", 6, **cpu)
    with pytest.raises(DeviceMemoryError) as caught:
        plan_fit(_spec("sdxl"), _card(12, DeviceKind.CPU), "fp32", host_free=int(12e9))
    assert "--dtype bf16" in caught.value.hint


def test_a_computer_whose_group_has_less_memory_counts_with_that() -> None:
    """In a container the processor says more than the process may use."""
    with pytest.raises(DeviceMemoryError):
        _fit("sd1", 64, host=1, kind=DeviceKind.CPU, dtype="fp32")


def test_without_counts_the_sizes_of_the_files_are_taken() -> None:
    entry = ModelFile(path="unet/a.safetensors", sha256="0" * 64, size=2_000_000_000)
    spec = _spec("sd1").model_copy(update={"parameters": {}, "files": (entry,)})
    assert 2e9 < needed_bytes(spec, "bf16") < 4e9 < needed_bytes(spec, "fp32")
