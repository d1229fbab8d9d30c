"""`python -m core.builtin.train --steps N --canvases M --out DIR`: trains the built-in model.

Only synthetic photographs go in. The run is a pure function of its settings (on one kind of
processor, with one number of threads), and a stopped run goes on as if it had never stopped.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import Progress, track
from torch import nn

from core.builtin.ahead import Drawing, draw_ahead, draw_in_place
from core.builtin.crops import make_missing_canvases
from core.builtin.evaluate import list_pictures, measure_pictures
from core.builtin.export import read_model, write_model
from core.builtin.muon import Muon
from core.builtin.network import PhotoDenoiser
from core.builtin.noisy_crops import NoisyCrops
from core.builtin.schedule import timestep_of_ratio

WARMUP_STEPS = 200
EVALUATE_EVERY = 500
AVERAGE_DECAY = 0.999


@dataclass(frozen=True)
class TrainingSettings:
    """What decides the weights, apart from the number of steps and the starting weights."""

    canvases: int
    canvas_size: int = 384
    seed: int = 0
    rows: int = 16
    crop: int = 80
    learning_rate: float = 1e-3
    dtype: str = "fp32"
    threads: int = 2
    compiled: bool = False


@dataclass(frozen=True)
class Plan:
    """How long to train, and over which last share of the steps the learning rate falls to 0."""

    steps: int
    decay_share: float = 0.25


class Training:
    """Model, its moving average and the optimizer after `step` steps, on a device."""

    def __init__(
        self, settings: TrainingSettings, start: PhotoDenoiser | None = None, device: str = "cpu"
    ) -> None:
        torch.manual_seed(settings.seed)
        self.settings = settings
        self.device = torch.device(device)
        self.step = 0
        model = (start or PhotoDenoiser()).to(self.device)
        self.model = model.to(memory_format=torch.channels_last).train()
        self.average = copy.deepcopy(self.model).requires_grad_(False)
        self.optimizers = make_optimizers(self.model, settings.learning_rate)
        # Fuses what lies between the convolutions: a fifth of the time.
        self._predict = torch.compile(self._answer) if settings.compiled else self._answer

    def advance(self, crops: NoisyCrops, plan: Plan) -> float:
        """Take the next step of a planned run on its crops; returns its loss."""
        rate = self.settings.learning_rate * learning_rate_factor(self.step, plan)
        for group in (group for one in self.optimizers for group in one.param_groups):
            group["lr"] = rate
        loss = self.measure_loss(crops)
        self.model.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
        self.step += 1
        self._update_average()
        return float(loss.detach())

    def _answer(self, sample: torch.Tensor, timesteps: torch.Tensor) -> torch.Tensor:
        return torch.as_tensor(self.model(sample, timesteps).sample)

    def measure_loss(self, crops: NoisyCrops) -> torch.Tensor:
        """The loss of the present weights on some crops, a scalar."""
        timesteps = torch.tensor([timestep_of_ratio(float(value)) for value in crops.ratio])
        picture, noise = crops.picture.to(self.device), crops.noise.to(self.device)
        ratio = crops.ratio.to(self.device).view(-1, 1, 1, 1)
        signal = (1 + ratio * ratio).rsqrt()
        target = signal * (noise - ratio * picture)
        lowered = self.settings.dtype == "bf16"
        with torch.autocast(self.device.type, torch.bfloat16, enabled=lowered):
            sample = signal * (picture + ratio * noise)
            predicted = self._predict(sample, timesteps.to(self.device))
        error = (predicted.float() - target).square()
        return torch.mean(error * weigh_ratio(ratio))

    def averaged(self) -> PhotoDenoiser:
        """Return a copy of the averaged weights, on the processor."""
        model: PhotoDenoiser = copy.deepcopy(self.average).cpu()
        return model

    @torch.no_grad()
    def _update_average(self) -> None:
        decay = min(AVERAGE_DECAY, (self.step + 1) / (self.step + 10))
        pairs = zip(self.average.parameters(), self.model.parameters(), strict=True)
        for averaged, current in pairs:
            averaged.lerp_(current, 1 - decay)

    def save(self, path: Path) -> None:
        """Write everything a later `restore` needs, all or nothing."""
        state = {
            "settings": asdict(self.settings),
            "step": self.step,
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
        }
        partial = path.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(path)

    def restore(self, path: Path) -> None:
        """Go on from a checkpoint; raises ValueError if it was made with other settings."""
        state: dict[str, Any] = torch.load(path, self.device, weights_only=True)
        if state["settings"] != asdict(self.settings):
            raise ValueError(
                f"{path} was made with other settings: {state['settings']}. "
                "Give the same ones, or another --out folder to start anew."
            )
        self.step = state["step"]
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        for optimizer, kept in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(kept)


def make_optimizers(model: PhotoDenoiser, learning_rate: float) -> list[torch.optim.Optimizer]:
    """Muon for the convolutions within; Adam for the first, the last, biases and noise levels."""
    hidden: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for name, weight in model.named_parameters():
        is_hidden = weight.ndim == 4 and not name.startswith(("enter", "leave"))
        (hidden if is_hidden else others).append(weight)
    adam = torch.optim.AdamW(others, learning_rate, (0.9, 0.99), weight_decay=1e-4)
    return [Muon(hidden, learning_rate), adam]


def learning_rate_factor(step: int, plan: Plan) -> float:
    """Rises over 200 steps, stays, and falls to nothing over the last share of the run.

    Until it falls it does not depend on the plan: a run may be lengthened or cut short.
    """
    rise = (step + 1) / WARMUP_STEPS
    fall = (plan.steps - step) / (plan.steps * plan.decay_share)
    return min(1.0, rise, fall)


def weigh_ratio(ratio: torch.Tensor) -> torch.Tensor:
    """Weights that make a decibel count about the same at every noise level.

    The v error that remains falls about as r**-0.7 (measured from sigma 5 to 80).
    """
    return (ratio / 0.2).pow(0.7).clamp(0.2, 2.0)


def resolve_dtype(dtype: str, device: str = "cpu") -> str:
    """`auto` is bf16 where the device has instructions for it; elsewhere it is slower."""
    if dtype != "auto":
        return dtype
    if device != "cpu":
        is_nvidia = torch.device(device).type == "cuda"
        return "bf16" if is_nvidia and torch.cuda.is_bf16_supported() else "fp32"
    has_bf16 = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return "bf16" if has_bf16 else "fp32"


class Reporter:
    """A progress bar on a terminal; a line now and then in a log."""

    def __init__(self, console: Console, pictures: list[Path]) -> None:
        self.console = console
        self.pictures = pictures
        self.losses: list[float] = []
        self.since = time.monotonic()

    def note(self, training: Training, loss: float, plan: Plan) -> None:
        """Take a step's loss; every 100 steps in a log, a line."""
        self.losses.append(loss)
        if training.step % 100 == 0 and not self.console.is_terminal:
            pace = len(self.losses) / (time.monotonic() - self.since)
            mean = sum(self.losses) / len(self.losses)
            self.console.print(
                f"step {training.step}/{plan.steps} loss {mean:.4f} {pace:.2f} steps/s"
            )
            self.losses, self.since = [], time.monotonic()
        if self.pictures and training.step % EVALUATE_EVERY == 0:
            self.evaluate(training)

    def evaluate(self, training: Training) -> None:
        """Print the PSNR at sigma 25 of the averaged weights."""
        model = training.averaged().eval()
        for measure in measure_pictures(model, self.pictures, [25.0]):
            self.console.print(f"step {training.step}: sigma 25, {measure.psnr:.2f} dB")


def draw_steps(
    settings: TrainingSettings, folder: Path, steps: range, drawers: int = 1
) -> Iterator[NoisyCrops]:
    """The crops of these steps; with several threads other processes draw them ahead."""
    drawing = Drawing(folder, settings.canvases, settings.seed, settings.rows, settings.crop)
    if settings.threads == 1:
        return draw_in_place(drawing, steps)
    return draw_ahead(drawing, steps, drawers)


@dataclass(frozen=True)
class Keeping:
    """Where a run writes its checkpoints, every so many steps and at the end."""

    out: Path
    every: int = 500


def run(
    training: Training, plan: Plan, keeping: Keeping, reporter: Reporter, drawers: int = 1
) -> None:
    """Train to the plan's end; `drawers`: processes that draw crops, which changes no weight."""
    steps, out = range(training.step, plan.steps), keeping.out
    with Progress(console=reporter.console) as progress:
        bar = progress.add_task("training", total=plan.steps, completed=training.step)
        for crops in draw_steps(training.settings, out / "canvases", steps, drawers):
            reporter.note(training, training.advance(crops, plan), plan)
            progress.update(bar, completed=training.step)
            if training.step % keeping.every == 0 or training.step == plan.steps:
                training.save(out / "checkpoint.pt")


def hash_file(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_device(name: str) -> str:
    """Return the name of a device that is there; raises ArgumentTypeError for any other."""
    try:
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise argparse.ArgumentTypeError(f"{name} cannot be used: {error}") from error
    return name


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m core.builtin.train", description=__doc__)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--canvases", type=int, default=1000, help="synthetic photographs")
    parser.add_argument("--canvas-size", type=int, default=384)
    parser.add_argument("--out", type=Path, required=True, help="work folder; a run goes on there")
    parser.add_argument("--start-from", type=Path, help="model folder whose weights to start from")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rows", type=int, default=16, help="crops a step")
    parser.add_argument("--crop", type=int, default=80, help="side of a crop, a multiple of 8")
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--decay-share", type=float, default=0.25, help="last share of the steps")
    parser.add_argument("--dtype", choices=["auto", "fp32", "bf16"], default="auto")
    parser.add_argument("--device", type=read_device, default="cpu", help="cpu, cuda:0, xpu, mps")
    drawers = "processes that draw the crops; with --threads 1 there is none"
    parser.add_argument(
        "--drawers", type=int, choices=range(1, 257), metavar="N", default=1, help=drawers
    )
    parser.add_argument("--threads", type=int, default=2, help="part of what decides the weights")
    parser.add_argument("--compiled", action="store_true", help="faster; needs a C++ compiler")
    parser.add_argument("--save-every", type=int, default=500)
    parser.add_argument("--evaluate", type=Path, help="pictures to measure on, never to train on")
    return parser.parse_args(arguments)


def _settle(options: argparse.Namespace) -> TrainingSettings:
    options.dtype = resolve_dtype(options.dtype, options.device)
    names = [field.name for field in fields(TrainingSettings)]
    return TrainingSettings(**{name: getattr(options, name) for name in names})


def main(arguments: Sequence[str] | None = None) -> None:
    """Make what is missing, train, write the model and print its hash."""
    # Deterministic products ask for this before CUDA is first used.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    options = _parse(arguments)
    settings, out, console = _settle(options), options.out, Console()
    torch.set_num_threads(settings.threads)
    torch.use_deterministic_algorithms(True)
    # Costs a tenth of the time and guards only against reading memory that was never written.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    seeds = make_missing_canvases(
        out / "canvases", settings.canvases, settings.canvas_size, settings.threads
    )
    for _ in track(seeds, "canvases", console=console, transient=True):
        pass
    start = read_model(options.start_from) if options.start_from else None
    training = Training(settings, start, options.device)
    if (out / "checkpoint.pt").exists():
        training.restore(out / "checkpoint.pt")
    pictures = list_pictures(options.evaluate)[:6] if options.evaluate else []
    reporter = Reporter(console, pictures)
    plan = Plan(options.steps, options.decay_share)
    run(training, plan, Keeping(out, options.save_every), reporter, options.drawers)
    write_model(training.averaged(), out / "model")
    console.print("sha256", hash_file(out / "model" / "diffusion_pytorch_model.safetensors"))


if __name__ == "__main__":
    main()
