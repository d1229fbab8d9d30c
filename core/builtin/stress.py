"""`python -m core.builtin.stress [FOLDER]`: does cleaning ever break a picture?

Noise of known sigma, not clipped, one step. Printed for each kind of picture, as the network gives
it and as users get it, behind the engine's guard: the largest change of any pixel in sigma, which
must stay below 6 (the noise itself reaches 4 to 5 somewhere in every picture), and how far any
result lies outside the colours that the source and its neighbours have. Fails by what users get.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Column, Table
from torch.nn import functional

from core.builtin.evaluate import NOISE_SEED, add_noise, clean, load_model, to_tensor
from core.builtin.network import PhotoDenoiser
from core.builtin.options import conclude, make_parser, read_numbers, read_options
from core.builtin.schedule import LEVELS_PER_UNIT, ratio_of_sigma
from core.builtin.stress_cases import Cases, make_cases, make_random
from core.engine.change import LIMIT_SIGMAS, Holding, held_change
from core.engine.colours_around import PLANE_NORMS, PLANES

LIMIT = LIMIT_SIGMAS
SIGMAS = (2.0, 5.0, 10.0, 15.0, 25.0, 35.0, 50.0, 75.0)
SYNTHETIC = 10_000
RANDOM = "random"
"""Kinds are said in a word or two: the table fits into 80 columns."""
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}

COLOUR_SIGMAS = 3.0
"""How far outside the colours around a result may lie: noise that was left in a flat area would be
farther out in 3 of 1,000 values, so whatever is was not merely left there. The engine's guard has
numbers of its own: whoever moves those must not move what they are judged by."""

COLOUR_LEAST, COLOUR_MOST = 10.0, 90.0
"""Levels of 255. Less is not seen, and happens beside black on white; more is another colour,
however strong the noise."""

NEIGHBOURS = 5


@dataclass(frozen=True)
class Damage:
    """The worst that happened.

    `change`: the largest, in sigma. `colour`: how far outside the colours around a pixel lies, in
    parts of what is allowed; `pixels` lie farther out than that.
    """

    change: float = 0.0
    colour: float = 0.0
    pixels: int = 0

    def and_also(self, other: Damage) -> Damage:
        """Return the worst of both."""
        worst = max(self.change, other.change), max(self.colour, other.colour)
        return Damage(*worst, self.pixels + other.pixels)


@dataclass(frozen=True)
class Verdict:
    """What happened as the network gives it, and as users get it."""

    network: Damage = Damage()
    users: Damage = Damage()

    def and_also(self, other: Verdict) -> Verdict:
        """Return the worst of both."""
        return Verdict(self.network.and_also(other.network), self.users.and_also(other.users))


Worst = dict[str, dict[float, Verdict]]


def measure_colour(source: torch.Tensor, noisy: torch.Tensor, result: torch.Tensor) -> torch.Tensor:
    """How far each pixel lies outside the colours around it, in levels, (rows, height, width).

    Within are, plane by plane, all values between those of the source without noise in a window of
    NEIGHBOURS pixels, and the noisy source's own. Levels of chroma count for more, as noise is
    less there. All (rows, 3, height, width) of -1 to 1.
    """
    true, own, made = (_to_planes(picture) for picture in (source, noisy, result))
    half = NEIGHBOURS // 2
    high = functional.max_pool2d(true, NEIGHBOURS, 1, half).maximum(own)
    low = (-functional.max_pool2d(-true, NEIGHBOURS, 1, half)).minimum(own)
    outside = torch.maximum(low - made, made - high).clamp_min(0)
    weighted = outside / PLANE_NORMS[:, None, None]
    return torch.as_tensor(weighted.amax(1) * LEVELS_PER_UNIT)


def allow_colour(sigma: float) -> float:
    """How many levels outside the colours around a result may lie."""
    return min(max(COLOUR_SIGMAS * sigma, COLOUR_LEAST), COLOUR_MOST)


def _to_planes(picture: torch.Tensor) -> torch.Tensor:
    return torch.einsum("pc,rchw->rphw", PLANES, picture)


def hold(noisy: torch.Tensor, cleaned: torch.Tensor, sigma: float) -> torch.Tensor:
    """What the engine's guard leaves of the cleaning, and a file holds, (rows, 3, height, width).

    Values beyond -1 to 1, which a network may give, cannot be written.
    """
    holding, inner = Holding(limit_sigma=sigma), slice(0, noisy.shape[2])
    pairs = zip(noisy / 2 + 0.5, (cleaned - noisy) / 2, strict=True)
    kept = [held_change(change, holding, inner, before)[0] for before, change in pairs]
    return (noisy + 2 * torch.stack(kept)).clamp(-1, 1)


def judge(source: torch.Tensor, noisy: torch.Tensor, result: torch.Tensor, sigma: float) -> Damage:
    """Judge results, (rows, 3, height, width); NaN counts as infinite."""
    if not bool(torch.isfinite(result).all()):
        return Damage(float("inf"), float("inf"), result[:, 0].numel())
    outside = measure_colour(source, noisy, result) / allow_colour(sigma)
    change = float((result - noisy).abs().max()) / ratio_of_sigma(sigma)
    return Damage(change, float(outside.max()), int((outside > 1).sum()))


def measure(
    model: PhotoDenoiser, source: torch.Tensor, sigma: float, seed: int = NOISE_SEED
) -> Verdict:
    """Clean pictures (rows, 3, height, width) of -1 to 1 that were made noisy, and judge."""
    noisy = add_noise(source, sigma, seed)
    cleaned = clean(model, noisy, sigma)
    held = hold(noisy, cleaned, sigma)
    return Verdict(judge(source, noisy, cleaned, sigma), judge(source, noisy, held, sigma))


def measure_cases(model: PhotoDenoiser, cases: Cases, sigmas: Sequence[float]) -> Worst:
    """The worst of each kind and sigma."""
    worst: Worst = {}
    for kind, pixels in cases:
        row = worst.setdefault(kind, dict.fromkeys(sigmas, Verdict()))
        for sigma in sigmas:
            row[sigma] = row[sigma].and_also(measure(model, to_tensor(pixels), sigma))
    return worst


def measure_random(model: PhotoDenoiser, count: int, sigmas: Sequence[float] = SIGMAS) -> Worst:
    """The worst of random pictures with random noise, each under the nearest of `sigmas`."""
    row = dict.fromkeys(sigmas, Verdict())
    for seed, (sigma, batch) in enumerate(make_random(count)):
        source = torch.cat([to_tensor(pixels) for pixels in batch])
        nearest = min(sigmas, key=lambda known: abs(known / sigma - sigma / known))
        row[nearest] = row[nearest].and_also(measure(model, source, sigma, seed))
    return {RANDOM: row} if count else {}


def make_table(title: str, damages: dict[str, dict[float, Damage]]) -> Table:
    """One row a kind: the largest change at each sigma, the farthest colour, pixels too far."""
    sigmas = next(iter(damages.values()))
    headings = (*(f"{sigma:g}" for sigma in sigmas), "colour", "pixels")
    columns = (Column(heading, no_wrap=True) for heading in ("kind", *headings))
    table = Table(*columns, title=title, box=SIMPLE, pad_edge=False, padding=(0, 1, 0, 0))
    for kind, row in damages.items():
        colour = max(damage.colour for damage in row.values())
        pixels = sum(damage.pixels for damage in row.values())
        changes = (f"{damage.change:.2f}" for damage in row.values())
        table.add_row(kind, *changes, f"{colour:.2f}", str(pixels))
    return table


def find_missed(dtype: str, worst: Worst) -> Iterator[str]:
    """Bars that what users get misses, in words."""
    for kind, row in worst.items():
        for sigma, verdict in row.items():
            users = verdict.users
            if users.change > LIMIT:
                yield f"{dtype}, {kind}, sigma {sigma:g}: a change of {users.change:.2f} sigma"
            if users.pixels:
                yield f"{dtype}, {kind}, sigma {sigma:g}: {users.pixels} pixels of a foreign colour"


def _print_tables(console: Console, dtype: str, worst: Worst) -> None:
    for who in ("network", "users"):
        damages = {
            kind: {sigma: getattr(verdict, who) for sigma, verdict in row.items()}
            for kind, row in worst.items()
        }
        title = f"{dtype}, as {'the network gives it' if who == 'network' else 'users get it'}"
        console.print(make_table(title, damages))


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = make_parser("stress", __doc__, folder_needed=False)
    parser.add_argument("--quick", action="store_true", help="few periods, no photographs")
    about = f"how many random pictures (default: {SYNTHETIC}, none with --quick)"
    parser.add_argument("--synthetic", type=int, metavar="N", help=about)
    several = ",".join(f"{sigma:g}" for sigma in SIGMAS)
    parser.add_argument("--sigmas", default=several, help="noise levels of 255")
    parser.add_argument("--dtypes", default="fp32,bf16")
    return read_options(parser, arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print two tables a dtype; returns 1 if what users get is broken."""
    options = _parse(arguments)
    count = options.synthetic
    count = (0 if options.quick else SYNTHETIC) if count is None else count
    console, missed, sigmas = Console(), list[str](), read_numbers(options.sigmas)
    for name in options.dtypes.split(","):
        model = load_model(options.model, DTYPES[name])
        cases = make_cases(options.quick, options.folder, options.limit)
        worst = measure_cases(model, cases, sigmas) | measure_random(model, count, sigmas)
        _print_tables(console, name, worst)
        missed += find_missed(name, worst)
    levels = f"{COLOUR_LEAST:g} to {COLOUR_MOST:g} levels"
    console.print(f"change in sigma, limit {LIMIT:g}; {count} random pictures", highlight=False)
    console.print(f"colour 1: {COLOUR_SIGMAS:g} sigma, {levels}, outside those around")
    return conclude(console, missed)


if __name__ == "__main__":
    raise SystemExit(main())
