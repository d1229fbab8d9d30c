"""`regrain presets`: which presets there are, what is in each, and a copy to change."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="The presets: list, show, export.")
Name = Annotated[str, typer.Argument(metavar="NAME", help="The preset's name or id, in any case.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


@app.callback(invoke_without_command=True)
def _default(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_presets()


@app.command("list")
def list_presets(json: Json = False) -> None:
    """List the presets and what each is for."""
    from core.cli.console import Console
    from core.cli.recipe_files import list_presets

    list_presets(Console(json_lines=json))


@app.command("show")
def show_preset(name: Name) -> None:
    """Show a preset's settings as TOML."""
    from core.cli.recipe_files import show_preset

    show_preset(name)


@app.command("export")
def export_preset(
    name: Name,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new .toml or .json file.")],
) -> None:
    """Write a preset into a file that `regrain run --recipe FILE` takes."""
    from core.cli.console import Console
    from core.cli.recipe_files import export_preset

    export_preset(name, file, Console())
