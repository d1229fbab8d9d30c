"""`python -m core.builtin.rivals FOLDER`: camera noise taken out by us and by others.

Photographs go through a camera of `core.builtin.camera` that none was trained with, at a noise that
leaves 28, 24 and 20 dB. Ours is Clean as it is by default, noise estimate, tiles and guard
included. The others get their strength picked by looking at the truth, which favours them. Fails if
ours gains less than 4 dB at 24 dB, or less than the best of the others there.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import cv2
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Column, Table

from core.builtin.camera_noise import Taken, take_at
from core.builtin.evaluate import Pixels, compare, mean_of, read_pictures
from core.builtin.options import add_crop, conclude, make_parser, read_numbers, read_options
from core.builtin.rival_methods import LEGEND, Method, make_methods
from core.builtin.whole_path import WholePath, add_engine_options, load_whole_path

OURS = "Regrain, clean auto"
JUDGED_AT = 24.0
LEAST_GAIN = 4.0


@dataclass(frozen=True)
class Score:
    """What one method made of one photograph, or the mean over several.

    PSNR in dB before and after, SSIM after; `strength` is the one that was picked.
    """

    before: float
    after: float
    ssim: float
    seconds: float
    strength: float

    @property
    def gain(self) -> float:
        """Decibels that cleaning brought."""
        return self.after - self.before


@dataclass(frozen=True)
class Condition:
    """How the photographs were taken."""

    decibels: float
    jpeg: bool

    @property
    def words(self) -> str:
        """For the table's title."""
        return f"{self.decibels:g} dB, " + ("JPEG" if self.jpeg else "no JPEG")


def clean_ours(engine: WholePath, taken: Taken) -> Score:
    """Clean as users do who touch nothing."""
    edited = engine.edit(taken.noisy)
    after, ssim = compare(taken.quiet, edited.pixels)
    return Score(taken.psnr, after, ssim, edited.seconds_per_megapixel, edited.noise)


def clean_theirs(method: Method, taken: Taken) -> Score:
    """Clean at every strength that may be best; the time is that of the best one alone."""
    tried: dict[float, Score] = {}

    def score(place: int) -> float:
        strength = method.strengths[place]
        if strength not in tried:
            tried[strength] = _score(method, taken, strength)
        return tried[strength].after

    return tried[method.strengths[climb(score, len(method.strengths))]]


def climb(score: Callable[[int], float], count: int) -> int:
    """The place of 0 to count - 1 with the highest score, where scores rise and then fall."""
    best = count // 2
    for step in (-1, 1):
        while 0 <= best + step < count and score(best + step) > score(best):
            best += step
    return best


def _score(method: Method, taken: Taken, strength: float) -> Score:
    started = time.perf_counter()
    cleaned = method.clean(taken.noisy, strength)
    seconds = (time.perf_counter() - started) * 3e6 / taken.noisy.size
    after, ssim = compare(taken.quiet, cleaned)
    return Score(taken.psnr, after, ssim, seconds, strength)


def measure_condition(
    engine: WholePath, methods: Sequence[Method], pictures: Sequence[Pixels], condition: Condition
) -> dict[str, Score]:
    """Means over the photographs, ours first, then the others."""
    scores: dict[str, list[Score]] = {}
    for number, pixels in enumerate(pictures):
        taken = take_at(pixels, condition.decibels, number, jpeg=condition.jpeg)
        scores.setdefault(OURS, []).append(clean_ours(engine, taken))
        for method in methods:
            scores.setdefault(method.name, []).append(clean_theirs(method, taken))
    return {name: mean_of(several) for name, several in scores.items()}


def find_missed(condition: Condition, scores: dict[str, Score]) -> Iterator[str]:
    """Bars that are missed under one condition, in words."""
    ours = scores[OURS]
    if condition.decibels == JUDGED_AT and ours.gain < LEAST_GAIN:
        yield f"{condition.words}: ours gains {ours.gain:.2f} dB, not {LEAST_GAIN:g}"
    best = max(scores, key=lambda name: scores[name].after)
    if best != OURS:
        yield f"{condition.words}: {best} is {scores[best].after - ours.after:.2f} dB better"


def make_table(condition: Condition, scores: dict[str, Score]) -> Table:
    """One row a method; the last column is the noise that was found, or the strength picked."""
    headings = (
        Column("method", no_wrap=True),
        "PSNR in",
        "out",
        "gain",
        "SSIM",
        "s / MP",
        "strength",
    )
    table = Table(*headings, box=SIMPLE, pad_edge=False, title=condition.words)
    for name, score in scores.items():
        decibels = (f"{value:.2f}" for value in (score.before, score.after, score.gain))
        last = (f"{score.ssim:.4f}", f"{score.seconds:.2f}", f"{score.strength:.3g}")
        table.add_row(name, *decibels, *last)
    return table


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = make_parser("rivals", __doc__)
    add_crop(parser)
    add_engine_options(parser)
    parser.add_argument("--decibels", default="28,24,20", help="PSNR of the noisy photographs")
    return read_options(parser, arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table a condition; returns 1 if a bar is missed."""
    options = _parse(arguments)
    cv2.setNumThreads(options.threads)
    engine, methods, pictures = load_whole_path(options), make_methods(), read_pictures(options)
    console, missed = Console(), list[str]()
    for decibels in read_numbers(options.decibels):
        for jpeg in (False, True):
            condition = Condition(decibels, jpeg)
            scores = measure_condition(engine, methods, pictures, condition)
            console.print(make_table(condition, scores))
            missed += find_missed(condition, scores)
    console.print(f"{len(pictures)} photographs\n{LEGEND}", highlight=False)
    return conclude(console, missed)


if __name__ == "__main__":
    raise SystemExit(main())
