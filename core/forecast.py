"""What a batch would take: results, time and disk space, quick enough to follow a dial."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.models.spec import ModelSpec
from core.pace import Pace
from core.plan import DeviceSpeed, PictureSize, bytes_per_pixel, plan, readable_seconds
from core.recipe import Recipe

UNKNOWN_PIXELS = 12_000_000
"""Taken for a photograph as long as no size at all is known."""

_SPARE = 1.1


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a batch would take: results, seconds of work (0: not known yet), bytes on the disk."""

    photographs: int
    results: int
    seconds: float
    bytes: int

    @property
    def needed_bytes(self) -> int:
        """Return what should be free before it starts: somewhat more than the estimate."""
        return round(_SPARE * self.bytes)

    def time(self) -> str:
        """Return the time as people say it: `about 6 min`."""
        return readable_seconds(self.seconds) if self.seconds else "time not known yet"


def estimate(
    sizes: Iterable[PictureSize | None],
    recipe: Recipe,
    spec: ModelSpec,
    speed: DeviceSpeed | None = None,
    strengths: Sequence[float] = (),
) -> Estimate:
    """Return what `recipe` would take for photographs of these sizes, each at each strength.

    Args:
        sizes: None, or a size without pixels, for photographs that nobody looked at yet: they
            are taken for the mean of the others.
        speed: as measured on this computer; None takes the model's own figure.

    Raises:
        SettingsError: the model cannot use one of the settings.
    """
    pixels = [size.pixels if size else 0 for size in sizes]
    known = [count for count in pixels if count]
    mean = sum(known) / len(known) if known else UNKNOWN_PIXELS
    results = max(1, len(strengths)) * len(pixels)
    counted = Counter(known) + Counter({round(mean): len(pixels) - len(known)})
    seconds = sum(_seconds(counted, recipe, spec, speed, s) for s in strengths or (None,))
    written = _written_pixels(pixels, mean, recipe) * max(1, len(strengths))
    size = written * bytes_per_pixel(recipe.output.format.value)
    return Estimate(len(pixels), results, seconds, round(size))


def remaining(pace: Pace, expected: Estimate | None = None) -> float | None:
    """Return the seconds until a batch is done: as measured, before that as expected.

    None as long as neither is known.
    """
    measured = pace.seconds_left
    if measured is not None or expected is None or not expected.results * expected.seconds:
        return measured
    return expected.seconds * (pace.total - pace.settled) / expected.results


def _seconds(
    counted: Counter[int],
    recipe: Recipe,
    spec: ModelSpec,
    speed: DeviceSpeed | None,
    strength: float | None,
) -> float:
    """Return the time for so many photographs of each number of pixels, at one strength."""
    edit, scale = recipe.edit, recipe.output.scale
    if strength is not None:
        edit = edit.model_copy(update={"strength": strength})
    if spec.pixel_space:
        # It grows with the pixels alone, whatever the sizes.
        one = plan(edit, spec, PictureSize(1000, 1000), speed).seconds
        return one * sum(pixels * count for pixels, count in counted.items()) / 1e6
    return sum(
        count * plan(edit, spec, _photograph(pixels), speed, scale=scale).seconds
        for pixels, count in counted.items()
    )


def _photograph(pixels: int) -> PictureSize:
    """Return a size of so many pixels, as if 3 : 2."""
    width = max(1, round((1.5 * pixels) ** 0.5))
    return PictureSize(width, max(1, round(pixels / width)))


def _written_pixels(pixels: list[int], mean: float, recipe: Recipe) -> float:
    """Return the results' pixels, a result a photograph; for a longest side as if 3 : 2."""
    output = recipe.output
    if output.max_side is None:
        return sum(count or mean for count in pixels) * output.scale**2
    largest = output.max_side**2 * 2 / 3
    return sum(min(count or mean, largest) for count in pixels)
