"""What `regrain demo` does: samples, three batches by the usual path, one sheet."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from core.cli.console import Console
from core.cli.drive import Drive
from core.cli.exits import ExitCode
from core.demo.landscape import HEIGHT, WIDTH
from core.demo.samples import SAMPLES, Sample, write_samples
from core.demo.sheet import Cell, Column, Row, draw_sheet, save_sheet
from core.errors import CoreError
from core.events import Event, ItemDone
from core.images.codec import Codec
from core.library.intake import job_request
from core.library.records import Origin
from core.plan import PictureSize, plan, readable_seconds
from core.presets import find_preset, load_presets
from core.recipe import Recipe
from core.runner import EngineChoice
from core.scan import scan
from core.services import RenderProgram, Services, open_services
from core.speed import measured_speed

PRESETS = ("clean", "paint", "loose-paint")
SHEET = "contact-sheet.png"
BUDGET_SECONDS = 170.0
"""The demo promises three minutes; on a slow computer it leaves the large photograph out."""

_SHARE_OF_LARGE = 0.4
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
    samples = write_samples(home / "photographs", console.say)
    with open_services(library, program) as services:
        demo = Demo(services, home, console)
        with demo.drive:
            for name in PRESETS:
                preset = find_preset(name, load_presets())
                code = demo.edit(preset, demo.affordable(preset, samples, ends - clock()))
                if code not in (ExitCode.OK, ExitCode.SOME_FAILED):
                    return code
    _draw(home / SHEET, samples, demo)
    console.result(home / SHEET)
    return code


class Demo:
    """Edits the samples with one preset after the other; the render process stays.

    `results` holds what came out, a preset each, in order; `too_slow` the presets' ids that the
    large sample was kept from.
    """

    def __init__(self, services: Services, home: Path, console: Console) -> None:
        self._services = services
        self._home = home
        self._console = console
        self.drive = Drive(
            services,
            console,
            EngineChoice(services.preferences.device),
            also=self._collect,
            show_folders=False,
        )
        self.results: list[tuple[Recipe, Results]] = []
        self.too_slow: set[str] = set()

    def affordable(
        self, preset: Recipe, samples: tuple[Path, ...], seconds: float
    ) -> tuple[Path, ...]:
        """Return the samples, without the large one if it would take too much of `seconds`.

        The first preset always gets it: what Clean does to a camera's photograph is the point.
        """
        if not self.results or (self._home / preset.id / samples[0].name).exists():
            return samples
        expected = self._seconds_of_large(preset)
        if expected is None or expected <= seconds * _SHARE_OF_LARGE:
            return samples
        self.too_slow.add(preset.id)
        self._console.say(
            f"{preset.name} leaves {samples[0].name} out: here it would take "
            f"{readable_seconds(expected)}."
        )
        return samples[1:]

    def _seconds_of_large(self, preset: Recipe) -> float | None:
        """Return what the large sample will take, from what was rendered before; None at first."""
        name = preset.edit.model
        model = self._services.registry.get(name)
        with Codec() as codec:
            speed = measured_speed(self._services, model, name, codec)
        if speed is None:
            return None
        return plan(preset.edit, model, PictureSize(WIDTH, HEIGHT), speed).seconds

    def edit(self, preset: Recipe, samples: tuple[Path, ...]) -> ExitCode:
        """Run one preset over the samples; the results lie in a folder of the preset's name."""
        output = preset.output.model_copy(update={"folder": self._home / preset.id})
        recipe = preset.model_copy(update={"output": output})
        request = job_request(
            scan(samples),
            recipe,
            self._services.registry.get(recipe.edit.model),
            self._services.catalog,
            inputs=samples,
            project=_PROJECT,
            name=f"Demo: {preset.name}",
            origin=Origin.DEMO,
        )
        self._console.say(f"{preset.name}: {preset.sentence}")
        self.results.append((preset, {}))
        return self.drive.request(request)

    def _collect(self, event: Event) -> None:
        if isinstance(event, ItemDone):
            self.results[-1][1][event.source] = event


def _draw(path: Path, samples: tuple[Path, ...], demo: Demo) -> None:
    columns = [Column("Before", "As the camera wrote it.")]
    columns += [Column(preset.name, preset.sentence) for preset, _ in demo.results]
    rows = [_row(sample, file, demo) for sample, file in zip(SAMPLES, samples, strict=True)]
    try:
        save_sheet(draw_sheet(rows, columns), path)
    except OSError as error:
        raise CoreError(
            f"The contact sheet cannot be written: {error}.", hint="Give another folder."
        ) from error


def _row(sample: Sample, file: Path, demo: Demo) -> Row:
    added = f"Noise of {sample.noise:g} of 255 added" if sample.noise else "Clean as it is"
    cells = [_cell(found.get(file), preset.id in demo.too_slow) for preset, found in demo.results]
    return Row(sample.title, added, sample.focus, (Cell(file, ""), *cells))


def _cell(done: ItemDone | None, too_slow: bool) -> Cell:
    if done is None:
        return Cell(None, "Left out: slow on this computer." if too_slow else "No result.")
    seconds = f"{done.seconds:.1f} s" if done.seconds else ""
    parts = [done.note or ("unchanged" if done.unchanged else ""), seconds]
    return Cell(done.output, ", ".join(part for part in parts if part))
