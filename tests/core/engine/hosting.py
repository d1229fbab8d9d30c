"""What tests of the parent's side say to a render process, and how they hear it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from core.engine.host import Died, Pictured, RenderHost
from core.engine.messages import FromRender, MakePreview, Render
from core.models.spec import ModelSpec
from core.recipe import EditSettings, OutputSettings, SchedulerName

Started = Callable[..., RenderHost]
Heard = list[FromRender | Pictured | Died]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def model(folder: Path) -> ModelSpec:
    return ModelSpec(
        id="fake",
        name="Fake",
        family="fake",
        folder=folder,
        native_size=64,
        size_multiple=1,
        schedulers=(SchedulerName.DDIM,),
    )


def render(source: Path, item: int = 1) -> Render:
    return Render(
        item=item,
        attempt=1,
        source=source,
        source_sha256=hashlib.sha256(source.read_bytes()).hexdigest(),
        target=source.parent / f".regrain-test-{item}-1.tmp",
        edit=EditSettings(),
        output=OutputSettings(),
    )


def hear(host: RenderHost, until: type | tuple[type, ...]) -> Heard:
    """Return what is said up to the first message of the kind."""
    heard: Heard = []
    for _ in range(600):
        message = host.receive(0.1)
        if message is not None:
            heard.append(message)
            if isinstance(message, until):
                return heard
    raise AssertionError(f"never came; heard {heard}")


def preview(source: Path, request: int = 1) -> MakePreview:
    return MakePreview(request=request, model="fake", source=source, edit=EditSettings())
