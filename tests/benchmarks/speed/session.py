"""One run of the benchmark: every model, every arm, round by round."""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from core.device import DeviceInfo
from core.engine.devices import torch_device
from tests.benchmarks.speed.arms import (
    BF16,
    FP16,
    PLAIN,
    ArmProcess,
    default_arms,
    dtype_of,
)
from tests.benchmarks.speed.child import REGRAIN
from tests.benchmarks.speed.flops import flop_a_cell
from tests.benchmarks.speed.measured import Apart, Measured, check_work
from tests.benchmarks.speed.options import chosen_device, on_gpu, parse
from tests.benchmarks.speed.photographs import Photographs
from tests.benchmarks.speed.rates import Rates
from tests.benchmarks.speed.records import Order, Outcome, Work
from tests.benchmarks.speed.report import machine, print_report, write_markdown
from tests.benchmarks.speed.subjects import SUBJECTS, Subject, spec_of, steps_for
from tests.benchmarks.speed.whole import seconds_of_command

_BATCH = 2
_QUIET_PERCENT = 20


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print, one model after the other."""
    options = parse(arguments)
    device = chosen_device(options.device)
    print(machine(device))
    _mind_others()
    arms = options.arms or default_arms(device)
    all_found = []
    with _scratch(options.scratch) as kept, tempfile.TemporaryDirectory(dir=kept) as passing:
        for name in options.models:
            session = Session(options, SUBJECTS[name], device, kept, Path(passing) / name)
            all_found.append(session.measure(arms))
            print_report(all_found[-1])
            if options.markdown:
                write_markdown(options.markdown, device, all_found)


def _mind_others() -> None:
    """Warn where other programs are at work, and then have no thread wait by spinning.

    Threads that spin on a busy computer make plain diffusers ten times slower than it is; on a
    quiet one they are what its users have.
    """
    busy = psutil.cpu_percent(interval=1.0)
    if busy > _QUIET_PERCENT:
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        print(
            f"Other programs take {busy:.0f} % of the processor: these figures are rough. "
            "OMP_WAIT_POLICY=PASSIVE is set for every arm."
        )


@contextmanager
def _scratch(asked: Path | None) -> Iterator[Path]:
    if asked is None:
        with tempfile.TemporaryDirectory(prefix="regrain-benchmark-") as made:
            yield Path(made)
        return
    asked.mkdir(parents=True, exist_ok=True)
    yield asked.resolve()


@dataclass
class Session:
    """One model. `kept`: where drawn models stay; `scratch`: what goes away after the run."""

    options: argparse.Namespace
    subject: Subject
    device: DeviceInfo
    kept: Path
    scratch: Path

    def __post_init__(self) -> None:
        options, subject = self.options, self.subject
        self.scratch.mkdir(parents=True)
        self._calls = options.calls or subject.calls
        self._strength = options.strength or subject.strength
        self._model = spec_of(subject, self.kept)
        count = options.photographs or on_gpu(self.device, subject.photographs)
        folder = options.folder.resolve() if options.folder else None
        self._photographs = Photographs(folder, count, subject, self.scratch)
        self._rates = Rates(torch_device(self.device.key))

    def measure(self, arms: Sequence[str]) -> Measured:
        """Run all arms; SystemExit when one fails, or did not do the same work."""
        apart = self.subject.apart if self.options.apart is None else self.options.apart
        given = {dtype_of(arm, self.device) for arm in arms} - {"auto"}
        dtypes = sorted({"fp32", self.device.dtype} | given)
        self._rates.measure(dtypes)
        rounds: dict[str, list[Outcome]] = {arm: [] for arm in arms}
        for group in [[arm] for arm in arms] if apart else [list(arms)]:
            self._run(group, rounds, dtypes)
        subject, photographs = self.subject, self._photographs.count
        found = Measured(subject, photographs, self._calls, flop_a_cell(subject), self._rates)
        found.rounds = rounds
        found.apart = {arm: self._apart(arm, rounds) for arm in arms}
        if REGRAIN in arms and not self.options.no_command:
            found.command = self._command()
        shutil.rmtree(self.scratch)
        return found

    def _run(
        self, arms: Sequence[str], rounds: dict[str, list[Outcome]], dtypes: Sequence[str]
    ) -> None:
        """Run arms in turn, each in a process that keeps its model."""
        with ExitStack() as stack:
            processes = {arm: ArmProcess(self._work(arm), self.scratch) for arm in arms}
            for process in processes.values():
                stack.callback(process.close)
            for number in range(0 if self.options.warm else 1, self.options.rounds + 1):
                for arm, process in processes.items():
                    outcome = process.run(self._order(arm, number))
                    self._tell(arm, number, outcome)
                    if number:
                        count = self._photographs.count
                        check_work(self.subject, self._calls, arm, outcome, count)
                        rounds[arm].append(outcome)
                self._rates.measure(dtypes)

    def _tell(self, arm: str, number: int, outcome: Outcome) -> None:
        name = f"round {number}" if number else "warm-up"
        print(f"# {self.subject.name} {arm}, {name}: {outcome.seconds:.1f} s", flush=True)

    def _work(self, arm: str) -> Work:
        gpu = on_gpu(self.device, _BATCH)
        return Work(
            arm=arm,
            model=self._model,
            pipeline=self.subject.pipeline,
            device=self.device.key,
            dtype=dtype_of(arm, self.device),
            strength=self._strength,
            guidance=self.subject.guidance,
            scheduler=self.subject.scheduler,
            batch=(self.options.batch or gpu) if arm == "batched" else 1,
        )

    def _steps(self, calls: int) -> int:
        return steps_for(calls, self._strength, rounds_up=self.subject.true == "flux")

    def _order(self, arm: str, number: int) -> Order:
        return Order(
            photographs=self._photographs.of_round(number),
            steps=self._steps(self._calls if number else self.options.warm),
            results=self.scratch / "results" / arm / str(number),
        )

    def _apart(self, arm: str, rounds: dict[str, list[Outcome]]) -> Apart:
        alike = {"fp32": PLAIN, "bf16": BF16, "fp16": FP16}[rounds[arm][0].dtype]
        return Apart(
            self._levels(arm, alike) if alike in rounds else None,
            self._levels(arm, PLAIN) if PLAIN in rounds else None,
        )

    def _levels(self, arm: str, other: str) -> int:
        """Return the largest difference of a channel of a pixel over all results."""
        results = self.scratch / "results"
        own = sorted(p for p in (results / arm).rglob("*.png") if p.parent.name != "0")
        return max(_difference(p, results / other / p.relative_to(results / arm)) for p in own)

    def _command(self) -> float:
        print(f"# {self.subject.name}: regrain run", flush=True)
        work = self._work(REGRAIN)
        photographs = self._photographs.of_round(1)
        return seconds_of_command(work, self._steps(self._calls), photographs, self.scratch)


def _difference(one: Path, other: Path) -> int:
    first, second = (_pixels(path) for path in (one, other))
    if first.shape != second.shape:
        raise SystemExit(f"{one.name} has other sizes in two arms: {first.shape}, {second.shape}.")
    return int(np.abs(first - second).max())


def _pixels(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), dtype=np.int16)
