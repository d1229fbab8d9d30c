"""What reads prompts and pictures together for Qwen-Image-Edit, without torchvision.

transformers' own Qwen2VLProcessor insists on a reader of videos, which needs torchvision, which
comes in no build that fits every torch; no photograph needs it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from transformers import Qwen2Tokenizer, Qwen2VLProcessor
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil


class PictureProcessor(Qwen2VLProcessor):
    """Qwen2VLProcessor for stills; parts are known by the names of these arguments."""

    def __init__(self, image_processor: Any = None, tokenizer: Any = None, **kwargs: Any) -> None:
        untyped: Any = super()
        untyped.__init__(image_processor, tokenizer, **kwargs)


def load_processor(folder: Path) -> PictureProcessor:
    """Return the processor whose settings and tokenizer lie in `folder`.

    Raises:
        OSError: something is missing there.
    """
    looking = Qwen2VLImageProcessorPil.from_pretrained(folder, local_files_only=True)
    tokenizer = Qwen2Tokenizer.from_pretrained(folder, local_files_only=True)
    return PictureProcessor(looking, tokenizer)
