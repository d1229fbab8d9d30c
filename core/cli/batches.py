"""`regrain batches`: what was asked for, how far it is, and going on with it."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="The batches: list, show, resume, retry, cancel.")
Number = Annotated[int, typer.Argument(metavar="NUMBER", help="The batch's number.")]
Numbers = Annotated[
    list[int] | None,
    typer.Argument(metavar="[NUMBER...]", help="Batches; none means all that are unfinished."),
]
Library = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Another library than the user's own.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Only errors.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Details and tracebacks.")]
Device = Annotated[str | None, typer.Option(metavar="NAME", help="For a batch that has not begun.")]


@app.callback(invoke_without_command=True)
def _default(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_batches()


@app.command("list")
def list_batches(
    everything: Annotated[bool, typer.Option("--all", help="Also the finished ones.")] = False,
    library: Library = None,
    json: Json = False,
) -> None:
    """List the unfinished batches, newest first."""
    from core.cli.batch_list import list_batches
    from core.cli.console import Console

    list_batches(Console(json_lines=json), library, everything=everything)


@app.command("show")
def show_batch(batch: Number, library: Library = None, json: Json = False) -> None:
    """Show a batch and what has no result."""
    from core.cli.batch_list import show_batch
    from core.cli.console import Console

    show_batch(batch, Console(json_lines=json), library)


@app.command("resume")
def resume_batches(
    batches: Numbers = None,
    device: Device = None,
    library: Library = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Go on with unfinished batches."""
    from core.cli.batch_steps import resume_batches
    from core.cli.console import Console

    console = Console(quiet=quiet, verbose=verbose, json_lines=json)
    return resume_batches(batches or [], device, library, console)


@app.command("retry")
def retry_batch(
    batch: Number,
    device: Device = None,
    library: Library = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Try failed photographs again.

    Those that stopped the worker three times as well.
    """
    from core.cli.batch_steps import retry_batch
    from core.cli.console import Console

    console = Console(quiet=quiet, verbose=verbose, json_lines=json)
    return retry_batch(batch, device, library, console)


@app.command("cancel")
def cancel_batch(batch: Number, library: Library = None) -> None:
    """Cancel a batch; its results stay."""
    from core.cli.batch_steps import cancel_batch
    from core.cli.console import Console

    cancel_batch(batch, library, Console())
