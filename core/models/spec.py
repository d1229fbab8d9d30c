"""What a model is and can do (ModelSpec), as data; and the registry that finds them by name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Annotated, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from core.errors import ModelNotFoundError, ModelUntrustedError
from core.models.trust import inside, is_inside_name, is_pickle_name, pickle_error, read_settings
from core.recipe import ModelKind, SchedulerName

BUILTIN_ID = "builtin"
SPEC_NAME = "regrain-model.json"
_CHUNK = 1 << 20


class Capabilities(BaseModel):
    """What the model takes; a setting that it cannot use is refused, not ignored.

    `instruct`: it does what the prompt says to the photograph. `true_guidance`: besides its own,
    distilled guidance it takes a real one against a negative prompt.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    clean: bool = False
    strength: bool = True
    instruct: bool = False
    prompt: bool = False
    negative_prompt: bool = False
    guidance: bool = False
    true_guidance: bool = False
    prompt_weights: bool = False
    clip_skip: bool = False
    inpaint: bool = False
    lora: bool = False
    vae: bool = False
    control: bool = False
    reference_image: bool = False


class ModelDefaults(BaseModel):
    """Values for settings that the user left open."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    strength: float = 0.3
    num_inference_steps: int = 20
    clean_steps: int = 1
    scheduler: SchedulerName = SchedulerName.DDIM
    guidance_scale: float = 1.0


class Zone(BaseModel):
    """A word for strengths up to `until`, measured, not guessed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    word: str
    until: float
    hatched: bool = False


class Layout(StrEnum):
    """How a model lies on the disk."""

    REGRAIN = "regrain"
    """Our own folder, with SPEC_NAME in it."""
    DIFFUSERS = "diffusers"
    """A folder with model_index.json and one subfolder a component."""
    SINGLE = "single"
    """One .safetensors file as Stable Diffusion was first published."""
    PARTS = "parts"
    """Transformer, text encoders and VAE in files of their own that lie apart."""


class Prediction(StrEnum):
    """What the network gives: the noise, v, or the flow from picture to noise."""

    EPSILON = "epsilon"
    V = "v_prediction"
    FLOW = "flow"


class ModelFile(BaseModel):
    """A file of the model, relative to its folder, pinned by content.

    `role`: the component that it is or belongs to (`unet`, `text_encoder_2` ..., `checkpoint` for
    all in one). `size` in bytes and `mtime_ns`: as the file was when its content was hashed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    role: str = ""
    size: int = 0
    mtime_ns: int = 0

    @field_validator("path")
    @classmethod
    def _is_kept_inside(cls, path: str) -> str:
        """Refuse what is never opened, or lies elsewhere."""
        if is_pickle_name(path) or not is_inside_name(path):
            raise ValueError(f"{path[:80]!r} is no file that a model may have")
        return path


class ModelSpec(BaseModel):
    """A model as data: nothing about a family is written as an if-ladder elsewhere.

    `native_size` is the side in pixels of the square the model was made for; `size_multiple`
    what both sides must divide by; `pixel_space` says that it works without a VAE.
    `home`: where in `folder` a diffusers layout begins. `config_folder`: the settings and
    tokenizers, in the diffusers layout, of a model that lies in one file or in parts. `levels`:
    the timesteps of 1000, falling, that a distilled model was trained at; empty for any.
    `noise_share`: how much Repaint adds, with models on pixels, of the noise that it tells the
    model of: with less than 1 the model smooths over what it would otherwise fill with debris.
    `parameters`: how many numbers each component has. `missing`: what it lacks to be used.
    `seconds_per_megapixel_call`: on a usual processor; 0: not known before it is measured.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    name: str
    family: str
    sentence: str = ""
    folder: Path
    files: tuple[ModelFile, ...] = ()
    layout: Layout = Layout.REGRAIN
    home: str = ""
    config_folder: Path | None = None
    config_files: tuple[ModelFile, ...] = ()
    variant: str = ""
    prediction: Prediction = Prediction.V
    latent_channels: int = 0
    levels: tuple[int, ...] = ()
    parameters: dict[str, int] = Field(default_factory=dict)
    missing: tuple[str, ...] = ()
    capabilities: Capabilities = Capabilities()
    native_size: int
    size_multiple: int
    pixel_space: bool = False
    noise_share: Annotated[float, Field(gt=0, le=1)] = 1.0
    schedulers: tuple[SchedulerName, ...]
    defaults: ModelDefaults = ModelDefaults()
    distilled: bool = False
    min_steps: int = 1
    zones: tuple[Zone, ...] = ()
    licence: str = ""
    seconds_per_megapixel_call: float = 0.5

    @property
    def kind(self) -> ModelKind:
        """Return which presets are for it."""
        if self.pixel_space:
            return ModelKind.BUILTIN
        if not self.capabilities.strength:
            return ModelKind.INSTRUCT
        if self.distilled:
            return ModelKind.DISTILLED
        return ModelKind.FLOW if self.prediction is Prediction.FLOW else ModelKind.DIFFUSION

    def hashes(self) -> tuple[str, ...]:
        """Return the sha256 of every file, in the order of their names."""
        own = tuple(f.sha256 for f in sorted(self.files, key=lambda f: f.path))
        return own + tuple(f.sha256 for f in sorted(self.config_files, key=lambda f: f.path))

    def zone(self, strength: float) -> str:
        """Return the measured word for `strength`, or nothing when there is none."""
        return next((zone.word for zone in self.zones if strength <= zone.until), "")


Progress = Callable[[int, int], None]
"""Called with the bytes read so far and the bytes of all; may raise to end the reading."""


class ModelSource(Protocol):
    """Where models come from that were added; ModelShelf is one."""

    def specs(self) -> dict[str, ModelSpec]:
        """Return all of them by id, also those that lack parts."""

    def get(self, model_id: str, *, progress: Progress | None = None) -> ModelSpec:
        """Return one that is ready to be used."""

    def at(self, path: Path, *, progress: Progress | None = None) -> ModelSpec:
        """Return the one at this path, ready to be used."""


@dataclass(frozen=True)
class ModelRegistry:
    """The models that are known, by id: `specs` come with the program, `shelf` has the user's."""

    specs: dict[str, ModelSpec] = field(default_factory=dict)
    shelf: ModelSource | None = None

    def all(self) -> dict[str, ModelSpec]:
        """Return every model by id, also those that lack parts; raises as the shelf's `specs`."""
        return self.specs | (self.shelf.specs() if self.shelf else {})

    def get(self, model: str, *, progress: Progress | None = None) -> ModelSpec:
        """Return the model called `model`, or the one at this absolute path, ready to be used.

        Files that changed since they were last looked at are read whole, and so is a model that
        is used for the first time.

        Args:
            progress: called with the bytes that were read and those of all, while they are.

        Raises:
            ModelNotFoundError: with the known ones as its hint.
            ModelUntrustedError: it can run code when opened, or is not what it was when added.
            SettingsError: the list of models cannot be read or written.
        """
        if model in self.specs:
            return self.specs[model]
        if is_pickle_name(model):
            raise pickle_error(Path(model).name)
        path = Path(model)
        if path.is_absolute() and (self.shelf is None or (path / SPEC_NAME).is_file()):
            return read_spec(path)
        if path.is_absolute() and self.shelf:
            return self.shelf.at(path, progress=progress)
        if self.shelf and model in self.shelf.specs():
            return self.shelf.get(model, progress=progress)
        known = ", ".join(self.all()) or "none"
        raise ModelNotFoundError(
            f"There is no model called {model}.",
            hint=f"Known: {known}. Add one with: regrain models add PATH",
        )


def builtin_spec() -> ModelSpec:
    """Read the built-in model's spec from the package's resources."""
    with resources.as_file(resources.files("resources") / "models" / BUILTIN_ID) as folder:
        return read_spec(folder)


def read_spec(folder: Path) -> ModelSpec:
    """Read the spec (SPEC_NAME) of a model folder.

    Raises:
        ModelNotFoundError: the folder holds no spec that can be read.
    """
    path = folder / SPEC_NAME
    try:
        return ModelSpec.model_validate(read_settings(path) | {"folder": folder})
    except (OSError, ValidationError, ModelUntrustedError) as error:
        raise ModelNotFoundError(
            f"{folder.name} holds no model that can be read: {error}.",
            hint="Install Regrain again, or choose another model.",
        ) from error


def verify_files(spec: ModelSpec) -> None:
    """Compare every file of the model with what it was when it was added.

    One whose size and time are those that were noted with its hash is not read again.

    Raises:
        ModelNotFoundError: a file is missing.
        ModelUntrustedError: a file is not what it was when it was added, or lies elsewhere.
    """
    for folder, entry in all_files(spec):
        path = inside(folder, entry.path)
        try:
            is_same = has_noted_stat(path, entry) or file_sha256(path) == entry.sha256
        except OSError as error:
            raise ModelNotFoundError(
                f"{spec.name} lacks {entry.path}: {error.strerror}.", hint="Install it again."
            ) from error
        if not is_same:
            raise changed_error(spec, entry)


def changed_error(spec: ModelSpec, entry: ModelFile) -> ModelUntrustedError:
    """Return the error for a file whose content changed since its model was added."""
    return ModelUntrustedError(
        f"{entry.path} of {spec.name} is not the file that was added.",
        hint="Add the model again if you changed it yourself.",
    )


def all_files(spec: ModelSpec) -> list[tuple[Path, ModelFile]]:
    """Return the folder and the entry of each file, settings that lie apart included."""
    own = [(spec.folder, entry) for entry in spec.files]
    settings = spec.config_folder
    return own + ([(settings, entry) for entry in spec.config_files] if settings else [])


def has_noted_stat(path: Path, entry: ModelFile) -> bool:
    """Return whether a file's size and time are those noted with its hash; OSError: it is gone."""
    found = path.stat()
    return entry.mtime_ns != 0 and (found.st_size, found.st_mtime_ns) == (
        entry.size,
        entry.mtime_ns,
    )


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file's bytes in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
