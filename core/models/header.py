"""What a file of weights says of itself in its header, and what is said of the file in turn."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from core.errors import ModelUntrustedError
from core.models.families import FAMILIES
from core.models.spec import Prediction
from core.models.weights_file import Tensor

_DTYPES = {
    "F64": "fp64", "F32": "fp32", "F16": "fp16", "BF16": "bf16", "F8_E4M3": "fp8", "F8_E5M2": "fp8",
}  # fmt: skip
_NO_WEIGHTS = re.compile(
    r"(^|\.)(position_ids|logit_scale|scaled_fp8)$"
    r"|\.(scale_weight|weight_scale|scale_input|input_scale|comfy_quant)$"
)
"""What a file may have beside a component's weights."""

_TOKENS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


@dataclass(frozen=True)
class FoundFile:
    """What a file of weights is.

    Attributes:
        role: `checkpoint` for a whole model; or the component that it is (`transformer`,
            `text_encoder`, `text_encoder_2` ..., `vae`); or `lora`, `controlnet`, `ip_adapter`.
        family: of core.models.families; empty for parts that more than one family uses, and
            where nothing tells.
        variant: of a model, its distilled form; of a part, which one it is (`clip_l`, `clip_g`,
            `t5xxl`, `qwen_3_4b`, `qwen_2.5_vl_7b`, `ae`, `flux2-vae` ...).
        prediction: where the file says it.
        parameters: how many numbers each component in it has, as the component's own code counts.
        dtype: of most of them: fp32, fp16, bf16, fp8.
        title: what its maker calls it; empty where nothing tells.
    """

    role: str
    family: str = ""
    variant: str = ""
    prediction: Prediction | None = None
    parameters: dict[str, int] = field(default_factory=dict)
    dtype: str = ""
    title: str = ""


@dataclass(frozen=True)
class Header:
    """The tensors of a file by name, and what is noted in it."""

    file: str
    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, str] = field(default_factory=dict)

    def has(self, *names: str) -> bool:
        """Return whether there is a tensor of each of these names."""
        return all(name in self.tensors for name in names)

    def starts(self, *prefixes: str) -> bool:
        """Return whether some tensor's name begins with one of these."""
        return any(name.startswith(prefixes) for name in self.tensors)

    def any_like(self, pattern: str) -> bool:
        """Return whether some tensor's name has this pattern in it."""
        return re.search(pattern, self._lines, re.MULTILINE) is not None

    @cached_property
    def _lines(self) -> str:
        """All names, one a line: searched at once, since scans look at thousands of files."""
        return "\n".join(self.tensors)

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of a tensor; empty where there is none of that name."""
        return self.tensors[name].shape if name in self.tensors else ()

    def width(self, name: str, axis: int = 1) -> int:
        """Return one side of a tensor; 0 where there is none."""
        shape = self.shape(name)
        return shape[axis] if len(shape) > axis else 0

    def under(self, prefix: str) -> Header:
        """Return the tensors whose names begin with a prefix, without it."""
        below = {
            name.removeprefix(prefix): tensor
            for name, tensor in self.tensors.items()
            if name.startswith(prefix)
        }
        return replace(self, tensors=below)

    def count(self, without: str = "$^") -> int:
        """Return how many numbers the weights are.

        Args:
            without: pattern of names that are not the component's own.
        """
        left_out = re.compile(without)
        return sum(
            math.prod(tensor.shape)
            for name, tensor in self.tensors.items()
            if not _NO_WEIGHTS.search(name) and not left_out.search(name)
        )

    def blocks(self, prefix: str) -> int:
        """Return how many numbered blocks stand under a prefix that ends with a dot."""
        numbers = {name.removeprefix(prefix).split(".", 1)[0] for name in self.under_names(prefix)}
        return sum(number.isdigit() for number in numbers)

    def under_names(self, prefix: str) -> tuple[str, ...]:
        """Return the names that begin with a prefix."""
        return tuple(name for name in self.tensors if name.startswith(prefix))

    @property
    def dtype(self) -> str:
        """The kind that most numbers are of."""
        amounts: Counter[str] = Counter()
        for tensor in self.tensors.values():
            amounts[tensor.dtype] += math.prod(tensor.shape)
        most = amounts.most_common(1)
        return _DTYPES.get(most[0][0], most[0][0].lower()) if most else ""

    @property
    def words(self) -> frozenset[str]:
        """The words in the file's name and in what its maker noted, in small letters."""
        noted = ("modelspec.title", "modelspec.architecture", "ss_base_model_version")
        texts = (self.file, *(self.metadata.get(name, "") for name in noted))
        return words_of(" ".join(texts))

    @property
    def title(self) -> str:
        """What its maker calls it."""
        return self.metadata.get("modelspec.title", "").strip()[:120]

    def refusal(self, what: str, hint: str = "") -> ModelUntrustedError:
        """Return the error that says that the file is not used."""
        return ModelUntrustedError(
            f"{self.file} {what}.",
            hint=hint or "Choose a model of a known family: regrain models download",
        )


def words_of(text: str) -> frozenset[str]:
    """Return the words of a name such as `sdxlTurbo_v10-fp16`, in small letters."""
    return frozenset(word.lower() for word in _TOKENS.findall(text))


def variant_of(family_id: str, words: frozenset[str]) -> str:
    """Return the distilled form that a name's words tell, if the family has it."""
    known = FAMILIES[family_id].variants
    hyphenated = {"hyper"} if {"hypersd", "hyper"} & words else set()
    return next((name for name in known if name in words | hyphenated), "")
