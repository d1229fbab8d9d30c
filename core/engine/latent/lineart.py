"""The lines of a picture, white on black, as ControlNets for line art take them; no model."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

_WIDE, _FINE = 6.0, 0.7
"""Pixels, at a side of 512, over which surroundings and noise are averaged."""

_FAINT = 0.06
"""What counts as a full line at least: so that noise on even ground does not become lines."""

_LUMINANCE = (0.299, 0.587, 0.114)


def lines_of(picture: torch.Tensor) -> torch.Tensor:
    """Return a picture's lines, (3, h, w), 0 to 1; what is darker than its surroundings is one.

    Args:
        picture: (3, h, w), sRGB 0 to 1.
    """
    grey: NDArray[np.float32] = np.tensordot(
        np.asarray(_LUMINANCE, np.float32), picture.detach().cpu().numpy(), axes=1
    )
    scale = max(1.0, min(grey.shape) / 512)
    around = gaussian_filter(grey, _WIDE * scale, mode="nearest")
    darker = np.maximum(around - gaussian_filter(grey, _FINE * scale, mode="nearest"), 0)
    full = max(_FAINT, float(np.percentile(darker, 98)))
    lines = torch.from_numpy(np.clip(darker / full, 0, 1).astype(np.float32))
    return lines.expand(3, *lines.shape).contiguous()
