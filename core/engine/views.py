"""What the network says of a sample and of its mirror images, averaged.

The network's own error differs from view to view and the picture does not, so the mean is nearer
to the truth (geometric self-ensemble; Lim et al., EDSR, 2017).
"""

from __future__ import annotations

from typing import Any

import torch

from core.engine.passes import Predict

_ROWS, _COLUMNS = 2, 3
_FLIPS = ((), (_ROWS, _COLUMNS), (_COLUMNS,), (_ROWS,))


def averaged(predict: Predict, views: int) -> Predict:
    """Return `predict` averaged over 1, 2 (turned by half) or 4 (mirrored as well) views.

    Only for models on pixels: samples and answers are (rows, 3, h, w).
    """
    if views == 1:
        return predict
    flips = _FLIPS[:views]

    def mean(samples: Any, timesteps: torch.Tensor) -> torch.Tensor:
        total = torch.clone(predict(samples, timesteps))
        for dims in flips[1:]:
            total += predict(samples.flip(dims), timesteps).flip(dims)
        return total.div_(views)

    return mean
