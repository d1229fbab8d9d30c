"""What `regrain run` does: look, plan, store, render or follow, sum up."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from core.cli.ahead import EarlyStart, nothing_taken
from core.cli.console import Console
from core.cli.drive import Drive
from core.cli.exits import ExitCode
from core.cli.names import known_names
from core.cli.options import DetailOptions, Inputs, RecipeOptions, RunOptions
from core.cli.reading import reading
from core.cli.recipes import Wanted, read_options
from core.cli.report import Reporter
from core.cli.summary import found_sentence
from core.events import ItemFailed, ItemLeftOut, Totals
from core.library.ids import ItemId, JobId
from core.library.intake import job_request
from core.library.records import JobRequest, Origin
from core.models.spec import ModelSpec
from core.outputs.names import Owners
from core.plan import check
from core.runner import EngineChoice
from core.scan import ScanResult, nothing_found, scan
from core.services import Services, open_services


def run_command(inputs: Inputs, asked: RecipeOptions, options: RunOptions) -> ExitCode:
    """Edit photographs as the options say; return the exit code.

    Raises:
        CoreError: wrong settings, or a library that cannot be used.
    """
    console = Console(quiet=options.quiet, verbose=options.verbose, json_lines=options.json)
    wanted = read_options(asked, known_names(console), folder=inputs.output)
    with open_services(options.library) as services:
        model = services.registry.get(wanted.recipe.edit.model, progress=reading(console))
        check_all(wanted, model)
        found = _look(inputs)
        if not found.photographs:
            return _say_nothing_found(found, inputs, console)
        plan = partial(_request, services, wanted, model, inputs, options)
        if options.dry_run:
            return _dry_run(services, _told(plan(found), console), console)
        choice = _choice(services, wanted, asked.detail)
        with EarlyStart(services) as early:
            early.consider(found, partial(plan, taken=nothing_taken))
            request = _told(plan(found), console)
            with Drive(services, console, choice, on_done=options.on_done, early=early) as drive:
                return drive.request(request)


def _told(request: JobRequest, console: Console) -> JobRequest:
    console.say(found_sentence(request))
    return request


def _dry_run(services: Services, request: JobRequest, console: Console) -> ExitCode:
    # Reading sizes loads what a run that finds all done has no use for.
    from core.cli.dry_run import show_dry_run

    return show_dry_run(services, request, console)


def check_all(wanted: Wanted, model: ModelSpec) -> None:
    """Refuse what the model cannot use, for every strength.

    Raises:
        SettingsError: says which setting would do nothing.
    """
    for strength in wanted.strengths or (wanted.recipe.edit.strength,):
        check(wanted.recipe.edit.model_copy(update={"strength": strength}), model)


def _look(inputs: Inputs) -> ScanResult:
    exclude = [inputs.output.expanduser()] if inputs.output else []
    return scan(inputs.inputs, recursive=inputs.recursive, exclude=exclude)


def _request(
    services: Services,
    wanted: Wanted,
    model: ModelSpec,
    inputs: Inputs,
    options: RunOptions,
    found: ScanResult,
    taken: Owners | None = None,
) -> JobRequest:
    return job_request(
        found,
        wanted.recipe,
        model,
        services.catalog,
        inputs=inputs.inputs,
        strengths=wanted.strengths,
        project=options.project,
        name=_batch_name(inputs.inputs, wanted),
        origin=Origin.COMMAND_LINE,
        again=options.again,
        pictures=services.paths.pictures,
        personal=services.personal,
        taken=taken,
    )


def _batch_name(inputs: list[Path], wanted: Wanted) -> str:
    """Return `Clean: trip`, as a list of batches shows it."""
    first = inputs[0].expanduser().absolute().name or str(inputs[0])
    others = f" and {len(inputs) - 1} more" if len(inputs) > 1 else ""
    return f"{wanted.recipe.name or wanted.recipe.id or 'Recipe'}: {first}{others}"


def _choice(services: Services, wanted: Wanted, detail: DetailOptions) -> EngineChoice:
    device = detail.device or services.preferences.device
    return EngineChoice(device, wanted.recipe.edit.dtype.value, detail.batch_size)


def _say_nothing_found(found: ScanResult, inputs: Inputs, console: Console) -> ExitCode:
    """Say what was seen instead; what could not be read counts as failed."""
    reporter = Reporter(console)
    job, item = JobId(0), ItemId(0)
    for trouble in found.left_out:
        reporter(ItemLeftOut(job, item, trouble.path, trouble.reason, trouble.message))
    for trouble in found.problems:
        reporter(ItemFailed(job, item, trouble.path, trouble.reason, trouble.message, trouble.hint))
    console.problem(nothing_found(found, inputs.inputs))
    failed, left_out = len(found.problems), len(found.left_out)
    totals = Totals(failed + left_out, left_out=left_out, failed=failed, ignored=found.ignored)
    reporter.summary(totals)
    return ExitCode.SOME_FAILED if failed else ExitCode.USAGE
