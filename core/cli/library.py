"""`regrain library`: looking it over, backing it up, putting it back, building it anew."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="The library: check, back up, restore, rebuild.")
Library = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Another library than the user's own.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


@app.command("check")
def check(
    deep: Annotated[
        bool, typer.Option("--deep", help="Read every result and compare its hash.")
    ] = False,
    library: Library = None,
    json: Json = False,
) -> int:
    """Look the library over; nothing is changed.

    Exit code 0: all is well; 5: it is damaged.
    """
    from core.cli.console import Console
    from core.cli.library_steps import check_library

    return check_library(Console(json_lines=json), library, deep=deep)


@app.command("backup")
def backup(
    target: Annotated[
        Path | None,
        typer.Argument(metavar="[TARGET]", help="A file or folder; none means beside the library."),
    ] = None,
    library: Library = None,
    json: Json = False,
) -> int:
    """Copy the library, also while Regrain works.

    Regrain makes a backup a day by itself and keeps ten.
    """
    from core.cli.console import Console
    from core.cli.library_steps import back_up

    return back_up(Console(json_lines=json), library, target)


@app.command("restore")
def restore(
    backup: Annotated[
        Path | None,
        typer.Argument(metavar="[BACKUP]", help="A backup; none means the newest good one."),
    ] = None,
    show: Annotated[bool, typer.Option("--list", help="Only list the backups.")] = False,
    library: Library = None,
    json: Json = False,
) -> int:
    """Put a backup in the library's place.

    The file that is there is kept under another name. Results that were made after the backup
    are found again.
    """
    from core.cli.console import Console
    from core.cli.library_steps import list_backups, restore_library

    console = Console(json_lines=json)
    if show:
        return list_backups(console, library)
    return restore_library(console, library, backup)


@app.command("rebuild")
def rebuild(
    folders: Annotated[
        list[Path], typer.Argument(metavar="FOLDER...", help="Folders that hold results.")
    ],
    library: Library = None,
    json: Json = False,
) -> int:
    """Find results again by what is written in them.

    For a library that was lost: the same batches again then make nothing twice.
    """
    from core.cli.console import Console
    from core.cli.library_steps import rebuild_library

    return rebuild_library(Console(json_lines=json), library, folders)
