"""`regrain run`: edit photographs."""

from core.cli.grouped import takes
from core.cli.options import (
    DetailOptions,
    EditOptions,
    Inputs,
    OutputOptions,
    PromptOptions,
    RecipeOptions,
    RunOptions,
)


@takes(Inputs, EditOptions, DetailOptions, PromptOptions, OutputOptions, RunOptions)
def run(
    inputs: Inputs,
    edit: EditOptions,
    detail: DetailOptions,
    prompt: PromptOptions,
    output: OutputOptions,
    options: RunOptions,
) -> int:
    """Clean or repaint photographs and folders.

    Originals stay as they are; results go to a folder beside them, or to OUT. The same command
    again goes on with what is not done. Exit codes: 0 nothing failed, 1 some failed, 2 wrong
    arguments, 4 stopped, 5 library damaged, 70 a bug, 130 interrupted.
    """
    from core.cli.batch import run_command

    return run_command(inputs, RecipeOptions(edit, detail, prompt, output), options)
