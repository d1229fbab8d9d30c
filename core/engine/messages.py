"""The words between a parent and its render process: JSON objects, checked on both sides.

Each frame is one of these; `kind` tells which. Nothing is pickled.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from core.device import DeviceInfo
from core.errors import Reason, StopReason
from core.events import Box, PreviewKind
from core.models.spec import ModelSpec
from core.recipe import EditSettings, OutputSettings

PLAIN, CHANNELS_LAST, TUNED = "plain", "channels-last", "tuned"
WINOGRAD, WINOGRAD_SMALL = "winograd", "winograd-small"
"""How convolutions are computed."""

DEVICE_LOST_EXIT = 71
"""Code with which a render process ends when its device failed so that only a new one can help."""


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Numerics(_Message):
    """What decides the last bits of a result besides the recipe; a job stores it at first claim.

    `kernels`: plain as PyTorch has them, or what core.engine.kernels makes of them.
    """

    device: str = "cpu"
    dtype: str = "fp32"
    rows: int = 1
    tile: int = 768
    threads: int = 0
    kernels: str = PLAIN
    versions: str = ""


# parent -> render process


class Detect(_Message):
    """Look for devices; answered by DevicesFound."""

    kind: Literal["detect"] = "detect"


class LoadModel(_Message):
    """Load a model; answered by ModelLoaded or EngineFailed.

    `numerics` None: choose for this device; else use exactly these, for a resumed batch.
    `number` comes back in the answer, which may come after another model was asked for. `warm`:
    run the network once, so that the first preview is as quick as the next ones.
    """

    kind: Literal["load_model"] = "load_model"
    model: ModelSpec
    device: str = "auto"
    dtype: str = "auto"
    rows: int = 0
    numerics: Numerics | None = None
    number: int = 0
    warm: bool = False


class Render(_Message):
    """Edit one photograph into the temporary file `target`, which must not exist yet.

    `source_sha256` is what the parent decided on; other bytes are `changed_while_reading`.
    `provenance` holds what goes into the file besides what only rendering knows (None: nothing).
    A photograph of more than `max_pixels` is refused as too_large.
    """

    kind: Literal["render"] = "render"
    item: int
    attempt: int
    source: Path
    source_sha256: str
    target: Path
    edit: EditSettings
    output: OutputSettings
    provenance: dict[str, str] | None = None
    alone: bool = False
    max_pixels: Annotated[int, Field(ge=1)] = 500_000_000


class CancelItems(_Message):
    """Stop working on these items at the next denoiser call; answered by ItemCanceled each."""

    kind: Literal["cancel_items"] = "cancel_items"
    items: tuple[int, ...]


class MakePreview(_Message):
    """Show what an edit makes of a photograph, or of a part; the one before it is dropped.

    Answered by any number of PreviewPictures, the last one FULL, or by PreviewTrouble; not at all
    when a newer one came. It is let in between the layers of a pass of the batch in work.
    `box` is in upright source pixels, None for all; `max_side` bounds the pictures' longer side.
    """

    kind: Literal["make_preview"] = "make_preview"
    request: int
    model: str
    source: Path
    edit: EditSettings
    box: Box | None = None
    max_side: Annotated[int, Field(ge=16, le=16384)] = 1600
    stages: bool = False
    max_pixels: Annotated[int, Field(ge=1)] = 500_000_000


class Shutdown(_Message):
    """End now; what is in flight is dropped."""

    kind: Literal["shutdown"] = "shutdown"


# render process -> parent


class Hello(_Message):
    """First frame: the process is up."""

    kind: Literal["hello"] = "hello"
    pid: int
    versions: str


class DevicesFound(_Message):
    """Answer to Detect, best usable device first."""

    kind: Literal["devices_found"] = "devices_found"
    devices: tuple[DeviceInfo, ...]


class ModelLoaded(_Message):
    """Answer to LoadModel; `devices`: what was found while one was chosen, best usable first."""

    kind: Literal["model_loaded"] = "model_loaded"
    model: str
    device: str
    dtype: str
    seconds: float
    numerics: Numerics
    number: int = 0
    devices: tuple[DeviceInfo, ...] = ()


class Announced(_Message):
    """The process is about to touch this item: a death from here on counts for it."""

    kind: Literal["announced"] = "announced"
    item: int


class Stepped(_Message):
    """One denoiser call of the item is done.

    `pixels`: how many it puts through the network in all its calls, 0 where its pace says nothing;
    `seconds`: its share of the time so far.
    """

    kind: Literal["stepped"] = "stepped"
    item: int
    step: int
    steps: int
    pixels: int = 0
    seconds: float = 0.0


class Alive(_Message):
    """Nothing is done yet, but it goes on: one call of a large network takes minutes on a CPU."""

    kind: Literal["alive"] = "alive"


class Rendered(_Message):
    """The temporary file is written, read back, hashed, synced and closed.

    `unchanged`: the photograph's coded data was taken over as it is. `facts` are what rendering
    chose, in words and numbers (noise found, first sigma, tiles ...), to be stored and shown.
    """

    kind: Literal["rendered"] = "rendered"
    item: int
    sha256: str
    size: int
    width: int
    height: int
    seconds: float
    unchanged: bool = False
    facts: dict[str, str | int | float] = Field(default_factory=dict)


class ItemTrouble(_Message):
    """One photograph has no result; the others are not concerned."""

    kind: Literal["item_trouble"] = "item_trouble"
    item: int
    reason: Reason
    message: str
    hint: str = ""


class ItemCanceled(_Message):
    """Work on the item was dropped on request; its temporary file is gone."""

    kind: Literal["item_canceled"] = "item_canceled"
    item: int


class EngineFailed(_Message):
    """The job cannot go on: model missing or untrusted, disk full, device lost, settings refused.

    `item` is the one in work, if any; it did not fail for it. `loading` is the LoadModel's
    number when that is what failed; `devices` as in ModelLoaded.
    """

    kind: Literal["engine_failed"] = "engine_failed"
    reason: StopReason | None
    message: str
    hint: str = ""
    item: int | None = None
    loading: int | None = None
    devices: tuple[DeviceInfo, ...] = ()


class PreviewPicture(_Message):
    """A picture of a preview; its JPEG bytes follow. Fields as in core.events.PreviewPart."""

    kind: Literal["preview_picture"] = "preview_picture"
    request: int
    shows: PreviewKind
    box: Box
    width: int
    height: int
    step: int = 0
    steps: int = 0
    facts: dict[str, str | int | float] = Field(default_factory=dict)
    seconds: float = 0.0


class PreviewTrouble(_Message):
    """A preview cannot be made; batches are not concerned. `reason` where it is the file's."""

    kind: Literal["preview_trouble"] = "preview_trouble"
    request: int
    reason: Reason | None
    message: str
    hint: str = ""


ToRender = Annotated[
    Detect | LoadModel | Render | CancelItems | MakePreview | Shutdown, Field(discriminator="kind")
]
FromRender = Annotated[
    Hello
    | DevicesFound
    | ModelLoaded
    | Announced
    | Stepped
    | Alive
    | Rendered
    | ItemTrouble
    | ItemCanceled
    | EngineFailed
    | PreviewPicture
    | PreviewTrouble,
    Field(discriminator="kind"),
]
TO_RENDER: TypeAdapter[ToRender] = TypeAdapter(ToRender)
FROM_RENDER: TypeAdapter[FromRender] = TypeAdapter(FromRender)
