"""Tokenizers for small models, made here: every byte is a token, so that any prompt can be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

QWEN_SPECIAL = (
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>",
    "<|vision_pad|>", "<|image_pad|>", "<|video_pad|>", "<think>", "</think>",
)  # fmt: skip
QWEN_WORDS = 256 + len(QWEN_SPECIAL)
CLIP_WORDS = 514
T5_WORDS = 3 + 1 + 95

_CHAT = (
    "{%- for message in messages %}<|im_start|>{{ message.role }}\n"
    "{%- if message.content is string %}{{ message.content }}"
    "{%- else %}{%- for part in message.content %}"
    "{%- if part.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>"
    "{%- else %}{{ part.text }}{%- endif %}{%- endfor %}{%- endif %}<|im_end|>\n{% endfor %}"
    "{%- if add_generation_prompt %}<|im_start|>assistant\n{%- endif %}"
    "{%- if enable_thinking is defined and not enable_thinking %}<think>\n\n</think>\n\n{% endif %}"
)


def byte_letters() -> list[str]:
    """Return the letter that stands for each of the 256 bytes in GPT-2's way of writing them."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = iter(range(256, 512))
    return [chr(byte if byte in plain else next(others)) for byte in range(256)]


def clip_tokenizer(pad: str = "<|endoftext|>") -> Any:
    """Return a CLIPTokenizer of 514 tokens: bytes, bytes that end words, start and end."""
    from transformers import CLIPTokenizer

    letters = byte_letters()
    words = [*letters, *(letter + "</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    vocab = {word: number for number, word in enumerate(words)}
    return CLIPTokenizer(vocab=vocab, merges=[], pad_token=pad, model_max_length=77)


def t5_tokenizer(longest: int) -> Any:
    """Return a T5Tokenizer (Unigram) that knows the letters of ASCII.

    Args:
        longest: tokens of a prompt.
    """
    from transformers import T5Tokenizer

    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("\N{LOWER ONE EIGHTH BLOCK}", -2.0)]
    pieces += [(chr(code), -3.0 - code / 100) for code in range(32, 127)]
    return T5Tokenizer(vocab=pieces, extra_ids=0, model_max_length=longest)


def qwen_tokenizer() -> Any:
    """Return a Qwen2Tokenizer: bytes, and the marks of chats and pictures."""
    from transformers import Qwen2Tokenizer

    vocab = {word: number for number, word in enumerate([*byte_letters(), *QWEN_SPECIAL])}
    return Qwen2Tokenizer(
        vocab=vocab,
        merges=[],
        additional_special_tokens=list(QWEN_SPECIAL[1:]),
        chat_template=_CHAT,
        model_max_length=4096,
    )


def qwen_id(word: str) -> int:
    """Return the number of one of QWEN_SPECIAL."""
    return 256 + QWEN_SPECIAL.index(word)


def save_processor(folder: Path) -> None:
    """Save what Qwen-Image-Edit looks with, at pictures of up to 112 x 112, as its makers do.

    transformers' own class for it cannot be made without torchvision.
    """
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    size = {"shortest_edge": 56 * 56, "longest_edge": 112 * 112}
    Qwen2VLImageProcessorPil(size=size).save_pretrained(folder)
    qwen_tokenizer().save_pretrained(folder)
