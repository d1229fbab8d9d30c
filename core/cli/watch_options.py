"""The options of `regrain watch`, by section; values are checked later, where they enter a rule."""

# No `annotations` from the future here: typer reads these types as they are.
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from typer import Argument, Option

from core.cli.options import RecipeOptions

Text = str | None


@dataclass(frozen=True)
class WatchInputs:
    """What is watched and where results go."""

    section: ClassVar[str] = "Folder"

    folder: Annotated[Path, Argument(metavar="FOLDER", help="The folder to watch.")]
    output: Annotated[
        Path | None,
        Option("-o", "--output", metavar="OUT", help="Folder for the results [NAME-regrain]."),
    ] = None
    recursive: Annotated[
        bool,
        Option("--recursive", "-r", help="Subfolders too; they are mirrored in the output folder."),
    ] = False
    flatten: Annotated[
        bool, Option("--flatten", help="Subfolders too; all results lie in the output folder.")
    ] = False
    pattern: Annotated[
        list[str] | None,
        Option(
            metavar="GLOB", help="Only such names, IMG_*.jpg; !GLOB keeps them out. Repeatable."
        ),
    ] = None
    existing: Annotated[
        Text,
        Option(metavar="new-only|all", help="What is there already: left alone, or edited too."),
    ] = None
    folder_recipes: Annotated[
        bool, Option("--folder-recipes", help="recipe.toml in a folder counts for what lies in it.")
    ] = False


@dataclass(frozen=True)
class WatchTiming:
    """When a photograph counts as whole."""

    section: ClassVar[str] = "Watching"

    settle: Annotated[
        float,
        Option(min=0.0, max=3600.0, metavar="SECONDS", help="Quiet before a file is taken."),
    ] = 5.0
    use_polling: Annotated[
        bool, Option("--use-polling", help="Look every 10 s instead of waiting for file events.")
    ] = False
    on_done: Annotated[
        Text,
        Option(
            metavar="COMMAND",
            help="Run each time all that came is done, with REGRAIN_DONE, REGRAIN_FAILED ...",
        ),
    ] = None


@dataclass(frozen=True)
class WatchReporting:
    """How it is reported."""

    section: ClassVar[str] = "This command"

    again: Annotated[
        bool, Option("--again", help="Edit anew what was taken before, with this recipe.")
    ] = False
    json: Annotated[bool, Option("--json", help="One JSON object a line on stdout.")] = False
    quiet: Annotated[bool, Option("--quiet", "-q", help="Only errors.")] = False
    verbose: Annotated[bool, Option("--verbose", "-v", help="Details and tracebacks.")] = False
    library: Annotated[
        Path | None, Option(metavar="FILE", help="Another library than the user's own.")
    ] = None
    project: Annotated[str, Option(metavar="NAME", help="The project to file it under.")] = ""


@dataclass(frozen=True)
class WatchOptions:
    """All options of `watch start` and `watch add`."""

    inputs: WatchInputs
    timing: WatchTiming
    recipe: RecipeOptions
    reporting: WatchReporting
