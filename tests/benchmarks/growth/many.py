"""A hundred thousand files and rows: found, planned, stored, stored again, claimed, counted."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from core.library.intake import job_request
from core.presets import DEFAULT_PRESET, find_preset, load_presets
from core.scan import scan
from core.services import Services, open_services

T = TypeVar("T")

FILES_A_FOLDER = 1000


def print_many(home: Path, count: int) -> None:
    """Time each part of storing `count` photographs; the files are empty ones."""
    folder = _make_empty_files(home / "trip", count)
    with open_services(home / "library.db") as services:
        _print_steps(services, folder, home / "out", count)


def _print_steps(services: Services, folder: Path, out: Path, count: int) -> None:
    preset = find_preset(DEFAULT_PRESET, load_presets())
    recipe = preset.model_copy(update={"output": preset.output.model_copy(update={"folder": out})})
    model = services.registry.get(recipe.edit.model)
    found = _timed(f"{count} files found and looked at", lambda: scan([folder]))
    assert len(found.photographs) == count

    request = _timed(
        "  names planned, settings read",
        lambda: job_request(found, recipe, model, services.catalog, inputs=[folder]),
    )
    job = _timed("  stored as a batch", lambda: services.queue.enqueue(request)).job
    again = _timed("  taken up again", lambda: services.queue.enqueue(request))
    assert again.resumed
    _timed("  8 of them claimed", lambda: services.queue.claim("benchmark", 8, job))
    _timed("  counted by status", lambda: services.queue.totals(job))
    project = services.projects.ensure("Everything")
    _timed("  added to a project", lambda: services.photos.add(project.id, found.photographs))


def _timed(what: str, act: Callable[[], T]) -> T:
    begun, used = time.perf_counter(), time.process_time()
    value = act()
    wall, processor = time.perf_counter() - begun, time.process_time() - used
    print(f"{what:36} {wall:8.3f} s wall {processor:8.3f} s processor", flush=True)
    return value


def _make_empty_files(folder: Path, count: int) -> Path:
    for number in range(count):
        inner = folder / f"{number // FILES_A_FOLDER:03}"
        if number % FILES_A_FOLDER == 0:
            inner.mkdir(parents=True)
        (inner / f"IMG_{number:06}.jpg").touch()
    return folder
