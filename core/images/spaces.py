"""Colour spaces of photographs: from a source's pixels to sRGB and back, in floating point."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from core.images import profiles
from core.images.exif import is_adobe_rgb
from core.images.layout import channels_apart
from core.images.photo import Floats, Photo, Pixels

_LUMA = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)
_RELATIVE = 1
_PRECISE_WITH_BLACK_POINT = 0x0400 | 0x2000
_SAME_AS_SRGB = 0.75 / 255
_ROOT_STEPS = 1 << 17
_LEAST_PAPER = np.float32(1 / 8)


class Space(Protocol):
    """A source's colour space. Values are encoded, 0 to 1; shapes (h, w, channels)."""

    def to_srgb(self, pixels: Pixels) -> Floats:
        """Return (h, w, 3) sRGB, clipped to 0..1."""
        ...

    def from_srgb(self, values: Floats) -> Floats:
        """Return (h, w, C) in the source's space."""
        ...


def scaled(pixels: Pixels) -> Floats:
    """Return integer pixels as float32, 0 to 1."""
    return pixels * np.float32(1 / np.iinfo(pixels.dtype).max)


def srgb_encode(linear: Floats) -> Floats:
    """Return linear light, 0 to 1, by the sRGB curve (IEC 61966-2-1).

    From a table over its root, where the curve is smooth, of two steps for each that 16 bits can
    differ by: computed, it takes three times as long.
    """
    steps = np.sqrt(linear)
    steps *= np.float32(_ROOT_STEPS - 1)
    steps += np.float32(0.5)
    return _root_to_srgb().take(steps.astype(np.intp))


@lru_cache(maxsize=1)
def _root_to_srgb() -> Floats:
    linear = np.linspace(0.0, 1.0, _ROOT_STEPS) ** 2
    curved = 1.055 * linear ** (1 / 2.4) - 0.055
    return np.where(linear <= 0.0031308, 12.92 * linear, curved).astype(np.float32)


@lru_cache(maxsize=1)
def _srgb_to_linear() -> Floats:
    values = np.linspace(0.0, 1.0, profiles.CURVE_STEPS)
    curved = ((values + 0.055) / 1.055) ** 2.4
    return np.where(values <= 0.04045, values / 12.92, curved).astype(np.float32)


def _looked_up(table: Floats, positions: Floats) -> Floats:
    """Return a table of 65536 even steps at positions 0 to 1, to the nearest step.

    That is 16 bits; both sides of a change are rounded alike, so no change stays none.
    """
    steps = positions * np.float32(profiles.CURVE_STEPS - 1)
    steps += np.float32(0.5)
    return table.take(steps.astype(np.uint16))


@dataclass(frozen=True)
class SrgbSpace:
    """RGB that is sRGB, or is taken for it: no profile, or one that cannot be used."""

    def to_srgb(self, pixels: Pixels) -> Floats:
        """Return the same values in floating point, channels apart."""
        return scaled(channels_apart(pixels))

    def from_srgb(self, values: Floats) -> Floats:
        """Return the values themselves."""
        return values


@dataclass(frozen=True)
class GreySpace:
    """Grey with the sRGB curve: replicated on the way in, weighted (Rec. 709) on the way back."""

    def to_srgb(self, pixels: Pixels) -> Floats:
        """Return grey in three channels."""
        return np.repeat(scaled(pixels), 3, axis=2)

    def from_srgb(self, values: Floats) -> Floats:
        """Return the luma of the values."""
        return (values @ _LUMA)[..., None]


@dataclass(frozen=True)
class MatrixSpace:
    """RGB or grey with a profile of curves and a matrix, computed here without rounding."""

    profile: profiles.MatrixProfile

    def to_srgb(self, pixels: Pixels) -> Floats:
        """Return sRGB, channels apart; colours outside it are clipped."""
        curves = self.profile.to_linear
        if pixels.dtype == np.uint8:
            curves = curves[:, ::257]
        planes = np.moveaxis(channels_apart(pixels), 2, 0)
        linear = np.stack([curve.take(plane) for curve, plane in zip(curves, planes, strict=True)])
        if self.profile.matrix is not None:
            linear = _mixed(profiles.XYZ_TO_SRGB @ self.profile.matrix, linear)
        encoded = srgb_encode(np.clip(linear, 0.0, 1.0, out=linear))
        return np.moveaxis(np.repeat(encoded, 3 // len(encoded), axis=0), 0, 2)

    def from_srgb(self, values: Floats) -> Floats:
        """Return the source's own encoded values, channels apart."""
        linear = _looked_up(_srgb_to_linear(), np.moveaxis(values, 2, 0))
        matrix = self.profile.matrix
        if matrix is None:
            linear = _mixed(_LUMA[None], linear)
        else:
            linear = _mixed(np.linalg.inv(matrix) @ profiles.SRGB_TO_XYZ, linear)
        np.sqrt(np.clip(linear, 0.0, 1.0, out=linear), out=linear)
        parts = [_looked_up(*pair) for pair in zip(self.profile.from_linear, linear, strict=True)]
        return np.moveaxis(np.stack(parts), 0, 2)


def _mixed(matrix: NDArray[np.floating], planes: Floats) -> Floats:
    """Return (D, h, w): (D, C) weights of (C, h, w)."""
    mixed = matrix.astype(np.float32) @ planes.reshape(len(planes), -1)
    return mixed.reshape(-1, *planes.shape[1:])


@dataclass(frozen=True)
class LutSpace:
    """A profile of tables (CMYK, some scanners), through littlecms in 16 bits.

    Relative colorimetric with black point compensation, both ways.
    """

    icc: bytes
    channels: int

    def to_srgb(self, pixels: Pixels) -> Floats:
        """Return sRGB; colours outside it are clipped."""
        deep = pixels if pixels.dtype == np.uint16 else pixels.astype(np.uint16) * 257
        return scaled(self._transform(deep, to_srgb=True))

    def from_srgb(self, values: Floats) -> Floats:
        """Return the profile's own separation of the values."""
        deep = np.rint(values * np.float32(65535)).astype(np.uint16)
        return scaled(self._transform(deep, to_srgb=False))

    def _transform(self, pixels: Pixels, *, to_srgb: bool) -> Pixels:
        own = {1: "gray", 3: "rgb", 4: "cmyk"}[self.channels]
        ends = ((self.icc, own), (_srgb_profile(), "rgb"))
        (profile, colours), (out_profile, out_colours) = ends if to_srgb else ends[::-1]
        shaped = pixels[..., 0] if pixels.shape[2] == 1 else pixels
        out: Pixels = imagecodecs.cms_transform(
            np.ascontiguousarray(shaped), profile, out_profile,
            colorspace=colours, outcolorspace=out_colours, outdtype=np.uint16,
            intent=_RELATIVE, flags=_PRECISE_WITH_BLACK_POINT,
        )  # fmt: skip
        return out[..., None] if out.ndim == 2 else out

    def works(self) -> bool:
        """Say whether the profile can be used both ways."""
        try:
            self.from_srgb(self.to_srgb(np.zeros((1, 1, self.channels), np.uint8)))
        except (imagecodecs.CmsError, ValueError, RuntimeError):
            return False
        return True


@dataclass(frozen=True)
class NaiveInkSpace:
    """CMYK without a usable profile: R = (1 - C)(1 - K), and back around the source's own black."""

    def to_srgb(self, pixels: Pixels) -> Floats:
        """Return sRGB by subtracting ink from white."""
        ink = scaled(pixels)
        return (1 - ink[..., :3]) * (1 - ink[..., 3:])

    def moved(self, source: Pixels, change: Floats) -> Pixels:
        """Return `source`, (h, w, 4), with inks that show its sRGB and a change of it.

        `change`, (h, w, 3), is added to `to_srgb(source)`; the sum is clipped to 0..1, and black
        stays as near to the source's as it fits.
        Adding the change of one separation to another would show something else, so the inks are
        computed anew around the black; without a change they are the very same.
        """
        top = np.float32(np.iinfo(source.dtype).max)
        own = self.to_srgb(source)
        values = np.clip(own + change, 0.0, 1.0)
        lightest = values.max(axis=2, keepdims=True)
        ink = scaled(source)
        black = _black_moved(ink, lightest - own.max(axis=2, keepdims=True))
        black = np.rint(np.clip(black, 0.0, 1 - lightest) * top)
        # The other inks make up for the rounding of black; where it hides them they stay.
        shows = 1 - black * (1 / top)
        inks = 1 - values / np.maximum(shows, np.float32(1e-6))
        inks = np.clip(np.where(shows > 0, inks, ink[..., :3]), 0.0, 1.0)
        return np.concatenate((np.rint(inks * top), black), axis=2).astype(source.dtype)


def _black_moved(ink: Floats, brighter: Floats) -> Floats:
    """Return black, (h, w, 1), moved for its part of a pixel that gets brighter by (h, w, 1).

    The part is the one that moves all inks least, times the black there is: none stays none, full
    black carries it all. With black held still instead, a change of two levels in deep shadows
    would swing the other inks by half their range.
    """
    black = ink[..., 3:]
    paper = np.maximum(1 - ink[..., :3].min(axis=2, keepdims=True), _LEAST_PAPER)
    return np.asarray(black - brighter * black * paper / (paper**2 + (1 - black) ** 2))


def space_of(photo: Photo) -> Space | NaiveInkSpace:
    """Return the space of a photograph's pixels.

    A profile that does not fit the pixels, or is broken, is not used (it still goes into the
    result). Cameras name Adobe RGB by EXIF alone; that counts as a profile.
    """
    icc = photo.icc
    if icc is None and photo.pixels.shape[2] == 3 and is_adobe_rgb(photo.metadata.exif):
        icc = profiles.adobe_rgb()
    return _space(icc, int(photo.pixels.shape[2]))


_PLAIN: dict[int, Space | NaiveInkSpace] = {1: GreySpace(), 3: SrgbSpace(), 4: NaiveInkSpace()}


@lru_cache(maxsize=16)
def _space(icc: bytes | None, channels: int) -> Space | NaiveInkSpace:
    plain = _PLAIN[channels]
    fits = profiles.colour_space(icc) == {1: "GRAY", 3: "RGB", 4: "CMYK"}[channels]
    if icc is None or not fits:
        return plain
    profile = profiles.matrix_profile(icc)
    if profile is None:
        table = LutSpace(icc, channels)
        return table if table.works() else plain
    space = MatrixSpace(profile)
    return plain if _is_srgb(space, channels) else space


def _is_srgb(space: MatrixSpace, channels: int) -> bool:
    """Say whether a space differs from sRGB by less than one 8-bit level anywhere."""
    steps = np.linspace(0, 255, 18 if channels == 3 else 256).round().astype(np.uint8)
    axes = np.meshgrid(*[steps] * channels, indexing="ij")
    cube = np.stack(axes, axis=-1).reshape(1, -1, channels)
    # Matrices are rounded in a profile, so the corners are compared before clipping matters.
    return bool(np.abs(space.to_srgb(cube) - scaled(cube)).max() < _SAME_AS_SRGB)


@lru_cache(maxsize=1)
def _srgb_profile() -> bytes:
    made: bytes = imagecodecs.cms_profile("srgb")
    return made
