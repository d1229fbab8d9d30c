"""What lies in folders of models: models, files that go with them, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from core.models.spec import ModelSpec

SETTINGS_MISSING = "settings"
"""In ModelSpec.missing: the settings and tokenizers that a single file has not in it."""


class ExtraKind(StrEnum):
    """Files that change how a model works."""

    LORA = "lora"
    VAE = "vae"
    CONTROLNET = "controlnet"
    IP_ADAPTER = "ip_adapter"


class ExtraFile(BaseModel):
    """A LoRA, VAE, ControlNet or IP-Adapter.

    `name`: its file's, without suffix, as `<lora:name:1>` has it. `family`: id of the family that
    it is for; empty where nothing tells. `path`: a .safetensors file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ExtraKind
    name: str
    path: Path
    family: str = ""


class LoosePart(BaseModel):
    """A text encoder, VAE or the like in a file of its own, of use to models that lie in parts.

    `variant`: which one it is, such as `t5xxl`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: str
    path: Path
    family: str = ""
    variant: str = ""
    dtype: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file or folder that is not used, and why, in words."""

    path: Path
    reason: str
    hint: str = ""


@dataclass(frozen=True)
class ScanReport:
    """What one folder holds.

    `models` include those that lack something (`missing`); nothing was hashed, nothing read but
    headers and settings.
    """

    folder: Path
    models: tuple[ModelSpec, ...] = ()
    extras: tuple[ExtraFile, ...] = ()
    parts: tuple[LoosePart, ...] = ()
    refused: tuple[Refusal, ...] = ()
