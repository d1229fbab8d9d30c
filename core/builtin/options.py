"""What the measuring commands share: their options, and how they end."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch
from rich.console import Console


def make_parser(
    command: str, about: str | None, *, folder_needed: bool = True
) -> argparse.ArgumentParser:
    """A parser with the folder of photographs, the model, a limit and the number of threads."""
    parser = argparse.ArgumentParser(prog=f"python -m core.builtin.{command}", description=about)
    count = None if folder_needed else "?"
    parser.add_argument("folder", type=Path, nargs=count, help="folder of clean photographs")
    parser.add_argument("--model", type=Path, help="model folder (default: the bundled one)")
    parser.add_argument("--limit", type=int, help="only the first photographs or cases")
    parser.add_argument("--threads", type=int, default=2, help="threads of PyTorch")
    return parser


def add_crop(parser: argparse.ArgumentParser, side: int | None = None) -> None:
    """Let only the middle of each photograph be used; `side` is what it is by default."""
    said = side or "all of it"
    about = f"side of each photograph's middle that is used (default: {said})"
    parser.add_argument("--crop", type=int, default=side, help=about)


def read_options(
    parser: argparse.ArgumentParser, arguments: Sequence[str] | None
) -> argparse.Namespace:
    """Parse, and give PyTorch the threads that were asked for."""
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    return options


def read_numbers(text: str) -> list[float]:
    """The numbers of a list such as `15,25,50`."""
    return [float(number) for number in text.split(",")]


def conclude(console: Console, missed: Sequence[str]) -> int:
    """Name every bar that was missed; returns the exit code, 1 if there is one."""
    for bar in missed:
        console.print(f"MISSED: {bar}", style="bold", highlight=False)
    if not missed:
        console.print("every bar is met")
    return int(bool(missed))
