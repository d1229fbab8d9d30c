"""Reading a photograph and deciding what its edit means: which noise level, which seed."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from core import plan
from core.engine.bands import Descent
from core.engine.change import Holding
from core.engine.memory import MemoryBudget
from core.engine.messages import Render
from core.engine.noise import LEVELS_PER_UNIT, NoiseCurve, native_start, noise_ratios
from core.errors import ImageReadError, ItemError, Reason
from core.images import refusals, source
from core.images.colour import strips_of, to_model_region
from core.images.decode import probe, read_photo
from core.images.noise_found import ALREADY_CLEAN, NoiseFound
from core.images.noise_level import find_noise
from core.images.photo import Floats, Photo
from core.images.tile import chosen_tile
from core.models.spec import ModelSpec
from core.recipe import Amount, EditSettings, Mode, SeedMode, StrengthScale

AMOUNT_FACTORS = {Amount.LESS: 0.7, Amount.AUTO: 1.1, Amount.MORE: 1.4}
"""How much of the noise that was found the model is told of.

A sensor's noise is stronger where there is more light, and what exceeds the told level stays as if
it were texture: over 24 photographs at 24 dB 1.1 brings half a decibel more than 1, for 0.1 less
on white noise.
"""

_SEED_MASK = (1 << 63) - 1
_log = logging.getLogger(__name__)

Facts = dict[str, str | int | float]


@dataclass(frozen=True)
class Prepared:
    """A photograph that was read, with what is to happen to it.

    `descent` None: nothing is to be changed. `tile`: side of the network's tiles, 0 for whole.
    """

    render: Render
    photo: Photo
    descent: Descent | None
    holding: Holding
    tile: int
    facts: Facts

    def pixels(self, top: int, bottom: int) -> Floats:
        """Return rows as the model's sRGB, (rows, W, 3), 0 to 1."""
        return to_model_region(self.photo, top, bottom, 0, self.photo.width)

    def rows(self, top: int, bottom: int) -> torch.Tensor:
        """Return rows as (3, rows, W), -1 to 1."""
        planes = torch.empty(3, bottom - top, self.photo.width)
        values = planes.permute(1, 2, 0).numpy()
        for first, last in strips_of(self.photo, bottom - top):
            part = values[first:last]
            np.multiply(self.pixels(top + first, top + last), np.float32(2), out=part)
            part -= np.float32(1)
        return planes


@dataclass(frozen=True)
class Aim:
    """Where a photograph starts: `ratio` 0 changes nothing. `facts` say why.

    `sigma`: the noise that Clean takes away, of 255.
    """

    steps: int
    ratio: float
    sigma: float | None
    facts: Facts


def read_source(render: Render) -> Photo:
    """Read the photograph that a message names.

    Raises:
        ImageReadError: it cannot be read whole, or is not what the parent saw.
    """
    photo = read_guarded(render.source, render.max_pixels)
    if photo.sha256 != render.source_sha256:
        raise source.changed(render.source.name)
    return photo


def check_memory(render: Render, budget: MemoryBudget) -> None:
    """Refuse by the header alone what does not fit into memory; raises ImageReadError."""
    path = render.source
    try:
        info = probe(path)
    except ItemError:
        raise
    except Exception as error:
        raise _damaged(path, error) from error
    # More than that is refused by reading, with the words for it.
    if info.width * info.height <= render.max_pixels:
        budget.check(path.name, info.width, info.height)


def read_guarded(path: Path, max_pixels: int) -> Photo:
    """Read a photograph; a decoder's own bug on hostile bytes concerns this one file.

    Raises:
        ImageReadError: it cannot be read whole.
    """
    try:
        return read_photo(path, max_pixels=max_pixels)
    except (ItemError, MemoryError):
        raise
    except Exception as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> ImageReadError:
    _log.error("decoding failed", exc_info=error)
    return refusals.damaged(path.name, type(error).__name__)


def prepare(
    render: Render, photo: Photo, spec: ModelSpec, curve: NoiseCurve, tile: int
) -> Prepared:
    """Decide what the edit settings mean for a photograph.

    Raises:
        SettingsError: the model cannot use one of the settings.
        ImageReadError: too_large to be denoised whole, as `size native` asks.
    """
    edit = render.edit
    aim = aim_of(edit, spec, curve, lambda: measure_noise(photo))
    return Prepared(
        render=render,
        photo=photo,
        descent=descent_of(edit, spec, curve, aim, lambda: photo_seed(edit, photo)),
        holding=holding_of(edit, aim),
        tile=chosen_tile(edit.size, photo.height, photo.width, tile),
        facts=aim.facts,
    )


def descent_of(
    edit: EditSettings, spec: ModelSpec, curve: NoiseCurve, aim: Aim, seed: Callable[[], int]
) -> Descent | None:
    """Return the way down from where a photograph starts; None when nothing is to be changed."""
    if not aim.steps or aim.ratio <= 0:
        return None
    ratios = noise_ratios(aim.ratio, aim.steps, edit.sigmas, curve)
    scheduler = plan.scheduler_of(edit, spec)
    is_repaint = edit.mode is Mode.REPAINT
    return Descent(scheduler, ratios, seed(), is_repaint, spec.noise_share)


def holding_of(edit: EditSettings, aim: Aim) -> Holding:
    """Return what is held back of the model's change."""
    if edit.mode is Mode.CLEAN:
        return Holding(keep_grain=edit.keep_grain, limit_sigma=aim.sigma)
    return Holding(hold_structure=edit.hold_structure)


def aim_of(
    edit: EditSettings, spec: ModelSpec, curve: NoiseCurve, noise: Callable[[], NoiseFound]
) -> Aim:
    """Return where a photograph starts.

    Args:
        noise: measures the photograph's noise; called only where that decides.

    Raises:
        SettingsError: the model cannot use one of the settings.
    """
    plan.check(edit, spec)
    if edit.mode is Mode.CLEAN:
        return _clean_aim(edit, spec, noise)
    if edit.strength_scale is StrengthScale.NATIVE:
        of_steps, _ = plan.step_counts(edit, spec)
        steps, ratio = native_start(edit.strength, of_steps, curve)
    else:
        of_steps, steps = plan.step_counts(edit, spec)
        ratio = plan.first_sigma(edit, spec)
    note = f"noise level {edit.strength:.2f}, {steps} of {of_steps} steps"
    if not steps:
        return Aim(0, 0.0, None, {"note": f"strength {edit.strength:g} changes nothing"})
    return Aim(steps, ratio, None, {"note": note, "steps": steps, "first_sigma": round(ratio, 5)})


def _clean_aim(edit: EditSettings, spec: ModelSpec, noise: Callable[[], NoiseFound]) -> Aim:
    _, steps = plan.step_counts(edit, spec)
    if isinstance(edit.amount, Amount):
        found = noise()
        sigma, facts = found.sigma * AMOUNT_FACTORS[edit.amount], found.facts
        if found.sigma < ALREADY_CLEAN:
            return Aim(0, 0.0, None, facts | {"note": "already clean, unchanged"})
        said = f"noise {found.words}"
    else:
        sigma, facts, said = edit.amount, {}, f"noise {edit.amount:g} of 255 as told"
    if not steps or sigma <= 0:
        return Aim(0, 0.0, None, facts | {"note": "clean 0 changes nothing"})
    note = f"{said}, {steps} step{'s' if steps > 1 else ''}"
    facts |= {"note": note, "steps": steps, "removed": round(sigma, 2)}
    return Aim(steps, sigma / LEVELS_PER_UNIT, sigma, facts)


def measure_noise(photo: Photo) -> NoiseFound:
    """Return the photograph's noise as the model sees it."""

    def rows(top: int, bottom: int) -> Floats:
        return to_model_region(photo, top, bottom, 0, photo.width)

    return find_noise(rows, photo.height, photo.width)


def photo_seed(edit: EditSettings, photo: Photo) -> int:
    """Return the seed of a photograph's noise.

    Per photo it comes from the seed and the upright pixels: neither the file's name, nor its
    place in the batch, nor the metadata in it matter.
    """
    if edit.seed_mode is not SeedMode.PER_PHOTO:
        return edit.seed
    digest = hashlib.blake2b(edit.seed.to_bytes(8), digest_size=8)
    digest.update(f"{photo.pixels.shape} {photo.pixels.dtype.name}".encode())
    digest.update(np.ascontiguousarray(photo.pixels).data)
    return int.from_bytes(digest.digest()) & _SEED_MASK


def memory_error(name: str, *, on_device: bool) -> ItemError:
    """Return the error for a photograph that does not fit, after everything was tried."""
    reason = Reason.OOM_GPU if on_device else Reason.OOM_HOST
    where = "the device has" if on_device else "this computer has free"
    return ImageReadError(
        reason,
        f"{name} needs more memory than {where}; no result was made.",
        hint="Close other programs, or choose --size tile, or --device cpu.",
    )
