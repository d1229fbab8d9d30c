"""The codec process: `python -m core.images.process` reads files that nobody trusts yet.

It has no torch, little memory, little time for each file, and may write no file at all; when a
file kills it, only that file is concerned.
"""

from __future__ import annotations

import contextlib
import io
import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeAlias

from pydantic import BaseModel

from core.channel import Channel, ChannelClosed
from core.errors import ImageReadError, Reason
from core.images.codec_messages import (
    TO_CODEC,
    FileProbed,
    FileTrouble,
    MakePreview,
    MeasureNoise,
    NoiseMeasured,
    PreviewMade,
    ProbeFiles,
    Ready,
    ToCodec,
)
from core.images.colour import to_model_region
from core.images.decode import probe, read_photo
from core.images.noise_level import estimate_sigma
from core.images.photo import Floats
from core.images.preview import preview

if sys.platform != "win32":
    import resource

MEMORY_LIMIT = 6 << 30
"""Bytes of address space. Decoding 500 megapixels of three bytes and turning them fits."""

PREVIEW_QUALITY = 88
CPU_SECONDS = 60
"""Processor time for one file."""

Answer: TypeAlias = tuple[BaseModel, bytes]


def main() -> None:
    """Answer until the parent is gone."""
    channel = Channel.from_stdio(TO_CODEC)
    limit_process()
    channel.send(Ready(pid=os.getpid()))
    with contextlib.suppress(ChannelClosed):
        while True:
            for answer, tail in handle(channel.receive()):
                channel.send(answer, tail)


def limit_process() -> None:
    """Set the limits that hold for the whole process; where the system has none, do nothing.

    Called after the imports: they may map more than they ever use.
    """
    if sys.platform == "win32":
        return
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    # Address space counts what was mapped for libraries too; measured from here.
    _limit(resource.RLIMIT_AS, MEMORY_LIMIT + _mapped())


def limit_file() -> None:
    """Give the next file its processor time; SIGXCPU ends the process when it is used up."""
    if sys.platform != "win32":
        limit = math.ceil(time.process_time()) + CPU_SECONDS
        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        soft = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def handle(message: ToCodec) -> Iterator[Answer]:
    """Yield the answers to a question, each with its tail, as soon as they are known.

    One a file: when a file kills this process, the parent sees by what is missing which it was.
    """
    if isinstance(message, ProbeFiles):
        for path in message.paths:
            yield _guarded(path, partial(_probed, path))
    elif isinstance(message, MakePreview):
        yield _guarded(message.path, partial(_preview, message))
    else:
        yield _guarded(message.path, partial(_noise, message))


def _probed(path: Path) -> Answer:
    return FileProbed(info=probe(path)), b""


def _preview(message: MakePreview) -> Answer:
    picture = preview(message.path, message.max_side)
    coded = io.BytesIO()
    picture.save(coded, "JPEG", quality=PREVIEW_QUALITY)
    return PreviewMade(width=picture.width, height=picture.height), coded.getvalue()


def _noise(message: MeasureNoise) -> Answer:
    photo = read_photo(message.path)

    def rows(top: int, bottom: int) -> Floats:
        return to_model_region(photo, top, bottom, 0, photo.width)

    sigma = estimate_sigma(rows, photo.height, photo.width)
    return NoiseMeasured(sigma=sigma), b""


def _guarded(path: Path, work: Callable[[], Answer]) -> Answer:
    """Do `work`; whatever a file provokes becomes that file's trouble."""
    limit_file()
    try:
        return work()
    except ImageReadError as error:
        trouble = FileTrouble(reason=error.reason, message=error.message, hint=error.hint)
    except MemoryError:
        message = f"{path.name} needs more memory to open than is allowed."
        trouble = FileTrouble(reason=Reason.TOO_LARGE, message=message)
    except Exception as error:
        # A decoder's own bug on hostile bytes: told apart from ours in the log by its kind.
        message = f"{path.name} cannot be decoded ({type(error).__name__})."
        trouble = FileTrouble(reason=Reason.DECODE_ERROR, message=message)
    return trouble, b""


def _limit(which: int, value: int) -> None:
    hard = resource.getrlimit(which)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(which, (value, value))


def _mapped() -> int:
    """Return how much address space is in use, in bytes; 0 where it cannot be told."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError):
        return 0
    return pages * resource.getpagesize()


if __name__ == "__main__":
    main()
