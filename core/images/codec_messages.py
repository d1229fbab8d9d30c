"""The words between a parent and its codec process; one answer to each file asked for, in order."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from core.errors import Reason
from core.images.facts import PhotoFacts
from core.images.photo import PhotoInfo
from core.images.texts import PictureTexts


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


Box = tuple[int, int, Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]]
"""Left, top, width and height in pixels of the upright photograph."""


class CropPhoto(_Message):
    """Cut a part out of a photograph, its longer side at most `max_side`; answer: PreviewMade."""

    kind: Literal["crop_photo"] = "crop_photo"
    path: Path
    box: Box
    max_side: Annotated[int, Field(ge=16, le=16384)]


class AddNoise(_Message):
    """Show a part of a photograph at a noise ratio; answered by PreviewMade."""

    kind: Literal["add_noise"] = "add_noise"
    path: Path
    box: Box
    max_side: Annotated[int, Field(ge=16, le=4096)]
    ratio: Annotated[float, Field(ge=0, le=1e4, allow_inf_nan=False)]
    seed: Annotated[int, Field(ge=0)]


class ReadFacts(_Message):
    """Say what is known of a photograph; answered by FactsRead."""

    kind: Literal["read_facts"] = "read_facts"
    path: Path


class ReadTexts(_Message):
    """Read what programs wrote into a picture; answered by TextsRead, as JSON in its tail."""

    kind: Literal["read_texts"] = "read_texts"
    path: Path


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
    """The picture, upright, in sRGB; its JPEG bytes follow. Sizes in pixels, upright."""

    kind: Literal["preview_made"] = "preview_made"
    width: int
    height: int
    photo_width: int
    photo_height: int


class NoiseMeasured(_Message):
    """Standard deviations of the noise, of 255, as in NoiseFound."""

    kind: Literal["noise_measured"] = "noise_measured"
    sigma: float
    luminance: float
    chroma: float


class FactsRead(_Message):
    """What a photograph says of itself."""

    kind: Literal["facts_read"] = "facts_read"
    facts: PhotoFacts


class TextsRead(_Message):
    """What programs wrote into the picture, as JSON of PictureTexts in the tail."""

    kind: Literal["texts_read"] = "texts_read"


class Ready(_Message):
    """First frame: everything is imported and the limits hold."""

    kind: Literal["ready"] = "ready"
    pid: int


ToCodec = Annotated[
    ProbeFiles | MakePreview | CropPhoto | AddNoise | ReadFacts | ReadTexts | MeasureNoise,
    Field(discriminator="kind"),
]
FromCodec = Annotated[
    Ready | FileProbed | PreviewMade | NoiseMeasured | FactsRead | TextsRead | FileTrouble,
    Field(discriminator="kind"),
]
TO_CODEC: TypeAdapter[ToCodec] = TypeAdapter(ToCodec)
FROM_CODEC: TypeAdapter[FromCodec] = TypeAdapter(FromCodec)
TEXTS: TypeAdapter[PictureTexts] = TypeAdapter(PictureTexts)
