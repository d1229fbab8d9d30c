"""The words between a parent and its codec process; one answer to each file asked for, in order."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from core.errors import Reason
from core.images.photo import PhotoInfo


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ProbeFiles(_Message):
    """Read the headers of these files; answered by FileProbed or FileTrouble for each."""

    kind: Literal["probe_files"] = "probe_files"
    paths: tuple[Path, ...]


class MakePreview(_Message):
    """Decode a file small, for the eye; answered by PreviewMade with a JPEG as its tail."""

    kind: Literal["make_preview"] = "make_preview"
    path: Path
    max_side: Annotated[int, Field(ge=16, le=16384)]


class MeasureNoise(_Message):
    """Estimate a photograph's noise; answered by NoiseMeasured."""

    kind: Literal["measure_noise"] = "measure_noise"
    path: Path


class FileTrouble(_Message):
    """This file cannot be read, and why."""

    kind: Literal["file_trouble"] = "file_trouble"
    reason: Reason
    message: str
    hint: str = ""


class FileProbed(_Message):
    """What the header says."""

    kind: Literal["file_probed"] = "file_probed"
    info: PhotoInfo


class PreviewMade(_Message):
    """The picture, upright, in sRGB; its JPEG bytes follow. Size in pixels."""

    kind: Literal["preview_made"] = "preview_made"
    width: int
    height: int


class NoiseMeasured(_Message):
    """Standard deviation of the noise, of 255."""

    kind: Literal["noise_measured"] = "noise_measured"
    sigma: float


class Ready(_Message):
    """First frame: everything is imported and the limits hold."""

    kind: Literal["ready"] = "ready"
    pid: int


ToCodec = Annotated[ProbeFiles | MakePreview | MeasureNoise, Field(discriminator="kind")]
FromCodec = Annotated[
    Ready | FileProbed | PreviewMade | NoiseMeasured | FileTrouble, Field(discriminator="kind")
]
TO_CODEC: TypeAdapter[ToCodec] = TypeAdapter(ToCodec)
FROM_CODEC: TypeAdapter[FromCodec] = TypeAdapter(FromCodec)
