"""`regrain demo`: sample photographs through three presets, and a sheet to look at."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option


def demo(
    folder: Annotated[
        Path, Argument(metavar="FOLDER", help="Where photographs and results go.")
    ] = Path("regrain-demo"),
    library: Annotated[
        Path | None, Option(metavar="FILE", help="Another library than the user's own.")
    ] = None,
    quiet: Annotated[bool, Option("--quiet", "-q", help="Only errors and the path.")] = False,
    verbose: Annotated[bool, Option("--verbose", "-v", help="Details and tracebacks.")] = False,
) -> int:
    """Edit sample photographs, to have a look.

    The presets Clean, Paint and Loose paint, side by side on one sheet. Nothing is downloaded.
    The last line is the path of the sheet.
    """
    from core.cli.console import Console
    from core.cli.demo_run import run_demo

    return run_demo(folder, library, Console(quiet=quiet, verbose=verbose))
