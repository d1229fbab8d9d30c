"""How each family turns prompts into call arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch

from core.engine.latent.components import Components
from core.engine.latent.weighted_prompts import Encoder, Layer
from core.errors import SettingsError
from core.prompts.weights import plain_text

Arguments = dict[str, Any]


@dataclass(frozen=True)
class Wish:
    """Prompts, and what else decides their embeddings.

    `weighted`: some words count more or less than others. `clip_skip`: layers left out at the end.
    """

    prompt: str
    negative: str = ""
    guidance: float = 1.0
    true_guidance: float = 1.0
    clip_skip: int = 0
    weighted: bool = False


def _pipeline(components: Components) -> Any:
    return components.pipeline(components.family.img2img, None)


def _stable_diffusion(components: Components, wish: Wish) -> Arguments:
    _check_skip(components, wish, "text_encoder", 0)
    # The unconditional one skips no layer, as in diffusers.
    positive = _encoder(components, "", _skipping(wish.clip_skip))
    negative = _encoder(components, "", _skipping(0))
    if _is_plain((positive,), wish):
        return _plain_stable_diffusion(components, wish)
    embeds, unguided = _pair(positive, negative, wish)
    dtype = components.denoiser.dtype
    found = {"prompt_embeds": embeds.to(dtype)}
    return found | ({"negative_prompt_embeds": unguided.to(dtype)} if wish.guidance > 1 else {})


def _plain_stable_diffusion(components: Components, wish: Wish) -> Arguments:
    with _found_within(components.modules["text_encoder"]):
        embeds, negative = _pipeline(components).encode_prompt(
            _readable(components, wish.prompt),
            components.device,
            1,
            wish.guidance > 1,
            _readable(components, wish.negative),
            clip_skip=wish.clip_skip or None,
        )
    return _named({"prompt_embeds": embeds, "negative_prompt_embeds": negative})


@contextmanager
def _found_within(encoder: Any) -> Iterator[None]:
    """Let an encoder's layers be found in `text_model` too, where diffusers 0.42 looks for them.

    transformers 5.6 took that module away; diffusers' LoRA loader must see that it is gone.
    """
    if hasattr(encoder, "text_model"):
        yield
        return
    object.__setattr__(encoder, "text_model", encoder)
    try:
        yield
    finally:
        object.__delattr__(encoder, "text_model")


def _sdxl(components: Components, wish: Wish) -> Arguments:
    _check_skip(components, wish, "text_encoder_2", 1)
    ends = ("", "_2") if components.modules["text_encoder"] is not None else ("_2",)
    positive = [_encoder(components, end, _counted(wish.clip_skip + 2)) for end in ends]
    negative = [_encoder(components, end, _counted(2)) for end in ends]
    plain = replace(wish, prompt=plain_text(wish.prompt), negative=plain_text(wish.negative))
    if _is_plain(positive, wish):
        return _plain_sdxl(components, plain)
    pairs = [_pair(*both, wish) for both in zip(positive, negative, strict=True)]
    embeds, unguided = (torch.cat(parts, dim=-1) for parts in zip(*pairs, strict=True))
    found = _plain_sdxl(components, _shortened(positive[-1], plain))
    dtype = components.denoiser.dtype
    found["prompt_embeds"] = embeds.to(dtype)
    if wish.guidance > 1:
        forced = not wish.negative and components.settings.get("force_zeros_for_empty_prompt", True)
        unguided = torch.zeros_like(unguided) if forced else unguided
        found["negative_prompt_embeds"] = unguided.to(dtype)
    return found


def _plain_sdxl(components: Components, wish: Wish) -> Arguments:
    embeds, negative, pooled, negative_pooled = _pipeline(components).encode_prompt(
        prompt=wish.prompt,
        device=torch.device(components.device),
        do_classifier_free_guidance=wish.guidance > 1,
        negative_prompt=wish.negative or None,
        clip_skip=wish.clip_skip or None,
    )
    return _named(
        {
            "prompt_embeds": embeds,
            "negative_prompt_embeds": negative,
            "pooled_prompt_embeds": pooled,
            "negative_pooled_prompt_embeds": negative_pooled,
        }
    )


def _sd3(components: Components, wish: Wish) -> Arguments:
    embeds, negative, pooled, negative_pooled = _pipeline(components).encode_prompt(
        prompt=wish.prompt,
        prompt_2=None,
        prompt_3=None,
        device=torch.device(components.device),
        do_classifier_free_guidance=wish.guidance > 1,
        negative_prompt=wish.negative or None,
    )
    return _named(
        {
            "prompt_embeds": embeds,
            "negative_prompt_embeds": negative,
            "pooled_prompt_embeds": pooled,
            "negative_pooled_prompt_embeds": negative_pooled,
        }
    )


def _flux(components: Components, wish: Wish) -> Arguments:
    pipeline, device = _pipeline(components), torch.device(components.device)
    embeds, pooled, _ = pipeline.encode_prompt(prompt=wish.prompt, prompt_2=None, device=device)
    found = {"prompt_embeds": embeds, "pooled_prompt_embeds": pooled}
    if wish.true_guidance > 1:
        away, away_pooled, _ = pipeline.encode_prompt(
            prompt=wish.negative, prompt_2=None, device=device
        )
        found |= {"negative_prompt_embeds": away, "negative_pooled_prompt_embeds": away_pooled}
    return found


def _z_image(components: Components, wish: Wish) -> Arguments:
    guided = wish.guidance > 0
    embeds, negative = _pipeline(components).encode_prompt(
        prompt=wish.prompt,
        device=torch.device(components.device),
        do_classifier_free_guidance=guided,
        negative_prompt=wish.negative or None,
    )
    return {"prompt_embeds": embeds} | ({"negative_prompt_embeds": negative} if guided else {})


def _qwen(components: Components, wish: Wish) -> Arguments:
    pipeline, device = _pipeline(components), torch.device(components.device)
    embeds, mask = pipeline.encode_prompt(prompt=wish.prompt, device=device)
    found = {"prompt_embeds": embeds, "prompt_embeds_mask": mask}
    if wish.guidance > 1:
        # Its authors guide away from a blank where nothing is said.
        away, away_mask = pipeline.encode_prompt(prompt=wish.negative or " ", device=device)
        found |= {"negative_prompt_embeds": away, "negative_prompt_embeds_mask": away_mask}
    return found


def _flux2(components: Components, wish: Wish) -> Arguments:
    pipeline, device = _pipeline(components), torch.device(components.device)
    found = {"prompt_embeds": pipeline.encode_prompt(prompt=wish.prompt, device=device)[0]}
    if wish.guidance > 1 and not components.settings.get("is_distilled", False):
        away = pipeline.encode_prompt(prompt="", device=device)[0]
        found["negative_prompt_embeds"] = away
    return found


def _with_the_photograph(_components: Components, wish: Wish) -> Arguments:
    """Return the words themselves: their encoder reads them together with the photograph."""
    if wish.guidance > 1:
        return {"prompt": wish.prompt, "negative_prompt": wish.negative or " "}
    return {"prompt": wish.prompt}


CALLS: dict[str, Callable[[Components, Wish], Arguments]] = {
    "sd1": _stable_diffusion,
    "sd2": _stable_diffusion,
    "sdxl": _sdxl,
    "sd3": _sd3,
    "flux": _flux,
    "flux-kontext": _flux,
    "z-image": _z_image,
    "qwen-image": _qwen,
    "qwen-image-edit": _with_the_photograph,
    "flux2-klein": _flux2,
}
"""By the family's id."""


def _encoder(components: Components, end: str, layer: Layer) -> Encoder:
    modules = components.modules
    return Encoder(
        modules[f"tokenizer{end}"], modules[f"text_encoder{end}"], layer, components.device
    )


def _pair(positive: Encoder, negative: Encoder, wish: Wish) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the embeddings of both prompts, of one length."""
    both = positive.embed(wish.prompt), negative.embed(wish.negative)
    tokens = max(part.shape[1] for part in both)
    return positive.padded(both[0], tokens), negative.padded(both[1], tokens)


def _is_plain(encoders: Iterable[Encoder], wish: Wish) -> bool:
    texts = (wish.prompt, wish.negative)
    return not wish.weighted and not any(e.is_long(plain_text(t)) for e in encoders for t in texts)


def _counted(from_end: int) -> Layer:
    def read(_encoder: Any, output: Any) -> torch.Tensor:
        return torch.as_tensor(output.hidden_states[-from_end])

    return read


def _skipping(layers: int) -> Layer:
    """Return how Stable Diffusion 1 and 2 read their encoder: the last layer, normalised."""

    def read(encoder: Any, output: Any) -> torch.Tensor:
        if not layers:
            return torch.as_tensor(output.last_hidden_state)
        hidden = output.hidden_states[-(layers + 1)]
        inner = getattr(encoder, "text_model", encoder)
        return torch.as_tensor(inner.final_layer_norm(hidden))

    return read


def _check_skip(components: Components, wish: Wish, name: str, kept: int) -> None:
    layers = int(components.modules[name].config.num_hidden_layers)
    if wish.clip_skip > layers - kept:
        raise SettingsError(
            f"clip_skip = {wish.clip_skip}: {components.spec.name} has only {layers} layers that "
            "read the prompt.",
            hint=f"Choose 0 to {layers - kept}.",
        )


def _readable(components: Components, text: str) -> str:
    return plain_text(text) if components.spec.capabilities.prompt_weights else text


def _shortened(encoder: Encoder, wish: Wish) -> Wish:
    """Return the wish with prompts as long as the encoder takes: the pooled state has no more."""

    def cut(text: str) -> str:
        tokens = encoder.tokenizer
        ids = tokens(text, truncation=True, max_length=tokens.model_max_length).input_ids
        return str(tokens.decode(ids, skip_special_tokens=True)) if encoder.is_long(text) else text

    return replace(wish, prompt=cut(wish.prompt), negative=cut(wish.negative))


def _named(values: Arguments) -> Arguments:
    return {name: value for name, value in values.items() if value is not None}
