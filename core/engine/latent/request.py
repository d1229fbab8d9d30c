"""One call of a denoiser, put together with others into one pass, and the answers taken apart."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from core.engine.latent.forms import Form

Arguments = dict[str, Any]

RESIDUALS = ("down_block_additional_residuals", "mid_block_additional_residual")
"""Where a denoiser takes a ControlNet's answer."""


@dataclass(frozen=True)
class Request:
    """What a pipeline asks of its denoiser in one call, by the names of the arguments.

    `control`: what it asked of its ControlNet, `controller`, just before; the answer to that
    belongs into this call.
    """

    values: Arguments
    form: Form
    control: Arguments | None = None
    controller: Any = None

    @property
    def rows(self) -> int:
        """Return how many pictures go through the network: 2 under guidance, in most families."""
        return len(self.values[self.form.picture])

    @property
    def level(self) -> float:
        """Return the noise level in the network's own terms."""
        value = self.values[self.form.timestep]
        return float(value.reshape(-1)[0]) if isinstance(value, torch.Tensor) else float(value)

    def alike(self) -> Hashable:
        """Return what has to be equal for two requests to go through the network together."""
        control = self.control and _kind(self.control, "", self.form)
        return self.rows, _kind(self.values, "", self.form), control, id(self.controller)


def join(requests: Sequence[Request]) -> Request:
    """Return one request for several that are alike; one alone stays exactly what it is."""
    if len(requests) == 1:
        return requests[0]
    form = requests[0].form
    counts = [request.rows for request in requests]
    values = _joined([request.values for request in requests], "", form, counts)
    controls = [request.control for request in requests if request.control is not None]
    control = _joined(controls, "", form, counts) if controls else None
    return Request(values, form, control, requests[0].controller)


def split(answer: Any, requests: Sequence[Request]) -> list[Any]:
    """Return the part of the network's `answer` for each request that was joined."""
    parts, start = [], 0
    for request in requests:
        parts.append(answer[start : start + request.rows])
        start += request.rows
    return parts if len(requests) > 1 else [answer]


def _joined(values: list[Any], name: str, form: Form, counts: list[int]) -> Any:
    first = values[0]
    if name in form.shared:
        return first
    if isinstance(first, torch.Tensor):
        return torch.cat([_in_rows(v, count) for v, count in zip(values, counts, strict=True)])
    if isinstance(first, dict):
        return {key: _joined([v[key] for v in values], key, form, counts) for key in first}
    if isinstance(first, list | tuple):
        if name in form.rows:
            return [entry for value in values for entry in value]
        return [_joined(list(entries), "", form, counts) for entries in zip(*values, strict=True)]
    return first


def _in_rows(value: torch.Tensor, count: int) -> torch.Tensor:
    """Return one value for every row: pipelines give a single noise level for all."""
    return value.reshape(1).expand(count) if value.dim() == 0 else value


def _kind(value: Any, name: str, form: Form) -> Hashable:
    if isinstance(value, torch.Tensor):
        if name in form.shared:
            # As bytes: NumPy has no bf16.
            return value.shape, value.cpu().contiguous().view(torch.uint8).numpy().tobytes()
        return tuple(value.shape), value.dtype
    if isinstance(value, dict):
        return tuple((key, _kind(value[key], key, form)) for key in value)
    if isinstance(value, list | tuple):
        return tuple(_kind(entry, "", form) for entry in value)
    return value if isinstance(value, Hashable) else repr(value)


def with_residuals(values: Arguments, residuals: tuple[Any, Any]) -> Arguments:
    """Return a denoiser's arguments with a ControlNet's answer in their place."""
    return values | dict(zip(RESIDUALS, residuals, strict=True))
