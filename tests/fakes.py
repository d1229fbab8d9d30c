"""A render process without torch, for tests of runner, faults, command line and window.

    RenderHost(FAKE_RENDER_COMMAND, fake_environment(delay=0.01))

It is a real process that speaks core.engine.messages. What it makes is a pure function of the
source's pixels and the edit settings, written as the real one writes: temporary file, read back,
hashed, synced. A file whose name holds one of these words, between dashes or at an end, fails so:

    abort     dies of SIGABRT while the photograph is in work (abort1: the first time only)
    exit      ends with code 3                        killed   dies of SIGKILL, as from outside
    hang      says nothing more (hang1: once)         slow     takes a hundred times as long
    hog       takes memory until the kernel ends it   oom      reports oom_gpu
    nan       reports nan                             lost     reports EngineFailed(gpu_lost)
    garbage   writes what is no message               loss     ends as a device does that failed
    pace      tells how large it is, to be timed      crawl    the same, and says it takes ages
    peekabort dies of SIGABRT when a preview of it is asked for
    starvedN  is killed, and the file in REGRAIN_FAKE_OOM_COUNTER counts it as the kernel counts
              out-of-memory kills, unless tiles are at most N pixels
    swollenN  takes 300 MiB and keeps them, unless tiles are at most N pixels
"""

from __future__ import annotations

import hashlib
import io
import os
import queue
import re
import signal
import sys
import threading
import time
from pathlib import Path

from PIL import Image

import core
from core.channel import Channel, ChannelClosed, end_with_parent
from core.device import DeviceInfo, DeviceKind
from core.engine.messages import (
    DEVICE_LOST_EXIT,
    TO_RENDER,
    Announced,
    CancelItems,
    Detect,
    DevicesFound,
    EngineFailed,
    Hello,
    ItemCanceled,
    ItemTrouble,
    LoadModel,
    MakePreview,
    ModelLoaded,
    Numerics,
    PreviewPicture,
    PreviewTrouble,
    Render,
    Rendered,
    Shutdown,
    Stepped,
    ToRender,
)
from core.errors import Reason, StopReason
from core.events import PreviewKind
from tests import hunger
from tests.fake_results import edited, expected_picture, write

FAKE_RENDER_COMMAND = (sys.executable, "-P", "-m", "tests.fakes")
_ROOT = Path(__file__).resolve().parents[1]


def fake_environment(
    *,
    delay: float = 0.0,
    steps: int = 2,
    rows: int = 0,
    state: Path | None = None,
    device: str = "",
) -> dict[str, str]:
    """Return the environment of a fake render process.

    `delay`: seconds a step. `rows`: photographs a pass when the job does not say. `state`: a
    folder in which it logs each photograph that it touches (`touched`), and counts `...1` words.
    `device`: what it says that it runs on.
    """
    values = {"REGRAIN_FAKE_DELAY": str(delay), "REGRAIN_FAKE_STEPS": str(steps)}
    values |= {"REGRAIN_FAKE_ROWS": str(rows), "REGRAIN_FAKE_DEVICE": device}
    # The package that is tested first: an installed wheel, where there is one, not the checkout.
    roots = [str(Path(core.__file__).parents[1]), str(_ROOT), os.environ.get("PYTHONPATH")]
    values["PYTHONPATH"] = os.pathsep.join(filter(None, roots))
    if state is not None:
        values["REGRAIN_FAKE_STATE"] = str(state)
    return values


class FakeRender:
    """The process' main loop; a reader thread hands it messages, as in the real one."""

    def __init__(self, channel: Channel[ToRender], raw: int) -> None:
        self.channel = channel
        self.raw = raw
        self.inbox: queue.SimpleQueue[ToRender] = queue.SimpleQueue()
        self.waiting: list[Render] = []
        self.preview: MakePreview | None = None
        self.model = ""
        self.canceled: set[int] = set()
        self.delay = float(os.environ.get("REGRAIN_FAKE_DELAY", "0"))
        self.steps = int(os.environ.get("REGRAIN_FAKE_STEPS", "2"))
        self.rows = int(os.environ.get("REGRAIN_FAKE_ROWS", "0")) or 1
        self.tile = Numerics().tile
        state = os.environ.get("REGRAIN_FAKE_STATE")
        self.state = Path(state) if state else None

    def run(self) -> None:
        threading.Thread(target=self.read, daemon=True).start()
        self.channel.send(Hello(pid=os.getpid(), versions="fake 1"))
        while True:
            self.take(block=not self.waiting)
            if self.waiting:
                self.render_pass()

    def read(self) -> None:
        """Take messages while the main thread works."""
        try:
            while True:
                message = self.channel.receive()
                if isinstance(message, Shutdown):
                    end_with_parent()
                if isinstance(message, CancelItems):
                    self.canceled |= set(message.items)
                else:
                    self.inbox.put(message)
        except ChannelClosed:
            end_with_parent()

    def take(self, *, block: bool) -> None:
        while block or not self.inbox.empty():
            block = False
            message = self.inbox.get()
            if isinstance(message, Render):
                self.canceled.discard(message.item)
                self.waiting.append(message)
            elif isinstance(message, LoadModel):
                self.load(message)
            elif isinstance(message, Detect):
                self.channel.send(DevicesFound(devices=(_device(),)))
            elif isinstance(message, MakePreview):
                self.preview = message
        self.show()

    def load(self, message: LoadModel) -> None:
        if not message.model.folder.is_dir():
            self.channel.send(
                EngineFailed(
                    reason=StopReason.MODEL_MISSING,
                    message="The model's files are gone.",
                    loading=message.number,
                )
            )
            return
        self.model = message.model.id
        device = os.environ.get("REGRAIN_FAKE_DEVICE") or "cpu"
        asked = message.numerics or Numerics(rows=message.rows or self.rows, versions="fake 1")
        numerics = asked.model_copy(update={"device": device})
        self.rows, self.tile = numerics.rows, numerics.tile
        self.log("loaded", numerics.model_dump_json())
        self.channel.send(
            ModelLoaded(
                model=message.model.id,
                device=device,
                dtype="fp32",
                seconds=0,
                numerics=numerics,
                number=message.number,
            )
        )

    def show(self) -> None:
        """Answer the newest preview, as the real one does between two passes."""
        message, self.preview = self.preview, None
        if message is None:
            return
        if "peekabort" in re.split("[-_.]", message.source.stem):
            os.abort()
        try:
            whole = expected_picture(message.source, message.edit.model_dump_json())
        except (OSError, SyntaxError, ValueError):
            words = f"{message.source.name} cannot be read."
            self.channel.send(
                PreviewTrouble(
                    request=message.request, reason=Reason.TRUNCATED, message=words, hint="Copy it."
                )
            )
            return
        self.log("shown", f"{message.request} {message.source.name}")
        left, top, width, height = message.box or (0, 0, *whole.size)
        right, bottom = min(left + width, whole.width), min(top + height, whole.height)
        part = whole.crop((left, top, right, bottom))
        part.thumbnail((message.max_side, message.max_side))
        kinds = [(PreviewKind.DRAFT, 0)]
        if message.stages:
            stages = (PreviewKind.NOISY, PreviewKind.GUESS)
            kinds += [(kind, step) for step in range(1, self.steps + 1) for kind in stages]
        for kind, step in (*kinds, (PreviewKind.FULL, 0)):
            self.send_picture(message, part, kind, step)

    def send_picture(
        self, message: MakePreview, part: Image.Image, kind: PreviewKind, step: int
    ) -> None:
        buffer = io.BytesIO()
        part.save(buffer, "JPEG", quality=95)
        width, height = part.size
        picture = PreviewPicture(
            request=message.request,
            shows=kind,
            box=message.box or (0, 0, width, height),
            width=width,
            height=height,
            step=step,
            steps=self.steps if step else 0,
            facts={"noise": 11.0, "note": "noise 11 of 255, 1 step"},
        )
        self.channel.send(picture, buffer.getvalue())

    def render_pass(self) -> None:
        """Work on up to `rows` photographs at once: all are announced before any is finished."""
        group, self.waiting = self.waiting[: self.rows], self.waiting[self.rows :]
        begun = time.monotonic()
        for render in group:
            self.channel.send(Announced(item=render.item))
            self.log("touched", f"{render.item} {render.source.name} {int(render.alone)}")
        for step in range(1, self.steps + 1):
            for render in group:
                self.misbehave(render)
            time.sleep(self.delay * max(100 if "slow" in _words(r) else 1 for r in group))
            group = [render for render in group if not self.drop(render)]
            if not group:
                return
            if not self.inbox.empty():
                self.take(block=False)
            for render in group:
                self.tell_step(render, step, time.monotonic() - begun)
        for render in group:
            self.finish(render, time.monotonic() - begun)

    def tell_step(self, render: Render, step: int, seconds: float) -> None:
        size = {"pixels": 1000, "seconds": seconds} if {"pace", "crawl"} & _words(render) else {}
        if crawls := "crawl" in _words(render):
            size["seconds"] = 1e6
        self.channel.send(Stepped(item=render.item, step=step, steps=self.steps, **size))
        if crawls:
            threading.Event().wait()

    def drop(self, render: Render) -> bool:
        if render.item not in self.canceled:
            return False
        self.channel.send(ItemCanceled(item=render.item))
        return True

    def misbehave(self, render: Render) -> None:
        words = _words(render)
        if "abort" in words or ("abort1" in words and self.first_time(render)):
            os.abort()
        if "loss" in words:
            os._exit(DEVICE_LOST_EXIT)
        if "exit" in words:
            os._exit(3)
        if "killed" in words:
            os.kill(os.getpid(), signal.SIGKILL)
        if "hang" in words or ("hang1" in words and self.first_time(render)):
            threading.Event().wait()
        for word, act in (("starved", hunger.die), ("swollen", hunger.swell)):
            limits = [int(one.removeprefix(word)) for one in words if one.startswith(word)]
            if limits and self.tile > limits[0]:
                act()
        if "garbage" in words:
            os.write(self.raw, b"Segmentation fault: no message at all")
            threading.Event().wait()
        if "hog" in words:
            hunger.take_all()

    def first_time(self, render: Render) -> bool:
        assert self.state is not None, "words that end in 1 need a state folder"
        mark = self.state / f"seen-{render.source.name}"
        new = not mark.exists()
        mark.touch()
        return new

    def finish(self, render: Render, seconds: float) -> None:
        words = _words(render)
        reason = Reason.NAN if "nan" in words else Reason.OOM_GPU if "oom" in words else None
        if reason is not None:
            message = f"{render.source.name}: {reason.value}."
            self.channel.send(ItemTrouble(item=render.item, reason=reason, message=message))
        elif "lost" in words:
            message = "The GPU stopped answering."
            self.channel.send(
                EngineFailed(reason=StopReason.GPU_LOST, message=message, item=render.item)
            )
        else:
            self.answer(render, seconds)

    def answer(self, render: Render, seconds: float) -> None:
        try:
            data = render.source.read_bytes()
        except FileNotFoundError:
            self.trouble(render, Reason.VANISHED, "is not there any more.")
            return
        if hashlib.sha256(data).hexdigest() != render.source_sha256:
            self.trouble(render, Reason.CHANGED_WHILE_READING, "changed while it was read.")
            return
        try:
            result, size = edited(render, data)
        except (OSError, SyntaxError, ValueError):
            self.trouble(render, Reason.TRUNCATED, "ends too early; no result was made.")
            return
        try:
            write(render.target, result)
        except OSError as error:
            from core.outputs.folders import stopped  # rarely needed; takes a while to import

            render.target.unlink(missing_ok=True)
            why = stopped(render.target.parent, error)
            self.channel.send(
                EngineFailed(
                    reason=why.reason, message=why.message, hint=why.hint, item=render.item
                )
            )
            return
        self.channel.send(
            Rendered(
                item=render.item,
                sha256=hashlib.sha256(result).hexdigest(),
                size=len(result),
                width=size[0],
                height=size[1],
                seconds=seconds,
                facts={"steps": self.steps},
            )
        )

    def trouble(self, render: Render, reason: Reason, text: str) -> None:
        message = f"{render.source.name} {text}"
        self.channel.send(ItemTrouble(item=render.item, reason=reason, message=message))

    def log(self, name: str, line: str) -> None:
        if self.state is not None:
            with (self.state / name).open("a") as file:
                file.write(line + "\n")


def _words(render: Render) -> set[str]:
    return set(re.split("[-_.]", render.source.stem))


def _device() -> DeviceInfo:
    gigabyte = 1 << 30
    return DeviceInfo(
        kind=DeviceKind.CPU,
        name="fake processor",
        total_memory=gigabyte,
        free_memory=gigabyte,
        dtype="fp32",
    )


def main() -> None:
    raw = os.dup(1)
    FakeRender(Channel.from_stdio(TO_RENDER), raw).run()


if __name__ == "__main__":
    main()
