"""The idempotency key: same source bytes, same edit, same model, same form of file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from core.engine.models import ModelSpec, file_sha256
from core.recipe import EditSettings, OutputSettings, Recipe

PIXEL_VERSION = 1
"""Raised only when the same settings give other pixels than before."""


def settings_digest(
    edit: EditSettings,
    output: OutputSettings,
    model: ModelSpec,
    *,
    hash_file: Callable[[Path], str] = file_sha256,
) -> str:
    """Return the hash of all that decides the file's bytes besides the source."""
    raise NotImplementedError


def result_key(source_sha256: str, digest: str) -> str:
    """Return the idempotency key of a source's bytes under a `settings_digest`."""
    raise NotImplementedError


def job_signature(
    inputs: Iterable[Path], recipe: Recipe, strengths: tuple[float, ...], *, again: bool = False
) -> str:
    """Return what names a command: its inputs, recipe, strengths and output folder."""
    raise NotImplementedError
