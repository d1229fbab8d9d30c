"""What a file of weights is: told from its header alone, without any model library."""

from __future__ import annotations

from pathlib import Path

from core.models.checkpoints import stable_diffusion
from core.models.extra_files import adapter
from core.models.flow_files import transformer
from core.models.header import FoundFile, Header
from core.models.part_files import autoencoder, text_encoder
from core.models.trust import check_weights
from core.models.weights_file import open_file, read_metadata

__all__ = ["FoundFile", "identify"]

_KINDS = (adapter, stable_diffusion, transformer, text_encoder, autoencoder)
"""In this order: what changes models has names of theirs in it."""

_QUANTIZED = (
    (r"\.quant_state\.bitsandbytes|\.absmax$", "NF4"),
    (r"\.(qweight|wscales|qzeros)$", "SVDQuant or GPTQ"),
    (r"\.weight_scale_2$", "NVFP4"),
)
_SMALL_NUMBERS = frozenset({"F4", "F6_E2M3", "F6_E3M2", "F8_E8M0"})
_PLAIN_HINT = "Choose a version in fp16, bf16 or fp8, as a .safetensors file."


def identify(path: Path) -> FoundFile:
    """Return what a .safetensors file is; no more than its header is read.

    Raises:
        OSError: it cannot be read.
        ModelUntrustedError: it is damaged, of no kind that Regrain knows, or of one that it does
            not use; in words.
    """
    _refuse_gguf(path)
    header = Header(path.name, check_weights(path), read_metadata(path))
    _refuse_quantized(header)
    for kind in _KINDS:
        found = kind(header)
        if found is not None:
            return found
    raise header.refusal("holds no model of a family that Regrain knows")


def _refuse_gguf(path: Path) -> None:
    with open_file(path) as file:
        is_gguf = file.read(4) == b"GGUF"
    if is_gguf or path.suffix.lower() == ".gguf":
        raise Header(path.name, {}).refusal(
            "is a GGUF file, whose weights are packed in a way that Regrain does not read",
            _PLAIN_HINT,
        )


def _refuse_quantized(header: Header) -> None:
    for pattern, name in _QUANTIZED:
        if header.any_like(pattern):
            raise header.refusal(
                f"has its weights packed ({name}), which Regrain does not read", _PLAIN_HINT
            )
    packed = {t.dtype for t in header.tensors.values()} & _SMALL_NUMBERS
    if packed:
        raise header.refusal(
            f"has weights of less than 8 bits ({min(packed)}), which Regrain does not read",
            _PLAIN_HINT,
        )
