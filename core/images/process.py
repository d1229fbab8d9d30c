"""The codec process: `python -m core.images.process` reads files that nobody trusts yet.

It has no torch, little memory, little time for each file, and may write no file at all; when a
file kills it, only that file is concerned.
"""

from __future__ import annotations

import contextlib
import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeAlias

from pydantic import BaseModel

from core.channel import Channel, ChannelClosed
from core.errors import ImageReadError, Reason
from core.images.codec_messages import (
    TEXTS,
    TO_CODEC,
    AddNoise,
    CropPhoto,
    FactsRead,
    FileProbed,
    FileTrouble,
    MakePreview,
    MeasureNoise,
    NoiseMeasured,
    PreviewMade,
    ProbeFiles,
    ReadFacts,
    ReadTexts,
    Ready,
    TextsRead,
    ToCodec,
)
from core.images.colour import to_model_region
from core.images.decode import probe
from core.images.facts import read_facts
from core.images.noise_level import find_noise
from core.images.noisy import with_noise
from core.images.photo import Floats
from core.images.preview import Look, coded, look_at, look_into
from core.images.shelf import Shelf
from core.images.texts import read_texts

if sys.platform != "win32":
    import resource

MEMORY_LIMIT = 6 << 30
"""Bytes of address space. Decoding 500 megapixels of three bytes and turning them fits."""

CPU_SECONDS = 60
"""Processor time for one file."""

LOW_PRIORITY = "--low-priority"
"""Argument of a process whose work nobody waits for: it leaves the processors to others."""

_NICENESS = 10

Answer: TypeAlias = tuple[BaseModel, bytes]


def main() -> None:
    """Answer until the parent is gone."""
    channel = Channel.from_stdio(TO_CODEC)
    limit_process()
    if LOW_PRIORITY in sys.argv and sys.platform != "win32":
        os.nice(_NICENESS)
    shelf = Shelf()
    channel.send(Ready(pid=os.getpid()))
    with contextlib.suppress(ChannelClosed):
        while True:
            for answer, tail in handle(channel.receive(), shelf):
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


def handle(message: ToCodec, shelf: Shelf) -> Iterator[Answer]:
    """Yield the answers to a question, each with its tail, as soon as they are known.

    One a file: when a file kills this process, the parent sees by what is missing which it was.
    """
    if isinstance(message, ProbeFiles):
        for path in message.paths:
            yield _guarded(path, partial(_probed, path))
    else:
        yield _guarded(message.path, partial(_answer, message, shelf))


def _answer(message: ToCodec, shelf: Shelf) -> Answer:
    match message:
        case MakePreview():
            return _made(look_at(message.path, message.max_side))
        case CropPhoto(path=path):
            look = look_into(shelf.photo(path), path.name, message.box, message.max_side)
            return _made(look, sharp=True)
        case AddNoise(path=path):
            look = shelf.look(path, message.box, message.max_side)
            pixels = with_noise(look.pixels, message.ratio, message.seed)
            return _made(replace(look, pixels=pixels))
        case ReadFacts():
            return FactsRead(facts=read_facts(message.path)), b""
        case ReadTexts():
            return TextsRead(), TEXTS.dump_json(read_texts(message.path))
        case MeasureNoise():
            return _noise(message, shelf), b""
        case ProbeFiles():
            raise AssertionError("answered file by file")


def _probed(path: Path) -> Answer:
    return FileProbed(info=probe(path)), b""


def _made(look: Look, *, sharp: bool = False) -> Answer:
    height, width = look.pixels.shape[:2]
    made = PreviewMade(
        width=width, height=height, photo_width=look.photo_width, photo_height=look.photo_height
    )
    return made, coded(look.pixels, sharp=sharp)


def _noise(message: MeasureNoise, shelf: Shelf) -> NoiseMeasured:
    photo = shelf.photo(message.path)

    def rows(top: int, bottom: int) -> Floats:
        return to_model_region(photo, top, bottom, 0, photo.width)

    found = find_noise(rows, photo.height, photo.width)
    return NoiseMeasured(sigma=found.sigma, luminance=found.luminance, chroma=found.chroma)


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
