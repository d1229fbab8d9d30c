"""`python -m core.builtin.steps FOLDER`: what more steps and other schedulers would bring to Clean.

Steps 1, 2, 4, 8 with DDIM, DPM++ 2M and Euler, through diffusers' schedulers as the engine runs
them, on 8-bit pictures: Gaussian noise of sigma 15, 25 and 50 that is told, and a camera's noise
at 24 dB that Clean finds by itself.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from core.builtin.camera_noise import Taken, take_at
from core.builtin.evaluate import (
    Pixels,
    add_noise,
    compare,
    mean_of,
    read_pictures,
    to_pixels,
    to_tensor,
)
from core.builtin.options import add_crop, make_parser, read_numbers, read_options
from core.builtin.whole_path import CLEAN, WholePath, add_engine_options, load_whole_path
from core.recipe import Amount, EditSettings, SchedulerName

STEPS = (1, 2, 4, 8)
SCHEDULERS = (SchedulerName.DDIM, SchedulerName.DPMPP_2M, SchedulerName.EULER)
CAMERA_DECIBELS = 24.0


@dataclass(frozen=True)
class Pace:
    """PSNR in dB, and seconds a megapixel."""

    psnr: float
    seconds: float


@dataclass(frozen=True)
class Noise:
    """A kind of noise: `add` takes a photograph and its number; `amount` is what Clean is told."""

    name: str
    add: Callable[[Pixels, int], Taken]
    amount: Amount | float


Choice = tuple[int, SchedulerName]
CHOICES: tuple[Choice, ...] = tuple(
    (steps, scheduler)
    for steps, scheduler in product(STEPS, SCHEDULERS)
    # One step is the same with every scheduler.
    if steps > 1 or scheduler is SCHEDULERS[0]
)


def make_noises(sigmas: Sequence[float]) -> Iterator[Noise]:
    """Gaussian noise of each sigma, and one camera's."""
    for sigma in sigmas:
        yield Noise(f"sigma {sigma:g}", _gaussian(sigma), sigma)
    yield Noise(f"camera, {CAMERA_DECIBELS:g} dB", _of_camera, Amount.AUTO)


def _gaussian(sigma: float) -> Callable[[Pixels, int], Taken]:
    def add(pixels: Pixels, _number: int) -> Taken:
        return Taken(to_pixels(add_noise(to_tensor(pixels), sigma)), pixels)

    return add


def _of_camera(pixels: Pixels, number: int) -> Taken:
    return take_at(pixels, CAMERA_DECIBELS, number, jpeg=False)


def settings_of(choice: Choice | None, amount: Amount | float) -> EditSettings:
    """Return Clean with so many steps of a scheduler; None: with what is the default."""
    if choice is None:
        return CLEAN.model_copy(update={"amount": amount})
    steps, scheduler = choice
    changes = {"amount": amount, "num_inference_steps": steps, "scheduler": scheduler}
    return CLEAN.model_copy(update=changes)


def measure_choice(engine: WholePath, taken: Sequence[Taken], settings: EditSettings) -> Pace:
    """Means over the photographs."""
    return mean_of([_measure(engine, one, settings) for one in taken])


def _measure(engine: WholePath, taken: Taken, settings: EditSettings) -> Pace:
    edited = engine.edit(taken.noisy, settings)
    return Pace(compare(taken.quiet, edited.pixels)[0], edited.seconds_per_megapixel)


def measure_noise(
    engine: WholePath, pictures: Sequence[Pixels], noise: Noise
) -> dict[Choice | None, Pace]:
    """PSNR and time of every choice, and of the default (None)."""
    taken = [noise.add(pixels, number) for number, pixels in enumerate(pictures)]
    return {
        choice: measure_choice(engine, taken, settings_of(choice, noise.amount))
        for choice in (*CHOICES, None)
    }


def make_table(paces: dict[str, dict[Choice | None, Pace]]) -> Table:
    """One row a choice; dB and seconds a megapixel for each noise."""
    title = "Clean, PSNR (dB)"
    table = Table("steps", "scheduler", *paces, "s / MP", title=title, box=SIMPLE, pad_edge=False)
    for choice in (*CHOICES, None):
        row = [of_noise[choice] for of_noise in paces.values()]
        first = ("default", "") if choice is None else (str(choice[0]), choice[1].value)
        seconds = mean_of(row).seconds
        table.add_row(*first, *(f"{pace.psnr:.2f}" for pace in row), f"{seconds:.2f}")
    return table


def compare_best(paces: dict[str, dict[Choice | None, Pace]]) -> Iterator[str]:
    """What the best choice brings for each noise over the default, and what it costs, in words."""
    for noise, of_noise in paces.items():
        default, best = of_noise[None], max(of_noise.values(), key=lambda pace: pace.psnr)
        more, longer = best.psnr - default.psnr, best.seconds / default.seconds
        yield f"{noise}: up to {more:.2f} dB more than the default, in {longer:.1f} times its time"


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = make_parser("steps", __doc__)
    add_crop(parser)
    add_engine_options(parser)
    parser.add_argument("--sigmas", default="15,25,50", help="noise levels of 255")
    return read_options(parser, arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table, and what the best choices bring."""
    options = _parse(arguments)
    engine, pictures = load_whole_path(options), read_pictures(options)
    noises = make_noises(read_numbers(options.sigmas))
    paces = {noise.name: measure_noise(engine, pictures, noise) for noise in noises}
    console = Console()
    console.print(make_table(paces))
    for line in compare_best(paces):
        console.print(line, highlight=False)


if __name__ == "__main__":
    main()
