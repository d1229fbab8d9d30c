"""What `regrain demo` does: samples, three batches by the usual path, one sheet."""

from __future__ import annotations

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
from core.presets import find_preset, load_presets
from core.recipe import Recipe
from core.runner import EngineChoice
from core.scan import scan
from core.services import RenderProgram, Services, open_services

PRESETS = ("clean", "paint", "loose-paint")
SHEET = "contact-sheet.png"
_PROJECT = "Demo"

Results = dict[Path, ItemDone]
"""What became of each sample under one preset."""


def run_demo(
    folder: Path,
    library: Path | None,
    console: Console,
    program: RenderProgram | None = None,
) -> ExitCode:
    """Make samples, results and the contact sheet in `folder`; its path is the last line.

    Raises:
        CoreError: the folder cannot be written, or the library cannot be used.
    """
    home = folder.expanduser().absolute()
    presets = [find_preset(name, load_presets()) for name in PRESETS]
    samples = write_samples(home / "photographs", console.say)
    results: list[Results] = []
    code = ExitCode.OK
    with open_services(library, program) as services:
        for preset in presets:
            found, code = _edit(services, preset, home, samples, console)
            results.append(found)
            if code not in (ExitCode.OK, ExitCode.SOME_FAILED):
                return code
    _draw(home / SHEET, samples, presets, results)
    console.result(home / SHEET)
    return code


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
        inputs=[home / "photographs"],
        project=_PROJECT,
        name=f"Demo: {preset.name}",
        origin=Origin.DEMO,
    )
    chosen = tuple(item for item in request.items if item.source in samples)
    results: Results = {}

    def collect(event: Event) -> None:
        if isinstance(event, ItemDone):
            results[event.source] = event

    console.say(f"{preset.name}: {preset.sentence}")
    choice = EngineChoice(services.preferences.device)
    drive = Drive(services, console, choice, also=collect, show_folders=False)
    return results, drive.request(replace(request, items=chosen))


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
        return Cell(None, "no result: see above")
    seconds = f"{done.seconds:.1f} s" if done.seconds else ""
    parts = [done.note, "unchanged" if done.unchanged else "", seconds]
    return Cell(done.output, ", ".join(part for part in parts if part))
