"""Weights out of .safetensors files: their outline first, without memory, then their numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from core.engine.latent.quantized import is_scale, scaled, scales_of
from core.errors import ModelNotFoundError, ModelUntrustedError
from core.models.trust import check_weights

Tensors = dict[str, torch.Tensor]
Convert = Callable[[Tensors, Any], Tensors]
"""Renames and cuts weights to what a model's class wants; its settings are the second value."""

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def as_they_are(tensors: Tensors, _config: Any) -> Tensors:
    """Convert nothing."""
    return tensors


@dataclass(frozen=True)
class WeightSource:
    """Where a component's weights are.

    Attributes:
        model: its name, for sentences.
        files: checked when they are read.
        convert: to the names that the component's class has.
        prefixes: what the names of its weights begin with; empty for all in the files.
    """

    model: str
    files: tuple[Path, ...]
    convert: Convert = as_they_are
    prefixes: tuple[str, ...] = ()

    def outline(self, config: Any) -> Tensors:
        """Return every weight with its shape and without any memory.

        Raises:
            ModelNotFoundError: a file is missing.
            ModelUntrustedError: a file is damaged, or these weights are not in it.
        """
        empty = {name: torch.empty(shape, device="meta") for name, shape in self.shapes().items()}
        return self._converted(empty, config)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shapes of its weights in the files, by their names there; raises alike."""
        found: dict[str, tuple[int, ...]] = {}
        for path in self.files:
            try:
                header = check_weights(path)
            except OSError as error:
                raise _unreadable(self.model, path, error) from error
            found |= {name: tensor.shape for name, tensor in header.items()}
        return {
            name: shape for name, shape in found.items() if self._takes(name) and not is_scale(name)
        }

    def read(self, config: Any, device: str, dtype: torch.dtype) -> Tensors:
        """Return every weight on `device` in `dtype`; raises as `outline`, and for NaN."""
        found: Tensors = {}
        for path in self.files:
            try:
                found |= dict(self._read(path, device, dtype))
            except (OSError, SafetensorError) as error:
                raise _unreadable(self.model, path, error) from error
        return self._converted(found, config)

    def _takes(self, name: str) -> bool:
        return not self.prefixes or name.startswith(self.prefixes)

    def _read(
        self, path: Path, device: str, dtype: torch.dtype
    ) -> Iterator[tuple[str, torch.Tensor]]:
        with ExitStack() as stack:
            file = stack.enter_context(safe_open(path, framework="pt"))
            names = list(file.keys())
            scales = scales_of(names)
            for name in names:
                if not self._takes(name) or is_scale(name):
                    continue
                tensor = file.get_tensor(name)
                if not _are_numbers(tensor):
                    raise _no_numbers(path, name)
                scale = file.get_tensor(scales[name]) if name in scales else None
                yield name, scaled(tensor, scale, device, dtype)

    def _converted(self, tensors: Tensors, config: Any) -> Tensors:
        try:
            return self.convert(tensors, config)
        except (KeyError, IndexError, ValueError, TypeError, RuntimeError, AttributeError) as error:
            raise ModelUntrustedError(
                f"{self.files[0].name} has not the weights that its family has ({error}), so "
                "Regrain does not use it.",
                hint="Download it again, or choose another model.",
            ) from error


def _are_numbers(tensor: torch.Tensor) -> bool:
    """Return whether all are finite: NaN is both the least and the greatest of its fellows."""
    if not tensor.is_floating_point() or not tensor.numel():
        return True
    wide = tensor.float() if tensor.itemsize == 1 else tensor
    return all(bool(torch.isfinite(end)) for end in torch.aminmax(wide))


def _no_numbers(path: Path, name: str) -> ModelUntrustedError:
    return ModelUntrustedError(
        f"{path.name} holds weights that are no numbers (in {name[:80]!r}), so Regrain does not "
        "use it.",
        hint="Download it again, or choose another model.",
    )


def _unreadable(model: str, path: Path, error: Exception) -> ModelNotFoundError:
    why = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return ModelNotFoundError(
        f"{path.name} of {model} cannot be read: {why}.",
        hint="Put the file back, or add the model again.",
    )
