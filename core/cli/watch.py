"""`regrain watch`: photographs that appear in a folder are edited."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from core.cli.grouped import SectionedCommand, takes
from core.cli.options import (
    DetailOptions,
    EditOptions,
    OutputOptions,
    PromptOptions,
    RecipeOptions,
)
from core.cli.watch_options import WatchInputs, WatchOptions, WatchReporting, WatchTiming


class _FolderFirst(TyperGroup):
    """A group in which anything but a command's name is `start`'s: `regrain watch FOLDER`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the word in that may be left out."""
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h"):
            args = ["start", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_FolderFirst,
    no_args_is_help=True,
    subcommand_metavar="FOLDER | COMMAND ...",
    help="Edit photographs as they appear in a folder.",
    epilog="For example: regrain watch FOLDER -o OUT. All options: regrain watch start --help",
)
Number = Annotated[int, typer.Argument(metavar="NUMBER", help="The rule's number, see list.")]
Library = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Another library than the user's own.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


@app.command("start", cls=SectionedCommand)
@takes(
    *(WatchInputs, WatchTiming, EditOptions, DetailOptions),
    *(PromptOptions, OutputOptions, WatchReporting),
)
def start(
    inputs: WatchInputs,
    timing: WatchTiming,
    edit: EditOptions,
    detail: DetailOptions,
    prompt: PromptOptions,
    output: OutputOptions,
    reporting: WatchReporting,
) -> int:
    """Watch a folder until Ctrl-C; the word start may be left out.

    A photograph is taken once it is whole: so many seconds without a change. Saved again over
    itself, its result is replaced. The same command again goes on where it ended, with what came
    meanwhile.
    """
    from core.cli.watch_here import watch_here

    asked = RecipeOptions(edit, detail, prompt, output)
    return watch_here(WatchOptions(inputs, timing, asked, reporting))


@app.command("add", cls=SectionedCommand)
@takes(
    *(WatchInputs, WatchTiming, EditOptions, DetailOptions),
    *(PromptOptions, OutputOptions, WatchReporting),
)
def add(
    inputs: WatchInputs,
    timing: WatchTiming,
    edit: EditOptions,
    detail: DetailOptions,
    prompt: PromptOptions,
    output: OutputOptions,
    reporting: WatchReporting,
) -> int:
    """Let the service, or the open window, watch a folder from now on.

    The same folder and output folder again: the rule is changed, for new photographs.
    """
    from core.cli.watch_rules import add_rule

    asked = RecipeOptions(edit, detail, prompt, output)
    return add_rule(WatchOptions(inputs, timing, asked, reporting))


@app.command("list")
def list_rules(library: Library = None, json: Json = False) -> None:
    """List the watched folders and how it stands with each."""
    from core.cli.console import Console
    from core.cli.watch_rules import list_rules

    list_rules(Console(json_lines=json), library)


@app.command("pause")
def pause(rule: Number, library: Library = None) -> None:
    """Take nothing from a folder until resume."""
    from core.cli.console import Console
    from core.cli.watch_rules import pause_rule

    pause_rule(rule, Console(), library)


@app.command("resume")
def resume(rule: Number, library: Library = None) -> None:
    """Go on with a paused folder, with what came meanwhile first."""
    from core.cli.console import Console
    from core.cli.watch_rules import resume_rule

    resume_rule(rule, Console(), library)


@app.command("remove")
def remove(rule: Number, library: Library = None) -> None:
    """Watch a folder no more; photographs and results stay."""
    from core.cli.console import Console
    from core.cli.watch_rules import remove_rule

    remove_rule(rule, Console(), library)
