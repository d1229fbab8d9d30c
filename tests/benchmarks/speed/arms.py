"""The arms: which there are on a device, and the processes that run them."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

from core.device import DeviceInfo, DeviceKind
from core.engine.probe import bf16_is_faster
from tests.benchmarks.speed.child import REGRAIN
from tests.benchmarks.speed.records import Order, Outcome, Work

PLAIN, BF16, FP16, BATCHED = "plain", "plain-bf16", "plain-fp16", "batched"
STRICT = "regrain-fp32"
ALL = (PLAIN, BF16, FP16, BATCHED, REGRAIN, STRICT)

EXPLAINED = {
    PLAIN: "diffusers, a photograph at a time, fp32 (its default)",
    BF16: "the same in bf16",
    FP16: "the same in fp16",
    BATCHED: "diffusers, several photographs a call with a list of generators, best dtype",
    REGRAIN: "Regrain's worker, all as it chooses",
    STRICT: "Regrain's worker with --dtype fp32: diffusers' own bits",
}

_ROOT = Path(__file__).resolve().parents[3]
_QUIET = {"TRANSFORMERS_VERBOSITY": "error"}
_PATIENCE_SECONDS = 30


def default_arms(device: DeviceInfo) -> list[str]:
    """Return the arms that make sense on a device; say what is left out, and why."""
    if device.kind in (DeviceKind.CUDA, DeviceKind.ROCM):
        return [PLAIN, FP16, BF16, BATCHED, REGRAIN]
    if device.kind is DeviceKind.CPU and bf16_is_faster():
        return [PLAIN, BF16, BATCHED, REGRAIN]
    print(
        f"{BF16} is left out: this device has no instructions that make bf16 faster than fp32 "
        f"(--arms {BF16} runs it all the same)."
    )
    return [PLAIN, BATCHED, REGRAIN]


def dtype_of(arm: str, device: DeviceInfo) -> str:
    """Return the number format that an arm is told."""
    fixed = {PLAIN: "fp32", BF16: "bf16", FP16: "fp16", STRICT: "fp32", REGRAIN: "auto"}
    return fixed.get(arm, device.dtype)


class ArmProcess:
    """One arm in a process of its own; started by its first round, so as to disturb no other."""

    def __init__(self, work: Work, scratch: Path) -> None:
        self._work, self._scratch = work, scratch
        self._child: subprocess.Popen[str] | None = None

    def run(self, order: Order) -> Outcome:
        """Have one round done; SystemExit when the arm cannot."""
        child = self._child = self._child or self._started()
        assert child.stdin is not None and child.stdout is not None
        order.results.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(BrokenPipeError):
            child.stdin.write(order.model_dump_json() + "\n")
            child.stdin.flush()
        answer = child.stdout.readline()
        if not answer:
            code = child.wait()
            raise SystemExit(f"The arm {self._work.arm} ended with code {code}; it says why above.")
        return Outcome.model_validate_json(answer)

    def _started(self) -> subprocess.Popen[str]:
        paper = self._scratch / f"{self._work.arm}.json"
        paper.write_text(self._work.model_dump_json(), encoding="utf-8")
        return subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.speed.child", str(paper)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=_ROOT,
            env=os.environ | _QUIET,
        )

    def close(self) -> None:
        """Let it end, and its memory with it."""
        if self._child is None:
            return
        try:
            with contextlib.suppress(BrokenPipeError):
                self._child.communicate(timeout=_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.communicate()
