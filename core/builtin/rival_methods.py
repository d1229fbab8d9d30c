"""OpenCV's and scikit-image's denoisers for colour pictures, each with its range of strengths."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from skimage.restoration import denoise_nl_means, denoise_tv_chambolle, denoise_wavelet

from core.builtin.evaluate import Pixels

Clean = Callable[[Pixels, float], Pixels]

_FINEST, _RATIO, _COUNT = 1.5, 1.3, 15
_STRENGTHS = tuple(_FINEST * _RATIO**k for k in range(_COUNT))
"""In levels of 255, 1.5 to 59."""


@dataclass(frozen=True)
class Method:
    """A denoiser; `clean` takes pixels and one of `strengths`, a deviation in levels of 255.

    Its results become better with rising strength, and then worse.
    """

    name: str
    clean: Clean
    strengths: tuple[float, ...] = _STRENGTHS


def make_methods() -> tuple[Method, ...]:
    """Every method that can be run here: wavelets need PyWavelets, which is not always there.

    scikit-image's bilateral filter is left out: minutes a megapixel.
    """
    methods = [
        Method("OpenCV NLM", _clean_opencv),
        Method("OpenCV NLM, hColor 2 h", _clean_opencv_colour),
        Method("scikit-image NLM", _clean_nl_means),
        Method("scikit-image TV", _clean_tv),
    ]
    if importlib.util.find_spec("pywt"):
        methods.append(Method("scikit-image wavelets", _clean_wavelet))
    return tuple(methods)


LEGEND = """OpenCV NLM: fastNlMeansDenoisingColored, windows 7 and 21
scikit-image NLM, TV, wavelets: denoise_nl_means (patches 5, distance 6, fast),
denoise_tv_chambolle, denoise_wavelet (BayesShrink in YCbCr; only where PyWavelets is installed)
strengths of the others picked for each photograph by looking at the truth"""


def _clean_opencv(pixels: Pixels, strength: float, colour: float = 1.0) -> Pixels:
    """OpenCV's own windows; `colour`: how much stronger colour is filtered than brightness."""
    bgr = np.ascontiguousarray(pixels[..., ::-1])
    cleaned = cv2.fastNlMeansDenoisingColored(bgr, None, strength, colour * strength, 7, 21)
    return np.asarray(cleaned[..., ::-1], np.uint8)


def _clean_opencv_colour(pixels: Pixels, strength: float) -> Pixels:
    return _clean_opencv(pixels, strength, 2.0)


def _clean_nl_means(pixels: Pixels, strength: float) -> Pixels:
    picture = pixels.astype(np.float32) / 255
    windows = {"patch_size": 5, "patch_distance": 6, "fast_mode": True}
    return _to_levels(denoise_nl_means(picture, h=strength / 255, channel_axis=-1, **windows))


def _clean_tv(pixels: Pixels, strength: float) -> Pixels:
    picture = pixels.astype(np.float32) / 255
    return _to_levels(denoise_tv_chambolle(picture, weight=strength / 255, channel_axis=-1))


def _clean_wavelet(pixels: Pixels, strength: float) -> Pixels:
    """BayesShrink in YCbCr, as scikit-image's own example for colour has it."""
    picture, deviations = pixels.astype(np.float32) / 255, [strength / 255] * 3
    options = {"method": "BayesShrink", "mode": "soft", "rescale_sigma": True}
    cleaned = denoise_wavelet(
        picture, sigma=deviations, convert2ycbcr=True, channel_axis=-1, **options
    )
    return _to_levels(cleaned)


def _to_levels(picture: npt.NDArray[np.floating]) -> Pixels:
    return np.asarray(np.clip(np.rint(picture * 255), 0, 255), np.uint8)
