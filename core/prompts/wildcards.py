"""Wildcards in prompts, {red|blue} and __colour__, chosen for each photograph by dynamicprompts."""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from core.errors import SettingsError

if TYPE_CHECKING:
    from dynamicprompts.sampling_context import SamplingContext

_NAME = re.compile(r"__([\w*][\w*./-]*?)__")
_TAG = re.compile(r"<\w+:[^<>]*>")
_CHOICE = re.compile(r"\||\$\$")
_ROUNDS = 8
"""How deep wildcards may name wildcards."""


def has_wildcards(prompt: str) -> bool:
    """Return whether something is to be chosen in a prompt."""
    return any(is_chosen for is_chosen, _ in _pieces(prompt))


def chosen(prompt: str, folder: Path | None, seed: str) -> str:
    """Return a prompt in which every choice is made; always the same for the same `seed`.

    Only the choices themselves go through dynamicprompts: in its language a lone brace, `%` or `#`
    elsewhere would mean something too.

    Args:
        folder: has NAME.txt, one value a line, for `__NAME__`; also .yaml and .json.

    Raises:
        SettingsError: no such wildcard, or one that cannot be read.
    """
    if not has_wildcards(prompt):
        return prompt
    digest = hashlib.blake2b(seed.encode(), digest_size=8).digest()
    context = _context(folder, Random(int.from_bytes(digest)))
    for _ in range(_ROUNDS):
        prompt = "".join(
            _sampled(piece, folder, context) if is_chosen else piece
            for is_chosen, piece in _pieces(prompt)
        )
        if not has_wildcards(prompt):
            return prompt
    raise SettingsError("The wildcards name each other without end.", hint="Look at their files.")


def _context(folder: Path | None, random: Random) -> SamplingContext:
    # Half a second of imports that most prompts have no use for.
    from dynamicprompts.enums import SamplingMethod
    from dynamicprompts.sampling_context import SamplingContext
    from dynamicprompts.wildcards import WildcardManager

    if folder is not None and not folder.is_dir():
        raise SettingsError(
            f"There is no folder of wildcards at {folder}.", hint="Give another with --wildcards."
        )
    return SamplingContext(
        default_sampling_method=SamplingMethod.RANDOM,
        wildcard_manager=WildcardManager(folder),
        rand=random,
    )


def _sampled(piece: str, folder: Path | None, context: SamplingContext) -> str:
    for name in _NAME.findall(piece):
        _check_name(name, folder, context)
    try:
        with warnings.catch_warnings():
            # Of names that its parser library means to drop.
            warnings.simplefilter("ignore", DeprecationWarning)
            return str(next(iter(context.sample_prompts(piece, 1))))
    except Exception as error:
        # The library raises what its parser, YAML and file reading happen to raise.
        raise SettingsError(
            f"The wildcard {piece} cannot be read: {str(error).splitlines()[0]}.",
            hint="Choices look like {red|blue}, wildcards like __colour__.",
        ) from error


def _check_name(name: str, folder: Path | None, context: SamplingContext) -> None:
    if folder is None:
        raise SettingsError(
            f"__{name}__ is a wildcard, but there is no folder of wildcards.",
            hint="Give one with --wildcards, or write the words themselves.",
        )
    if ".." in name or not _values(context, name):
        known = ", ".join(sorted(_known(str(folder)))[:12]) or "none"
        raise SettingsError(
            f"There is no wildcard called {name} in {folder.name}.", hint=f"There are: {known}."
        )


def _values(context: SamplingContext, name: str) -> bool:
    return bool(context.wildcard_manager.get_values(name))


@lru_cache(maxsize=4)
def _known(folder: str) -> tuple[str, ...]:
    root = Path(folder)
    return tuple(str(path.relative_to(root).with_suffix("")) for path in root.rglob("*.txt"))


def _pieces(prompt: str) -> Iterator[tuple[bool, str]]:
    """Yield (is a choice, text) so that the texts join to the prompt."""
    at = 0
    while at < len(prompt):
        end = _brace_end(prompt, at) if prompt[at] == "{" else 0
        name = _NAME.match(prompt, at)
        tag = _TAG.match(prompt, at)
        if tag:
            end = tag.end()
            yield False, tag[0]
        elif end and _CHOICE.search(prompt, at, end):
            yield True, prompt[at:end]
        elif name:
            end = name.end()
            yield True, name[0]
        else:
            end = at + 1
            yield False, prompt[at]
        at = end


def _brace_end(prompt: str, start: int) -> int:
    """Return where the brace that opens at `start` is closed again, or 0."""
    depth = 0
    for at in range(start, len(prompt)):
        depth += {"{": 1, "}": -1}.get(prompt[at], 0)
        if depth == 0:
            return at + 1
    return 0
