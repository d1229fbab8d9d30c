"""A card that is here and not used must be named, with the one command that helps."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from itertools import chain, repeat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from core.device import DeviceInfo, DeviceKind
from core.engine import devices
from core.engine.devices import detect, physical_cores, torch_device
from core.engine.hardware import AMD, INTEL, NVIDIA, Card, Hardware, look_around, processor_flags
from core.engine.probe import bf16_is_faster, race

RTX = Card(NVIDIA, "NVIDIA GeForce RTX 4070")
RADEON = Card(AMD, "AMD Radeon RX 7900 XT")
ARC = Card(INTEL, "Intel Arc A770")


@pytest.fixture(autouse=True)
def no_race(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "bf16_is_faster", lambda: False)


class Backend:
    """One of torch's backends with some cards: (name, capability)."""

    def __init__(self, *cards: tuple[str, int]) -> None:
        self.cards = cards

    def is_available(self) -> bool:
        return bool(self.cards)

    def device_count(self) -> int:
        return len(self.cards)

    def get_device_properties(self, index: int) -> SimpleNamespace:
        name, major = self.cards[index]
        return SimpleNamespace(name=name, total_memory=12 << 30, major=major)

    def mem_get_info(self, index: int) -> tuple[int, int]:
        return 10 << 30, 12 << 30


def library(error: str = "", mps: bool = False, **values: Any) -> SimpleNamespace:
    """Return what stands for torch: built for `version`, seeing the cards of `cuda` and `xpu`."""

    def ones(count: int, device: str) -> torch.Tensor:
        if error:
            raise RuntimeError(error)
        return torch.ones(count)

    version = {"cuda": None, "hip": None, "xpu": None} | values.get("version", {})
    return SimpleNamespace(
        version=SimpleNamespace(**version),
        cuda=values.get("cuda", Backend()),
        xpu=values.get("xpu", Backend()),
        mps=SimpleNamespace(recommended_max_memory=lambda: 8 << 30),
        backends=SimpleNamespace(mps=SimpleNamespace(is_available=lambda: mps)),
        ones=ones,
    )


def by_kind(found: tuple[DeviceInfo, ...]) -> dict[DeviceKind, DeviceInfo]:
    return {device.kind: device for device in found}


def test_a_plain_computer_has_its_processor() -> None:
    (device,) = detect(library(), Hardware(processor="AMD EPYC"))
    assert device.key == "cpu"
    assert device.usable
    assert device.name.startswith("AMD EPYC, ")
    assert 0 < device.free_memory <= device.total_memory


def test_the_best_usable_device_comes_first() -> None:
    seen = library(version={"cuda": "13.0"}, cuda=Backend(("RTX 4070", 8), ("GTX 1080", 6)))
    found = detect(seen, Hardware(cards=(RTX,), driver=True))
    assert [device.key for device in found] == ["cuda:0", "cuda:1", "cpu"]
    assert (found[0].free_memory, found[0].total_memory) == (10 << 30, 12 << 30)


@pytest.mark.parametrize(("major", "dtype"), [(9, "bf16"), (8, "bf16"), (7, "fp16"), (6, "fp32")])
def test_each_card_computes_in_what_it_is_fast_in(major: int, dtype: str) -> None:
    seen = library(version={"cuda": "13.0"}, cuda=Backend(("a card", major)))
    assert detect(seen, Hardware())[0].dtype == dtype


def test_amd_cards_are_torchs_cuda_by_another_name() -> None:
    seen = library(version={"hip": "7.1"}, cuda=Backend(("Radeon", 11)))
    first = detect(seen, Hardware(cards=(RADEON,)))[0]
    assert first.key == "rocm:0"
    assert torch_device(first.key) == "cuda:0"


def test_intel_and_apple_are_found() -> None:
    assert detect(library(version={"xpu": "1"}, xpu=Backend(("Arc", 1))), Hardware())[0].key == (
        "xpu:0"
    )
    assert detect(library(mps=True), Hardware())[0].key == "mps:0"


@pytest.mark.parametrize(
    ("card", "kind", "wheel"),
    [
        (RTX, DeviceKind.CUDA, "cu130"),
        (RADEON, DeviceKind.ROCM, "rocm"),
        (ARC, DeviceKind.XPU, "xpu"),
    ],
)
def test_a_card_beside_a_torch_for_processors_is_told_with_its_repair(
    card: Card, kind: DeviceKind, wheel: str
) -> None:
    """Somebody with a fast card would else render nine times slower and never know why."""
    unused = by_kind(detect(library(), Hardware(cards=(card,), driver=True)))[kind]
    assert not unused.usable
    assert unused.problem == (
        f"{card.name} is here, but the installed PyTorch can only use the processor."
    )
    assert unused.repair.startswith(sys.executable)
    assert wheel in unused.repair
    assert "\n" not in unused.repair


@pytest.mark.parametrize(
    ("hardware", "version", "repair"),
    [
        (Hardware(cards=(RTX,), driver=True), {"cuda": "13.0"}, "nvidia-smi"),
        (Hardware(cards=(RTX,)), {"cuda": "13.0"}, "nvidia-driver"),
        (Hardware(cards=(RADEON,), forbidden=True), {"hip": "7"}, "usermod"),
        (Hardware(cards=(RADEON,)), {"hip": "7"}, "rocminfo"),
        (Hardware(cards=(RADEON,)), {"cuda": "13.0"}, "rocm"),
    ],
)
def test_each_other_reason_has_its_own_repair(
    hardware: Hardware, version: dict[str, str], repair: str
) -> None:
    unused = detect(library(version=version), hardware)[-1]
    assert not unused.usable
    assert repair in unused.repair
    assert hardware.cards[0].name in unused.problem


@pytest.mark.parametrize(
    ("error", "problem", "repair"),
    [
        ("CUDA error: no kernel image is available\nmore", "older", "cu126"),
        ("CUDA error: unknown error\nmore", "does not work: CUDA error: unknown error", "smi"),
    ],
)
def test_a_card_that_fails_a_small_sum_is_not_used(error: str, problem: str, repair: str) -> None:
    seen = library(error, version={"cuda": "13.0"}, cuda=Backend(("GTX 960", 5)))
    found = detect(seen, Hardware(cards=(Card(NVIDIA, "GTX 960"),), driver=True))
    assert [device.key for device in found] == ["cpu", "cuda:0"]
    assert problem in found[1].problem
    assert repair in found[1].repair


def test_this_computer_is_described_by_the_real_torch() -> None:
    found = detect()
    assert found[0].usable
    assert DeviceKind.CPU in by_kind(found)
    assert physical_cores() >= 1


# hardware


def computer(root: Path, *cards: tuple[str, str, str]) -> Path:
    """Make a file system with PCI cards: (address, vendor, class)."""
    for address, vendor, kind in cards:
        folder = root / "sys/bus/pci/devices" / address
        folder.mkdir(parents=True)
        (folder / "vendor").write_text(vendor + "\n")
        (folder / "class").write_text(kind + "\n")
    return root


def programs(**outputs: str) -> Any:
    def run(command: Sequence[str]) -> str:
        return outputs.get(command[0].replace("-", "_"), "")

    return run


def test_cards_are_found_by_the_bus_and_named_by_lspci(tmp_path: Path) -> None:
    root = computer(
        tmp_path,
        ("0000:01:00.0", "0x10de", "0x030000"),
        ("0000:01:00.1", "0x10de", "0x040300"),
        ("0000:03:00.0", "0x1002", "0x038000"),
        ("0000:00:02.0", "0x8086", "0x030000"),
    )
    listed = (
        "01:00.0 VGA compatible controller: NVIDIA Corporation AD104 [GeForce RTX 4070] (rev a1)\n"
        "03:00.0 Display controller: Advanced Micro Devices, Inc. [AMD/ATI] Navi [Radeon RX 7900]\n"
        "00:1f.3 Audio device: Intel Corporation Alder Lake\n"
    )
    found = look_around(root, programs(lspci=listed))
    assert found.cards == (Card(NVIDIA, "NVIDIA GeForce RTX 4070"), Card(AMD, "AMD Radeon RX 7900"))
    assert not found.driver


def test_the_driver_knows_its_cards_best(tmp_path: Path) -> None:
    """In containers and under Windows there is no bus to read."""
    found = look_around(tmp_path, programs(nvidia_smi="NVIDIA H100 80GB HBM3\n"))
    assert found == Hardware(cards=(Card(NVIDIA, "NVIDIA H100 80GB HBM3"),), driver=True)


def test_cards_without_a_name_are_still_told(tmp_path: Path) -> None:
    root = computer(tmp_path, ("0000:01:00.0", "0x10de", "0x030200"))
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/nvidiactl").touch()
    found = look_around(root, programs())
    assert found.cards == (Card(NVIDIA, "NVIDIA graphics card"),)
    assert found.driver


def test_an_empty_computer_has_nothing(tmp_path: Path) -> None:
    assert look_around(tmp_path, programs()) == Hardware()
    assert processor_flags(tmp_path) is None


def test_the_processor_is_named(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    text = "processor\t: 0\nmodel name\t: AMD EPYC 7\nflags\t\t: fpu avx512_bf16\n"
    (tmp_path / "proc/cpuinfo").write_text(text)
    assert look_around(tmp_path, programs()).processor == "AMD EPYC 7"
    assert processor_flags(tmp_path) == {"fpu", "avx512_bf16"}


# the race


def test_a_processor_without_bf16_instructions_is_not_asked() -> None:
    """There bf16 takes minutes for what fp32 does in seconds."""
    assert not bf16_is_faster(frozenset({"avx2", "fma"}))


@pytest.mark.parametrize(
    ("single", "half", "expected"), [(1.0, 0.3, True), (0.3, 1.0, False), (1.0, 0.95, False)]
)
def test_half_precision_must_win_clearly(single: float, half: float, expected: bool) -> None:
    """Its rounding is not worth a draw. Seconds as a clock would show them, and a busy computer."""
    seconds = {torch.float32: single, torch.bfloat16: half}
    assert raced(seconds, {torch.float32: [5.0], torch.bfloat16: [5.0]}) is expected


def test_a_busy_moment_does_not_cost_months_of_half_speed() -> None:
    """A service asks once, when it starts: while bf16 ran, something else had the processor."""
    assert raced({torch.float32: 1.0, torch.bfloat16: 0.3}, {torch.bfloat16: [5.0] * 4})


def raced(seconds: dict[torch.dtype, float], delays: dict[torch.dtype, list[float]]) -> bool:
    """Return who wins, given what each takes and by what its first runs are delayed."""
    now = [0.0]

    def work(dtype: torch.dtype) -> Callable[[], None]:
        delay = chain(delays.get(dtype, []), repeat(0.0))

        def run() -> None:
            now[0] += seconds[dtype] + next(delay)

        return run

    return race(work, clock=lambda: now[0])
