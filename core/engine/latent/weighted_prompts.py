"""Embeddings of prompts with weights or of any length, for CLIP text encoders, by compel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from compel import EmbeddingsProvider, SplitLongTextMode

from core.errors import SettingsError
from core.prompts.weights import Fragment, parse_weights

Layer = Callable[[Any, Any], torch.Tensor]
"""Takes the encoder and its output; returns the hidden states that the model is led by."""


@dataclass(frozen=True)
class _Seat:
    """An encoder for compel, which must not ask it where it lies: it may lie elsewhere just now."""

    encoder: Any
    device: torch.device
    dtype: torch.dtype


class _Provider(EmbeddingsProvider):  # type: ignore[misc]  # compel has no types of its own
    """compel's provider, reading the very layer that diffusers' pipeline reads."""

    def __init__(self, tokenizer: Any, encoder: Any, layer: Layer, device: str) -> None:
        super().__init__(
            tokenizer=tokenizer,
            text_encoder=_Seat(encoder, torch.device(device), encoder.dtype),
            truncate=False,
            split_long_text_mode=SplitLongTextMode.PHRASES | SplitLongTextMode.COPY_FIRST_CLS_TOKEN,
            device=device,
        )
        self._layer = layer

    def _encode_token_ids_to_embeddings(
        self, token_ids: torch.Tensor, attention_mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        # As diffusers calls it: nothing is masked.
        whole = attention_mask is None or bool(attention_mask.all())
        mask = None if whole else attention_mask
        encoder = self.text_encoder.encoder
        output = encoder(token_ids, attention_mask=mask, output_hidden_states=True)
        return self._layer(encoder, output).float()


@dataclass(frozen=True)
class Encoder:
    """A text encoder with its tokenizer, and which of its layers leads the model."""

    tokenizer: Any
    encoder: Any
    layer: Layer
    device: str

    def is_long(self, prompt: str) -> bool:
        """Return whether a prompt has more tokens than go in at once."""
        return len(self.tokenizer(prompt).input_ids) > int(self.tokenizer.model_max_length)

    def embed(self, prompt: str) -> torch.Tensor:
        """Return (1, tokens, width); tokens are a multiple of what goes in at once.

        Raises:
            SettingsError: the weights cannot be matched with the words.
        """
        provider = self._provider()
        embedded = [self._section(provider, section) for section in parse_weights(prompt)]
        return torch.cat(embedded, dim=1)

    def padded(self, embedded: torch.Tensor, tokens: int) -> torch.Tensor:
        """Return `embedded` with empty prompts behind it until it is so many tokens long."""
        empty = self._provider().empty_z.to(embedded)
        missing = (tokens - embedded.shape[1]) // empty.shape[1]
        return torch.cat([embedded, *[empty] * missing], dim=1)

    def _provider(self) -> _Provider:
        return _Provider(self.tokenizer, self.encoder, self.layer, self.device)

    def _section(self, provider: _Provider, section: tuple[Fragment, ...]) -> torch.Tensor:
        # Fragments without tokens, such as spaces, have no place that a weight could have.
        kept = [f for f in section if provider.get_token_ids([f.text], False)[0]] or [Fragment("")]
        try:
            embedded = provider.get_embeddings_for_weighted_prompt_fragments(
                [[f.text for f in kept]], [[f.weight for f in kept]], device=self.device
            )
        except RuntimeError as error:
            if "fragment" not in str(error):
                raise
            raise SettingsError(
                "The weights in the prompt cannot be matched with its words.",
                hint="Put whole words into the brackets.",
            ) from error
        return torch.as_tensor(embedded.to(self.device))
