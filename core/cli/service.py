"""`regrain service`: watching without a window or a terminal."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True,
    help="Watch folders without a window or terminal.",
)
Library = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Another library than the user's own.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line on stdout.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Only errors.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Details and tracebacks.")]
Device = Annotated[
    str | None,
    typer.Option(
        metavar="NAME[,NAME...]", help="auto, cpu, cuda:0, or several: see regrain devices."
    ),
]


@app.command("install")
def install(
    show: Annotated[
        bool, typer.Option("--show", help="Only show the file that would be written.")
    ] = False,
    library: Library = None,
) -> int:
    """Start the service, now and with each session.

    Linux: a systemd user unit. macOS and Windows: the file is written, and the command that
    enables it is said.
    """
    from core.cli.console import Console
    from core.cli.service_setup import install_service

    return install_service(Console(), library, show=show)


@app.command("remove")
def remove() -> int:
    """End the service; rules and results stay."""
    from core.cli.console import Console
    from core.cli.service_setup import remove_service

    return remove_service(Console())


@app.command("status")
def status(library: Library = None, json: Json = False) -> int:
    """Say who watches, and how it stands."""
    from core.cli.console import Console
    from core.cli.service_status import show_status

    return show_status(Console(json_lines=json), library)


@app.command("run")
def run(
    device: Device = None,
    library: Library = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Be the service, until a signal ends it.

    All watched folders are watched, and whatever waits in the library is rendered.
    """
    from core.cli.console import Console
    from core.cli.service_status import run_service

    console = Console(quiet=quiet, verbose=verbose, json_lines=json)
    return run_service(console, library, device)
