"""Sampler names as users of other programs write them, read as a scheduler and its sigmas."""

from __future__ import annotations

import re

from core.errors import SettingsError

_SCHEDULERS = {
    "ddim": "ddim",
    "euler": "euler",
    "euler a": "euler-a",
    "euler ancestral": "euler-a",
    "heun": "heun",
    "dpm++ 2m": "dpmpp-2m",
    "dpm++ sde": "dpmpp-sde",
    "unipc": "unipc",
    "uni pc": "unipc",
    "lcm": "lcm",
    "tcd": "tcd",
    "ddpm": "ddpm",
    "pndm": "pndm",
    "plms": "pndm",
    "lms": "lms",
    "dpm2": "dpm2",
    "kdpm2": "dpm2",
    "dpm2 a": "dpm2-a",
    "dpm2 ancestral": "dpm2-a",
    "kdpm2 ancestral": "dpm2-a",
    "deis": "deis",
    "dpm++ 2m sde": "dpmpp-2m-sde",
    "flow euler": "flow-euler",
    "flow match euler": "flow-euler",
    "flow heun": "flow-heun",
    "flow match heun": "flow-heun",
}
_SIGMAS = {
    "karras": "karras",
    "exponential": "exponential",
    "beta": "beta",
    "normal": "normal",
    "automatic": "normal",
    "uniform": "normal",
    "sgm uniform": "normal",
    "ddim uniform": "normal",
    "simple": "normal",
}
# No stand-in is taken silently: the pictures would differ from what the name promises.
_NEAREST = {
    "ddim cfg++": "DDIM",
    "dpm++ 2s a": "Euler a",
    "dpm++ 2s ancestral": "Euler a",
    "dpm++ 2m sde heun": "DPM++ 2M SDE",
    "dpm++ 3m sde": "DPM++ 2M SDE",
    "dpm fast": "DPM++ 2M",
    "dpm adaptive": "DPM++ 2M",
    "restart": "Heun",
}


def read_sampler(name: str) -> tuple[str, str | None]:
    """Return the scheduler that `name` means, and the sigmas if the name says them.

    `DPM++ 2M Karras` of Automatic1111 is `("dpmpp-2m", "karras")`; ComfyUI's `dpmpp_2m`, the class
    names of diffusers and Regrain's own names are read as well.

    Raises:
        SettingsError: Regrain has no such scheduler; the hint names the nearest or all.
    """
    words = _normalized(name)
    base, sigmas = _split_sigmas(words)
    if base in _SCHEDULERS:
        return _SCHEDULERS[base], sigmas
    if base in _NEAREST:
        raise SettingsError(
            f"Regrain has no scheduler {name}.", hint=f"The nearest: {_NEAREST[base]}."
        )
    raise SettingsError(
        f"There is no scheduler called {name}.",
        hint=f"Known: {', '.join(sorted(set(_SCHEDULERS.values())))}.",
    )


def read_sigmas(name: str) -> str | None:
    """Return the spacing of noise levels that another program's word means; None for unknown."""
    return _SIGMAS.get(" ".join(name.casefold().replace("_", " ").split()))


def _normalized(name: str) -> str:
    """Bring `dpmpp_2m_sde`, `DPM++ 2M SDE` and `EulerAncestralDiscreteScheduler` to one form."""
    text = name.strip()
    for ending in ("Scheduler", "Discrete", "Multistep"):
        text = text.removesuffix(ending)
    if " " not in text and re.search("[a-z][A-Z]", text):
        text = re.sub("(?<=[a-z])(?=[A-Z][a-z])", " ", text)
    text = text.casefold().replace("dpmpp", "dpm++").replace("dpm_2", "dpm2")
    return " ".join(re.split(r"[\s_-]+", text.removeprefix("k_")))


def _split_sigmas(words: str) -> tuple[str, str | None]:
    base, _, last = words.rpartition(" ")
    if base.endswith(" sgm") and last == "uniform":
        return base.removesuffix(" sgm"), _SIGMAS[last]
    return (base, _SIGMAS[last]) if base and last in _SIGMAS else (words, None)
