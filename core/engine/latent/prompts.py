"""Prompts as embeddings, once a job: exactly what diffusers' own pipeline would make of them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from core.engine.latent.components import Components
from core.engine.latent.prompt_calls import CALLS, Wish
from core.prompts.weights import check_weights_syntax, has_weights
from core.recipe import EditSettings

_KEPT = 16
"""Prompts whose embeddings are kept; a job has one, unless photographs have their own."""


@dataclass
class PromptMemory:
    """The embeddings of the last few prompts."""

    _known: OrderedDict[object, dict[str, Any]] = field(default_factory=OrderedDict)

    def encode(
        self, components: Components, edit: EditSettings, loras: Hashable = ()
    ) -> dict[str, Any]:
        """Return as `encode_prompts`, from memory where it was made before with these LoRAs."""
        key = (_wish(components, edit), loras)
        if key not in self._known:
            self._known[key] = encode_prompts(components, edit)
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return dict(self._known[key])


def encode_prompts(components: Components, edit: EditSettings) -> dict[str, Any]:
    """Return what a call of the family's pipeline takes in the place of the prompts.

    The LoRAs of `edit` must be set already, since they change the text encoders too.

    Raises:
        SettingsError: weights of words for a model that takes none, or that cannot be read; more
            layers skipped than there are.
    """
    for text in (edit.prompt, edit.negative_prompt):
        check_weights_syntax(components.spec, text)
    return CALLS[components.family.id](components, _wish(components, edit))


def _wish(components: Components, edit: EditSettings) -> Wish:
    """Return what of the settings decides embeddings, defaults filled in."""
    spec = components.spec
    able = spec.capabilities
    guidance = edit.guidance_scale
    return Wish(
        prompt=edit.prompt,
        negative=edit.negative_prompt if able.negative_prompt else "",
        guidance=spec.defaults.guidance_scale if guidance is None else guidance,
        true_guidance=edit.true_guidance or 1.0,
        clip_skip=edit.clip_skip if able.clip_skip else 0,
        weighted=able.prompt_weights
        and (has_weights(edit.prompt) or has_weights(edit.negative_prompt)),
    )
