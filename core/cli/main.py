"""The `regrain` command: arguments first; each command loads what it needs when it runs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from core.cli import batches, library, models, presets, service, watch
from core.cli.console import Console
from core.cli.demo import demo
from core.cli.devices import devices
from core.cli.exits import ExitCode, exit_code_of
from core.cli.grouped import SectionedCommand
from core.cli.run import run
from core.errors import CoreError

# Without rich's help pages, which take longer to load than all the rest of `regrain --help`.
app = typer.Typer(
    name="regrain",
    rich_markup_mode=None,
    add_completion=False,
    help="Cleans noise from photographs, or repaints them, a folder at a time.",
    epilog="Start with: regrain run FOLDER",
)
app.command(cls=SectionedCommand)(run)
app.command()(demo)
app.add_typer(watch.app, name="watch")
app.add_typer(service.app, name="service")
app.add_typer(batches.app, name="batches")
app.add_typer(library.app, name="library")
app.add_typer(models.app, name="models")
app.command()(devices)
app.add_typer(presets.app, name="presets")


def _show_version(asked: bool) -> None:
    if asked:
        from core.cli.bugs import version

        Console().result(f"regrain {version()}")
        raise typer.Exit


@app.callback()
def _all_commands(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Say which.")
    ] = False,
) -> None:
    """Hold the options that stand before any command."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    console = Console(verbose="--verbose" in words or "-v" in words)
    try:
        code = app(words or ["--help"], prog_name="regrain", standalone_mode=False)
        return int(code or ExitCode.OK)
    except typer.TyperException as error:
        return _explain_usage(error, console)
    except CoreError as error:
        return _explain(error, console, words)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except Exception as error:
        from core.cli.bugs import report_bug

        report_bug(error, console)
        return ExitCode.BUG


def _explain_usage(error: typer.TyperException, console: Console) -> int:
    """Say what is wrong with the arguments in one line, and where they are explained."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "regrain"
    console.problem(error.format_message(), hint=f"See: {command} --help")
    return ExitCode.USAGE


def _explain(error: CoreError, console: Console, words: list[str]) -> int:
    """Say a known error; a wrong value at least gets to know where values are explained."""
    if console.verbose:
        import traceback

        traceback.print_exception(error)
    code = exit_code_of(error)
    hint = f"See: regrain {words[0]} --help" if code is ExitCode.USAGE else ""
    console.problem(error.message, error.hint or hint)
    return code
