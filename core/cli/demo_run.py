"""What `regrain demo` does: samples, three batches by the usual path, one sheet."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from core.cli.console import Console
from core.cli.drive import Drive
from core.cli.exits import ExitCode
from core.demo.samples import SAMPLES, Sample, write_samples
from core.demo.sheet import Cell, Column, Row, draw_sheet, save_sheet
from core.errors import CoreError
from core.events import Event, ItemDone
from core.library.intake import job_request
from core.library.records import Origin
from core.plan import step_counts
from core.presets import find_preset, load_presets
from core.recipe import Recipe
from core.runner import EngineChoice
from core.scan import scan
from core.services import RenderProgram, Services, open_services

PRESETS = ("clean", "paint", "loose-paint")
SHEET = "contact-sheet.png"
BUDGET_SECONDS = 170.0
"""The demo promises three minutes; on a slow computer it leaves the large photograph out."""

_PROJECT = "Demo"

Results = dict[Path, ItemDone]
"""What became of each sample under one preset."""


def run_demo(
    folder: Path,
    library: Path | None,
    console: Console,
    program: RenderProgram | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> ExitCode:
    """Make samples, results and the contact sheet in `folder`; its path is the last line.

    Raises:
        CoreError: the folder cannot be written, or the library cannot be used.
    """
    ends = clock() + BUDGET_SECONDS
    home = folder.expanduser().absolute()
    presets = [find_preset(name, load_presets()) for name in PRESETS]
    samples = write_samples(home / "photographs", console.say)
    results: list[Results] = []
    code = ExitCode.OK
    with open_services(library, program) as services:
        for preset in presets:
            chosen = _affordable(services, preset, samples, results, ends - clock())
            if len(chosen) < len(samples):
                console.say(f"{preset.name} leaves the large photograph out: too slow here.")
            found, code = _edit(services, preset, home, chosen, console)
            results.append(found)
            if code not in (ExitCode.OK, ExitCode.SOME_FAILED):
                return code
    _draw(home / SHEET, samples, presets, results)
    console.result(home / SHEET)
    return code


def _affordable(
    services: Services,
    preset: Recipe,
    samples: tuple[Path, ...],
    results: list[Results],
    seconds: float,
) -> tuple[Path, ...]:
    """Return the samples, without the large one if it would take more than half of `seconds`.

    What it took under the first preset tells what it will take under the others.
    """
    large = samples[0]
    if not results or large not in results[0]:
        return samples
    model = services.registry.get(preset.edit.model)
    first = find_preset(PRESETS[0], load_presets())
    ratio = step_counts(preset.edit, model)[1] / step_counts(first.edit, model)[1]
    expected = results[0][large].seconds * ratio
    return samples if expected <= seconds / 2 else samples[1:]


def _edit(
    services: Services, preset: Recipe, home: Path, samples: tuple[Path, ...], console: Console
) -> tuple[Results, ExitCode]:
    """Run one preset over the samples; the results lie in a folder of the preset's name."""
    output = preset.output.model_copy(update={"folder": home / preset.id})
    recipe = preset.model_copy(update={"output": output})
    request = job_request(
        scan([home / "photographs"]),
        recipe,
        services.registry.get(recipe.edit.model),
        services.catalog,
        inputs=samples,
        project=_PROJECT,
        name=f"Demo: {preset.name}",
        origin=Origin.DEMO,
    )
    # Whatever else a user put into that folder is no sample.
    chosen = tuple(item for item in request.items if item.source in samples)
    results: Results = {}

    def collect(event: Event) -> None:
        if isinstance(event, ItemDone):
            results[event.source] = event

    console.say(f"{preset.name}: {preset.sentence}")
    choice = EngineChoice(services.preferences.device)
    drive = Drive(services, console, choice, also=collect, show_folders=False)
    return results, drive.request(replace(request, items=chosen, settled=(), ignored=0))


def _draw(
    path: Path, samples: tuple[Path, ...], presets: list[Recipe], results: list[Results]
) -> None:
    columns = [Column("Before", "As the camera wrote it.")]
    columns += [Column(preset.name, preset.sentence) for preset in presets]
    rows = [_row(sample, file, results) for sample, file in zip(SAMPLES, samples, strict=True)]
    try:
        save_sheet(draw_sheet(rows, columns), path)
    except OSError as error:
        raise CoreError(
            f"The contact sheet cannot be written: {error}.", hint="Give another folder."
        ) from error


def _row(sample: Sample, file: Path, results: list[Results]) -> Row:
    added = f"Noise of {sample.noise:g} of 255 added" if sample.noise else "Clean as it is"
    cells = (Cell(file, ""), *(_cell(found.get(file)) for found in results))
    return Row(sample.title, added, sample.focus, cells)


def _cell(done: ItemDone | None) -> Cell:
    if done is None:
        return Cell(None, "No result.")
    seconds = f"{done.seconds:.1f} s" if done.seconds else ""
    parts = [done.note, "unchanged" if done.unchanged else "", seconds]
    return Cell(done.output, ", ".join(part for part in parts if part))
