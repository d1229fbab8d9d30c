"""`regrain models`: which models there are, what each can do, and how more come to the list."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="The models: list, show, add, scan, check, remove, download.")
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Download without asking.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="The model's id.")]


@app.callback(invoke_without_command=True)
def _default(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_models()


@app.command("list")
def list_models(json: Json = False) -> None:
    """List the models that are known."""
    from core.cli.console import Console
    from core.cli.tables import describe_models

    describe_models(Console(json_lines=json))


@app.command("show")
def show_model(model: Id, json: Json = False) -> None:
    """Show what a model takes, its defaults and its licence."""
    from core.cli.console import Console
    from core.cli.tables import describe_model

    describe_model(model, Console(json_lines=json))


@app.command("add")
def add(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH...", help="A .safetensors file or a diffusers folder."),
    ],
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Add models, LoRAs, VAEs and ControlNets; their files stay where they are.

    Each is read once, to notice later when it was changed. What a single file lacks besides, its
    settings and tokenizers, is downloaded after a question.
    """
    from core.cli.console import Console
    from core.cli.model_steps import add_models

    return add_models(Console(json_lines=json), paths, yes=yes)


@app.command("scan")
def scan(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[DIR...]", help="None: the folders that were named before."),
    ] = None,
    json: Json = False,
) -> int:
    """List all models of folders, such as ComfyUI's, Forge's, InvokeAI's or the hub's cache."""
    from core.cli.console import Console
    from core.cli.model_steps import scan_folders

    return scan_folders(Console(json_lines=json), folders or [])


@app.command("check")
def check(
    models: Annotated[
        list[str] | None, typer.Argument(metavar="[ID...]", help="None: all of them.")
    ] = None,
    deep: Annotated[
        bool, typer.Option("--deep", help="Read every file, also where its time is as noted.")
    ] = False,
    json: Json = False,
) -> int:
    """Look whether models are whole and as they were added. Exit code 1: one is not."""
    from core.cli.console import Console
    from core.cli.model_steps import check_models

    return check_models(Console(json_lines=json), models or [], deep=deep)


@app.command("remove")
def remove(
    models: Annotated[list[str], typer.Argument(metavar="ID|DIR...", help="Or a scanned folder.")],
) -> int:
    """Take models off the list, or folders with what was never used of them; no file is deleted."""
    from core.cli.console import Console
    from core.cli.model_steps import remove_models

    return remove_models(Console(), models)


@app.command("download")
def download(
    name: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="None: list what there is.")
    ] = None,
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Download a model, or what a model lacks, after its size and licence were shown."""
    from core.cli.console import Console
    from core.cli.model_downloads import download_named, list_offers

    console = Console(json_lines=json)
    return list_offers(console) if name is None else download_named(console, name, yes=yes)
