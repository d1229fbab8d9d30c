"""`regrain models`: which models there are, and what each can do."""

from typing import Annotated

import typer

app = typer.Typer(help="The models: list, show.")
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


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
def show_model(
    model: Annotated[str, typer.Argument(metavar="ID", help="The model's id.")], json: Json = False
) -> None:
    """Show what a model takes, its defaults and its licence."""
    from core.cli.console import Console
    from core.cli.tables import describe_model

    describe_model(model, Console(json_lines=json))
