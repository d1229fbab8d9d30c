"""Reading a photograph and deciding what its edit means: which noise level, which seed."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass

import numpy as np
import torch

from core import plan
from core.engine.bands import Descent
from core.engine.change import Holding
from core.engine.messages import Render
from core.engine.models import ModelSpec
from core.engine.noise import LEVELS_PER_UNIT, NoiseCurve, native_start, noise_ratios
from core.errors import ImageReadError, ItemError, Reason
from core.images import refusals, source
from core.images.colour import to_model_region
from core.images.decode import read_photo
from core.images.noise_level import ALREADY_CLEAN, estimate_sigma
from core.images.photo import Floats, Photo
from core.images.tile import chosen_tile
from core.recipe import Amount, EditSettings, Mode, SeedMode, StrengthScale

AMOUNT_FACTORS = {Amount.LESS: 0.7, Amount.AUTO: 1.0, Amount.MORE: 1.4}
"""What part of the noise that was found Clean takes away."""

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
        values = torch.from_numpy(self.pixels(top, bottom)).permute(2, 0, 1)
        return values.contiguous() * 2 - 1


@dataclass(frozen=True)
class _Aim:
    """Where a photograph starts: `ratio` 0 changes nothing. `facts` say why."""

    steps: int
    ratio: float
    sigma: float | None
    facts: Facts


def read_source(render: Render) -> Photo:
    """Read the photograph that a message names.

    Raises:
        ImageReadError: it cannot be read whole, or is not what the parent saw.
    """
    try:
        photo = read_photo(render.source, max_pixels=render.max_pixels)
    except (ItemError, MemoryError):
        raise
    except Exception as error:
        # A decoder's own bug on hostile bytes concerns this one file.
        _log.exception("decoding failed")
        raise refusals.damaged(render.source.name, type(error).__name__) from error
    if photo.sha256 != render.source_sha256:
        raise source.changed(render.source.name)
    return photo


def prepare(
    render: Render, photo: Photo, spec: ModelSpec, curve: NoiseCurve, tile: int
) -> Prepared:
    """Decide what the edit settings mean for a photograph.

    Raises:
        SettingsError: the model cannot use one of the settings.
        ImageReadError: too_large to be denoised whole, as `size native` asks.
    """
    edit = render.edit
    plan.check(edit, spec)
    aim = _aim(edit, spec, curve, photo)
    descent = None
    if aim.steps and aim.ratio > 0:
        scheduler = plan.scheduler_of(edit, spec)
        ratios = noise_ratios(aim.ratio, aim.steps, edit.sigmas, curve)
        add_noise = edit.mode is Mode.REPAINT
        descent = Descent(scheduler, ratios, photo_seed(edit, photo), add_noise)
    return Prepared(
        render=render,
        photo=photo,
        descent=descent,
        holding=_holding(edit, aim),
        tile=chosen_tile(edit.size, photo.height, photo.width, tile),
        facts=aim.facts,
    )


def _holding(edit: EditSettings, aim: _Aim) -> Holding:
    if edit.mode is Mode.CLEAN:
        return Holding(keep_grain=edit.keep_grain, limit_sigma=aim.sigma)
    return Holding(hold_structure=edit.hold_structure)


def _aim(edit: EditSettings, spec: ModelSpec, curve: NoiseCurve, photo: Photo) -> _Aim:
    if edit.mode is Mode.CLEAN:
        return _clean_aim(edit, spec, photo)
    if edit.strength_scale is StrengthScale.NATIVE:
        of_steps, _ = plan.step_counts(edit, spec)
        steps, ratio = native_start(edit.strength, of_steps, curve)
    else:
        of_steps, steps = plan.step_counts(edit, spec)
        ratio = plan.first_sigma(edit, spec)
    note = f"noise level {edit.strength:.2f}, {steps} of {of_steps} steps"
    if not steps:
        return _Aim(0, 0.0, None, {"note": f"strength {edit.strength:g} changes nothing"})
    return _Aim(steps, ratio, None, {"note": note, "steps": steps, "first_sigma": round(ratio, 5)})


def _clean_aim(edit: EditSettings, spec: ModelSpec, photo: Photo) -> _Aim:
    _, steps = plan.step_counts(edit, spec)
    if isinstance(edit.amount, Amount):
        found = measure_noise(photo)
        sigma = found * AMOUNT_FACTORS[edit.amount]
        facts: Facts = {"noise": round(found, 2)}
        if found < ALREADY_CLEAN:
            return _Aim(0, 0.0, None, facts | {"note": "already clean, unchanged"})
        said = f"noise {found:.0f} of 255"
    else:
        sigma, facts, said = edit.amount, {}, f"noise {edit.amount:g} of 255 as told"
    if not steps or sigma <= 0:
        return _Aim(0, 0.0, None, facts | {"note": "clean 0 changes nothing"})
    note = f"{said}, {steps} step{'s' if steps > 1 else ''}"
    facts |= {"note": note, "steps": steps, "removed": round(sigma, 2)}
    return _Aim(steps, sigma / LEVELS_PER_UNIT, sigma, facts)


def measure_noise(photo: Photo) -> float:
    """Return the deviation of the photograph's noise, of 255, as the model sees it."""

    def rows(top: int, bottom: int) -> Floats:
        return to_model_region(photo, top, bottom, 0, photo.width)

    return estimate_sigma(rows, photo.height, photo.width)


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
