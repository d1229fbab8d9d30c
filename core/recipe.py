"""Recipes: what to do to a photograph and how to write it; frozen, versioned, JSON and TOML."""

from __future__ import annotations

import json
import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from core.errors import SettingsError

RECIPE_VERSION: Final = 1
MAX_SEED = 2**63 - 1


class Mode(StrEnum):
    """Clean takes the photograph's own noise away; repaint adds noise and takes it away.

    Instruct does what the prompt says, with models that have no strength.
    """

    CLEAN = "clean"
    REPAINT = "repaint"
    INSTRUCT = "instruct"


class Amount(StrEnum):
    """How much of the noise that was found Clean takes away."""

    AUTO = "auto"
    LESS = "less"
    MORE = "more"


class SchedulerName(StrEnum):
    """Schedulers by the names their users know."""

    DDIM = "ddim"
    EULER = "euler"
    EULER_A = "euler-a"
    DPMPP_2M = "dpmpp-2m"
    DPMPP_2M_SDE = "dpmpp-2m-sde"
    DPMPP_SDE = "dpmpp-sde"
    UNIPC = "unipc"
    HEUN = "heun"
    DDPM = "ddpm"
    PNDM = "pndm"
    LMS = "lms"
    DPM2 = "dpm2"
    DPM2_A = "dpm2-a"
    DEIS = "deis"
    LCM = "lcm"
    TCD = "tcd"
    FLOW_EULER = "flow-euler"
    FLOW_HEUN = "flow-heun"


class SigmaSchedule(StrEnum):
    """How the noise levels between the first and the last step are spaced."""

    NORMAL = "normal"
    KARRAS = "karras"
    EXPONENTIAL = "exponential"
    BETA = "beta"


class SeedMode(StrEnum):
    """Per photograph (from its pixels), one seed for all, or drawn when queued."""

    PER_PHOTO = "per-photo"
    FIXED = "fixed"
    RANDOM = "random"


class SizeMode(StrEnum):
    """At what size the model sees the photograph."""

    AUTO = "auto"
    NATIVE = "native"
    TILE = "tile"
    FIT = "fit"


class Dtype(StrEnum):
    """Number format of the denoiser; auto takes the fastest that the device does well."""

    AUTO = "auto"
    FP32 = "fp32"
    BF16 = "bf16"
    FP16 = "fp16"


class StrengthScale(StrEnum):
    """`noise`: one scale for all models; `native`: diffusers' own share of the steps."""

    NOISE = "noise"
    NATIVE = "native"


class ModelKind(StrEnum):
    """Kinds of models; a recipe that was made for some of them says so."""

    BUILTIN = "builtin"
    DIFFUSION = "diffusion"
    DISTILLED = "distilled"
    FLOW = "flow"
    INSTRUCT = "instruct"


class OutputFormat(StrEnum):
    """The result's file format; keep is the source's own."""

    KEEP = "keep"
    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"
    AVIF = "avif"
    TIFF = "tiff"


class MetadataRule(StrEnum):
    """What of the photograph's metadata goes into the result."""

    KEEP = "keep"
    STRIP_LOCATION = "strip_location"
    STRIP = "strip"


class OnConflict(StrEnum):
    """What to do when a file that is not ours has the result's name."""

    RENAME = "rename"
    SKIP = "skip"
    OVERWRITE = "overwrite"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LoraSetting(_Frozen):
    """One LoRA file and its weight."""

    path: Path
    weight: Annotated[float, Field(ge=-4, le=4, allow_inf_nan=False)] = 1.0


class ControlKind(StrEnum):
    """What of the photograph a ControlNet holds on to."""

    TILE = "tile"
    LINEART = "lineart"


class ControlSetting(_Frozen):
    """A ControlNet and how much it counts, until which share of the steps."""

    kind: ControlKind
    path: Path
    weight: Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)] = 1.0
    until: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] = 1.0


class ReferenceSetting(_Frozen):
    """A picture whose look is taken over, by an IP-Adapter, and how much it counts."""

    image: Path
    path: Path
    weight: Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)] = 0.6


class MaskSetting(_Frozen):
    """Where the photograph is edited: white in a mask. Outside, the result is the source.

    `path`: a mask, or a folder with one of the photograph's name for each; None: its own alpha.
    `grow` (shrink below 0) and `feather` in pixels of the photograph; feathering goes inwards.
    """

    path: Path | None = None
    invert: bool = False
    grow: Annotated[int, Field(ge=-1000, le=1000)] = 0
    feather: Annotated[int, Field(ge=0, le=1000)] = 0


Sigma255 = Annotated[float, Field(ge=0, le=255, allow_inf_nan=False)]


class EditSettings(_Frozen):
    """Everything that decides the pixels. None means: the model's own default.

    `prompt` may hold {filename}, {folder} and {exif:NAME}, wildcards of the folder `wildcards`,
    and `<lora:name:weight>`. `prompts`: a CSV file of prompts, or a folder with NAME.txt.
    `true_guidance`: guidance against the negative prompt, for models whose own is distilled.
    """

    model: Annotated[str, Field(min_length=1)] = "builtin"
    mode: Mode = Mode.CLEAN
    amount: Amount | Sigma255 = Amount.AUTO
    keep_grain: Annotated[int, Field(ge=0, le=100)] = 0
    strength: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 0.3
    num_inference_steps: Annotated[int, Field(ge=1, le=1000)] | None = None
    guidance_scale: Annotated[float, Field(ge=0, le=50, allow_inf_nan=False)] | None = None
    scheduler: SchedulerName | None = None
    sigmas: SigmaSchedule = SigmaSchedule.NORMAL
    prompt: str = ""
    negative_prompt: str = ""
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)] = 0
    seed_mode: SeedMode = SeedMode.PER_PHOTO
    loras: tuple[LoraSetting, ...] = ()
    mask: MaskSetting | None = None
    size: SizeMode = SizeMode.AUTO
    dtype: Dtype = Dtype.AUTO
    strength_scale: StrengthScale = StrengthScale.NOISE
    hold_structure: Annotated[int, Field(ge=0, le=100)] = 0
    clip_skip: Annotated[int, Field(ge=0, le=12)] = 0
    vae: Path | None = None
    control: ControlSetting | None = None
    reference_image: ReferenceSetting | None = None
    true_guidance: Annotated[float, Field(ge=0, le=50, allow_inf_nan=False)] | None = None
    prompts: Path | None = None
    wildcards: Path | None = None

    @model_validator(mode="before")
    @classmethod
    def _without_views(cls, values: object) -> object:
        """Leave out `views`, which recipes in libraries and results had for a while."""
        if isinstance(values, dict):
            return {name: value for name, value in values.items() if name != "views"}
        return values

    @field_validator("mask", mode="before")
    @classmethod
    def _mask_from_path(cls, value: object) -> object:
        """Take a path as the mask that lies there."""
        return {"path": value} if isinstance(value, str | Path) else value

    @field_validator("amount", mode="before")
    @classmethod
    def _number_from_text(cls, value: object) -> object:
        """Take `"15"` as the number 15, as a command line or a text field gives it."""
        if isinstance(value, str) and value not in set(Amount):
            try:
                return float(value)
            except ValueError:
                return value
        return value


class OutputSettings(_Frozen):
    """Where a result goes and in what form. `folder` None is the folder beside the source's."""

    folder: Path | None = None
    name_template: Annotated[str, Field(min_length=1, max_length=300)] = "{stem}"
    format: OutputFormat = OutputFormat.KEEP
    quality: Annotated[int, Field(ge=1, le=100)] | None = None
    max_side: Annotated[int, Field(ge=16, le=100_000)] | None = None
    scale: Annotated[float, Field(gt=0, le=8)] = 1.0
    metadata: MetadataRule = MetadataRule.KEEP
    on_conflict: OnConflict = OnConflict.RENAME
    provenance: bool = True

    @model_validator(mode="after")
    def _one_size(self) -> Self:
        if self.max_side is not None and self.scale != 1.0:
            raise ValueError("max_side and scale exclude each other; give one of them")
        return self


class Recipe(_Frozen):
    """Edit and output settings under a name; `kinds` of models it was made for, empty for any."""

    id: str = ""
    name: str = ""
    sentence: str = ""
    kinds: tuple[ModelKind, ...] = ()
    edit: EditSettings = EditSettings()
    output: OutputSettings = OutputSettings()
    version: Literal[1] = RECIPE_VERSION

    def to_json(self) -> str:
        """Return the recipe as JSON text, one field a line, stable in order."""
        return json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"


def edit_settings(values: dict[str, Any]) -> EditSettings:
    """Check `values` into EditSettings.

    Raises:
        SettingsError: naming the field, the value and what is allowed.
    """
    try:
        return EditSettings.model_validate(values)
    except ValidationError as error:
        raise settings_error(error) from error


def output_settings(values: dict[str, Any]) -> OutputSettings:
    """Check `values` into OutputSettings; raises SettingsError like `edit_settings`."""
    try:
        return OutputSettings.model_validate(values)
    except ValidationError as error:
        raise settings_error(error) from error


def load_recipe(path: Path) -> Recipe:
    """Read a recipe from a `.json` or `.toml` file.

    Raises:
        SettingsError: the file is missing, no recipe, of a newer version, or has a wrong value.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"The recipe {path.name} cannot be read: {error}.", hint="Give a .json or .toml recipe."
        ) from error
    return parse_recipe(text, toml=path.suffix.lower() == ".toml", name=path.name)


def parse_recipe(text: str, *, toml: bool = False, name: str = "recipe") -> Recipe:
    """Read a recipe from JSON or TOML text; errors as in `load_recipe`."""
    try:
        values = tomllib.loads(text) if toml else json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SettingsError(
            f"{name} is not valid {'TOML' if toml else 'JSON'}: {error}."
        ) from error
    version = values.get("version", RECIPE_VERSION) if isinstance(values, dict) else None
    if isinstance(version, int) and version > RECIPE_VERSION:
        raise SettingsError(
            f"{name} was made by a newer Regrain (recipe version {version}).",
            hint=f"Update Regrain; this one reads version {RECIPE_VERSION}.",
        )
    try:
        return Recipe.model_validate(values)
    except ValidationError as error:
        raise settings_error(error, where=name) from error


def settings_error(error: ValidationError, *, where: str = "") -> SettingsError:
    """Say a pydantic error in one sentence: field, value, and what is allowed."""
    first = error.errors(include_url=False)[0]
    field = _field_name(first["loc"])
    prefix = f"{where}: " if where else ""
    if first["type"] == "extra_forbidden":
        return SettingsError(f"{prefix}There is no setting called {field}.", hint=_known_fields())
    if first["type"] == "value_error":
        return SettingsError(f"{prefix}{first['msg'].removeprefix('Value error, ')}.")
    return SettingsError(f"{prefix}{field} = {first['input']!r}: {_allowed(field, first['msg'])}.")


def _field_name(loc: tuple[int | str, ...]) -> str:
    """Return the setting's own name out of pydantic's location, without union branches."""
    known = EditSettings.model_fields.keys() | OutputSettings.model_fields.keys()
    names = [str(part) for part in loc]
    return next((name for name in reversed(names) if name in known), ".".join(names) or "recipe")


def _allowed(field: str, message: str) -> str:
    if field == "amount":
        return "allowed are auto, less, more, or a noise level from 0 to 255"
    return message[0].lower() + message[1:]


def _known_fields() -> str:
    return "Known: " + ", ".join([*EditSettings.model_fields, *OutputSettings.model_fields]) + "."
