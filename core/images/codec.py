"""The parent's side of the codec process: ask for sizes, previews and noise of any file."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, TypeAlias

from core.child import Child, Death, Frame, python_command
from core.errors import CoreError, ImageReadError, Reason
from core.images.codec_messages import (
    FROM_CODEC,
    TEXTS,
    AddNoise,
    Box,
    CropPhoto,
    FactsRead,
    FileProbed,
    FileTrouble,
    FromCodec,
    MakePreview,
    MeasureNoise,
    NoiseMeasured,
    PreviewMade,
    ProbeFiles,
    ReadFacts,
    ReadTexts,
    Ready,
    ToCodec,
)
from core.images.facts import PhotoFacts
from core.images.noise_found import NoiseFound
from core.images.photo import PhotoInfo
from core.images.texts import PictureTexts

CODEC_COMMAND = python_command("core.images.process")
QUIET_COMMAND = (*CODEC_COMMAND, "--low-priority")
"""For work that nobody waits for, such as thumbnails: it leaves the processors to others."""

START_SECONDS = 60.0
FILE_SECONDS = 120.0
"""How long one file may take by the clock; processor time is limited in the process itself."""

_BATCH = 200
_LEAN = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}

Answer: TypeAlias = Frame[FromCodec] | Death | None


@dataclass(frozen=True, slots=True)
class Preview:
    """A picture for the eye: upright, sRGB, JPEG bytes; sizes in pixels, of it and its source."""

    jpeg: bytes
    width: int
    height: int
    photo_width: int
    photo_height: int


class Codec:
    """Asks one codec process, which is started when needed and again when it died.

    Safe from several threads; questions are answered one after the other. Every question raises
    CoreError when the process cannot be started at all.
    """

    def __init__(
        self,
        command: Sequence[str] = CODEC_COMMAND,
        environment: Mapping[str, str] | None = None,
        *,
        file_seconds: float = FILE_SECONDS,
    ) -> None:
        self._command = tuple(command)
        self._environment = _LEAN | dict(environment or {})
        self._file_seconds = file_seconds
        self._child: Child[FromCodec] | None = None
        self._asking = threading.Lock()

    @property
    def pid(self) -> int | None:
        """The process id, for show; None while there is no process."""
        return self._child.pid if self._child else None

    def start(self) -> None:
        """Start the process now, so that the first question need not wait for it."""
        with self._asking:
            self._started()

    def probe(self, paths: Sequence[Path]) -> list[PhotoInfo | ImageReadError]:
        """Return what each file's header says, in order; its error where it cannot be read."""
        found: list[PhotoInfo | ImageReadError] = []
        while len(found) < len(paths):
            batch = tuple(paths[len(found) : len(found) + _BATCH])
            found += [
                _info(answer, path) for answer, path in self._ask(ProbeFiles(paths=batch), batch)
            ]
        return found

    def preview(self, path: Path, max_side: int) -> Preview:
        """Return the photograph with its longer side at most `max_side` pixels.

        Raises:
            ImageReadError: the file cannot be read, or it killed the process (decode_error).
        """
        return self._picture(MakePreview(path=path, max_side=max_side), path)

    def crop(self, path: Path, box: Box, max_side: int) -> Preview:
        """Return the part of a photograph in `box`, 1:1, or smaller where `max_side` says so.

        Args:
            box: left, top, width and height in pixels of the upright photograph; what of it lies
                outside is cut off.

        The process keeps the photographs it decoded last, so further parts come quickly. Errors
        as `preview`.
        """
        return self._picture(CropPhoto(path=path, box=box, max_side=max_side), path)

    def noisy(self, path: Path, box: Box, max_side: int, ratio: float, seed: int = 0) -> Preview:
        """Return a part of a photograph as the model is given it at a noise ratio.

        The noise is that of the pixels which are shown: one that is scaled down is as noisy a
        pixel as one at 1:1. The same `seed`, the same noise. Box and errors as `crop`.
        """
        question = AddNoise(path=path, box=box, max_side=max_side, ratio=ratio, seed=seed)
        return self._picture(question, path)

    def facts(self, path: Path) -> PhotoFacts:
        """Return what a photograph says of itself; errors as `preview`."""
        frame = self._ask_one(ReadFacts(path=path), path)
        assert isinstance(frame.message, FactsRead)
        return frame.message.facts

    def texts(self, path: Path) -> PictureTexts:
        """Return the texts that programs wrote into a picture; errors as `preview`."""
        return TEXTS.validate_json(self._ask_one(ReadTexts(path=path), path).tail)

    def _picture(self, question: ToCodec, path: Path) -> Preview:
        frame = self._ask_one(question, path)
        made = frame.message
        assert isinstance(made, PreviewMade)
        return Preview(frame.tail, made.width, made.height, made.photo_width, made.photo_height)

    def noise(self, path: Path) -> NoiseFound:
        """Return the photograph's noise; errors as `preview`."""
        frame = self._ask_one(MeasureNoise(path=path), path)
        told = frame.message
        assert isinstance(told, NoiseMeasured)
        return NoiseFound(told.sigma, told.luminance, told.chroma)

    def close(self) -> None:
        """End the process."""
        with self._asking:
            self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _ask_one(self, question: ToCodec, path: Path) -> Frame[FromCodec]:
        ((answer, _),) = self._ask(question, (path,))
        if not isinstance(answer, Frame):
            raise _killed(path, answer)
        if isinstance(answer.message, FileTrouble):
            raise _error(answer.message)
        return answer

    def _ask(self, question: ToCodec, paths: Sequence[Path]) -> list[tuple[Answer, Path]]:
        """Return the answers, a file each, in order; after the one that killed the process, none.

        A process that was killed from outside is asked again once.
        """
        answers: list[tuple[Answer, Path]] = []
        with self._asking:
            for attempt in range(2):
                child = self._started()
                child.send(question)
                answers = list(self._listen(child, paths))
                last = answers[-1][0]
                if isinstance(last, Frame):
                    return answers
                self._end()
                if not isinstance(last, Death) or last.native or last.oom_killed or attempt:
                    break
        return answers

    def _listen(
        self, child: Child[FromCodec], paths: Sequence[Path]
    ) -> Iterator[tuple[Answer, Path]]:
        for path in paths:
            answer = child.receive(self._file_seconds)
            yield answer, path
            if not isinstance(answer, Frame):
                return

    def _started(self) -> Child[FromCodec]:
        if self._child is not None and self._child.alive:
            return self._child
        try:
            child = Child(self._command, FROM_CODEC, self._environment)
        except OSError as error:
            raise _not_started(str(error)) from error
        first = child.receive(START_SECONDS)
        if not (isinstance(first, Frame) and isinstance(first.message, Ready)):
            child.end(0)
            raise _not_started(first.stderr if isinstance(first, Death) else "no answer")
        self._child = child
        return child

    def _end(self) -> None:
        if self._child is not None:
            self._child.end(0)
            self._child = None


def _not_started(said: str) -> CoreError:
    last = said.strip().splitlines()[-1] if said.strip() else "it ended at once"
    return CoreError(
        f"The program that reads pictures does not start: {last}",
        hint="Install Regrain again; if that does not help, restart the computer.",
    )


def _info(answer: Answer, path: Path) -> PhotoInfo | ImageReadError:
    if not isinstance(answer, Frame):
        return _killed(path, answer)
    if isinstance(answer.message, FileTrouble):
        return _error(answer.message)
    assert isinstance(answer.message, FileProbed)
    return answer.message.info


def _error(trouble: FileTrouble) -> ImageReadError:
    return ImageReadError(trouble.reason, trouble.message, hint=trouble.hint)


def _killed(path: Path, death: Answer) -> ImageReadError:
    """Say that the file stopped its reader, or (None) that it takes too long."""
    hint = "Open it in another program and save it anew."
    if isinstance(death, Death):
        what = f"stopped the program that reads it ({death.describe()})"
        return ImageReadError(Reason.DECODE_ERROR, f"{path.name} {what}.", hint=hint)
    return ImageReadError(Reason.TIMED_OUT, f"{path.name} takes too long to read.", hint=hint)
