"""`python -m tests.benchmarks.builtin [FOLDER]`: how fast, how even and how lean the engine is.

Prints seconds a megapixel of Clean and of a repaint; photographs a minute, files included, against
a plain diffusers loop over the same network in fp32 and in bf16 (arms interleaved, medians); tiles
against the whole picture; peak memory of the render process as users get it (`--megapixels`).
"""

from __future__ import annotations

import argparse
import hashlib
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from skimage import data

from core.builtin.export import make_scheduler
from core.engine.bands import Bands, Descent
from core.engine.devices import physical_cores
from core.engine.host import Died, RenderHost
from core.engine.img2img import denoise
from core.engine.loader import Denoiser, load_denoiser
from core.engine.memory import BASE_BYTES, BYTES_PER_PIXEL
from core.engine.messages import (
    EngineFailed,
    ItemTrouble,
    LoadModel,
    ModelLoaded,
    Numerics,
    Render,
    Rendered,
)
from core.engine.noise import noise_ratios
from core.engine.passes import Group
from core.models.spec import ModelSpec, builtin_spec, read_spec
from core.recipe import EditSettings, OutputSettings, SchedulerName, SigmaSchedule
from tests.benchmarks.builtin_speed import print_speed

Answer = TypeVar("Answer")

STEPS, STRENGTH = 20, 0.2
SUFFIXES = {".png", ".jpg", ".jpeg"}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    options = parse(arguments)
    torch.set_num_threads(options.threads)
    spec = read_spec(options.model) if options.model else builtin_spec()
    denoiser = load_denoiser(spec, "cpu", "fp32")
    print(f"{spec.name}, {options.threads} threads, torch {torch.__version__}")
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        pictures = find_pictures(options.folder, scratch, options.pictures)
        parts: dict[str, Callable[[], None]] = {
            "speed": lambda: print_speed(
                options.model, pictures[0], options.threads, options.rounds
            ),
            "evenness": lambda: print_evenness(denoiser, pictures[0]),
            "rates": lambda: print_rates(spec, denoiser, pictures, scratch, options.rounds),
            "memory": lambda: print_memory(spec, scratch, options.megapixels),
        }
        for part in options.parts.split(","):
            parts[part]()


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.builtin", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="photographs; default: scikit-image's")
    parser.add_argument("--model", type=Path, help="model folder (default: the bundled one)")
    parser.add_argument("--threads", type=int, default=physical_cores())
    parser.add_argument("--pictures", type=int, default=4, help="how many photographs to take")
    parser.add_argument("--rounds", type=int, default=3, help="how often each arm runs")
    parser.add_argument("--megapixels", type=float, default=24, help="what memory is measured on")
    parser.add_argument("--parts", default="speed,evenness,rates,memory", help="what to measure")
    return parser.parse_args(arguments)


def find_pictures(folder: Path | None, scratch: Path, count: int) -> list[Path]:
    """Return photographs of a folder, or write those that scikit-image carries inside itself."""
    if folder is not None:
        found = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
        return found[:count]
    made = []
    for name, pixels in (("astronaut", data.astronaut()), ("chelsea", data.chelsea())):
        made.append(scratch / f"{name}.png")
        Image.fromarray(pixels).save(made[-1])
    return made[:count]


def as_tensor(path: Path) -> torch.Tensor:
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB"))
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1).float() / 127.5 - 1


def timed(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


# tiles against the whole


def repainted(denoiser: Denoiser, picture: torch.Tensor, tile: int) -> torch.Tensor:
    ratios = noise_ratios(0.4, 4, SigmaSchedule.NORMAL, denoiser.curve)
    descent = Descent(SchedulerName.DDIM, ratios, seed=1, add_noise=True)
    height, width = picture.shape[1:]
    bands = Bands(height, width, lambda a, b: picture[:, a:b].contiguous(), descent)
    group: Group[int] = Group(denoiser.predict, rows=1)
    group.add(0, denoise(bands, ratios, denoiser.curve, tile))
    while group.keys:
        group.run_pass()
    (ended,) = group.take_ended()
    assert isinstance(ended.outcome, Bands)
    return ended.outcome.rows(0, height)


def print_evenness(denoiser: Denoiser, path: Path) -> None:
    picture = as_tensor(path)
    whole, tiled = repainted(denoiser, picture, 0), repainted(denoiser, picture, 256)
    apart = (whole - tiled).abs() * 127.5
    print(
        f"tiles of 256 against whole, {path.name}: at most {float(apart.max()):.3f} levels of 255 "
        f"apart, {float(apart.mean()):.5f} on average"
    )


# photographs a minute


def print_rates(
    spec: ModelSpec, denoiser: Denoiser, pictures: list[Path], scratch: Path, rounds: int
) -> None:
    lowered = load_denoiser(spec, "cpu", "fp32").network.to(torch.bfloat16)
    host = RenderHost()
    load(host, spec)
    arms: dict[str, Callable[[], object]] = {
        "Regrain": lambda: run_engine(host, pictures, scratch),
        "plain loop fp32": lambda: run_plain(denoiser.network, pictures, scratch, torch.float32),
        "plain loop bf16": lambda: run_plain(lowered, pictures, scratch, torch.bfloat16),
    }
    seconds: dict[str, list[float]] = {name: [] for name in arms}
    for number in range(rounds):
        for name, arm in arms.items():
            # Where bf16 has no instructions of its own it takes minutes: once is enough.
            if not (number and name.endswith("bf16")):
                seconds[name].append(timed(arm))
    host.stop()
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    for name, median in medians.items():
        rate = 60 * len(pictures) / median
        ratio = median / medians["Regrain"]
        print(f"{name:16} {rate:7.2f} photographs a minute, Regrain is {ratio:.2f} times as fast")


def edit() -> EditSettings:
    """Return what all arms do: native strength, so that the number of calls is the same."""
    return EditSettings.model_validate(
        {
            "mode": "repaint",
            "strength": STRENGTH,
            "strength_scale": "native",
            "num_inference_steps": STEPS,
        }
    )


def load(host: RenderHost, spec: ModelSpec) -> None:
    """Have a render process load the model, computing as this one does."""
    threads = torch.get_num_threads()
    numerics = Numerics(tile=spec.native_size, threads=threads)
    host.send(LoadModel(model=spec, device="cpu", numerics=numerics))
    wait_for(host, ModelLoaded)


def wait_for(host: RenderHost, kind: type[Answer]) -> Answer:
    while not isinstance(answer := host.receive(1.0), kind):
        assert not isinstance(answer, Died | ItemTrouble | EngineFailed), answer
    return answer


def run_engine(host: RenderHost, pictures: list[Path], scratch: Path) -> None:
    """Repaint in the warm render process, fed as a batch feeds it: two photographs at a time."""
    targets = [scratch / f"{number}.tmp" for number in range(len(pictures))]
    messages = [message(k, path, targets[k], edit()) for k, path in enumerate(pictures)]
    for number, render in enumerate(messages):
        host.send(render)
        if number:
            wait_for(host, Rendered)
    wait_for(host, Rendered)
    for target in targets:
        target.unlink()


def message(item: int, source: Path, target: Path, settings: EditSettings) -> Render:
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    return Render(
        item=item,
        attempt=1,
        source=source,
        source_sha256=digest,
        target=target,
        edit=settings,
        output=OutputSettings(),
    )


@torch.inference_mode()
def run_plain(network: Any, pictures: list[Path], scratch: Path, dtype: torch.dtype) -> None:
    """Repaint one picture after the other as a short diffusers script does."""
    for number, path in enumerate(pictures):
        scheduler = make_scheduler()
        scheduler.set_timesteps(STEPS)
        timesteps = scheduler.timesteps[-int(STEPS * STRENGTH) :]
        picture = as_tensor(path)[None].to(dtype)
        picture = picture[..., : picture.shape[-2] // 8 * 8, : picture.shape[-1] // 8 * 8]
        generator = torch.Generator().manual_seed(number)
        noise = torch.randn(picture.shape, generator=generator).to(dtype)
        state = scheduler.add_noise(picture, noise, timesteps[:1])
        for t in timesteps:
            v = network(state, t).sample
            state = scheduler.step(v, t, state).prev_sample
        levels = ((state[0].float().clamp(-1, 1) + 1) * 127.5).round().byte()
        Image.fromarray(levels.permute(1, 2, 0).numpy()).save(scratch / f"plain{path.suffix}")


# memory


def print_memory(spec: ModelSpec, scratch: Path, megapixels: float) -> None:
    source = scratch / "large.jpg"
    pixels = large_picture(round((megapixels * 1e6 / 1.5) ** 0.5))
    Image.fromarray(pixels).save(source, quality=92)
    promised = BASE_BYTES + BYTES_PER_PIXEL * pixels[..., 0].size
    for words in (
        {"mode": "clean", "amount": 10},
        {"mode": "repaint", "strength": 0.1, "num_inference_steps": 20, "scheduler": "unipc"},
    ):
        settings = EditSettings.model_validate(words)
        for dtype in ("auto", "fp32"):
            peak, seconds = peak_memory(spec, dtype, source, scratch / "large.tmp", settings)
            print(
                f"{megapixels:g} megapixels, {settings.mode.value}, --dtype {dtype}: "
                f"{seconds:.0f} s, peak memory of the render process {peak / 1e9:.2f} GB "
                f"(planned with: {promised / 1e9:.2f} GB)",
                flush=True,
            )


def large_picture(height: int) -> NDArray[np.uint8]:
    width = height * 3 // 2
    noise = np.random.default_rng(0).standard_normal((height, width, 3), dtype=np.float32)
    noise *= 10
    noise += np.linspace(40, 200, width, dtype=np.float32)[None, :, None]
    return np.clip(noise, 0, 255, out=noise).astype(np.uint8)


def peak_memory(
    spec: ModelSpec, dtype: str, source: Path, target: Path, settings: EditSettings
) -> tuple[int, float]:
    """Return the most memory, in bytes, that a fresh render process held, and its seconds."""
    host = RenderHost()
    host.send(LoadModel(model=spec, device="cpu", dtype=dtype))
    wait_for(host, ModelLoaded)
    host.send(message(1, source, target, settings))
    answer = wait_for(host, Rendered)
    assert host.pid is not None
    status = Path(f"/proc/{host.pid}/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    host.stop()
    target.unlink()
    return int(line.split()[1]) * 1024, answer.seconds


if __name__ == "__main__":
    main()
