"""`regrain devices`: what this computer can render with, and why not with what it has."""

from typing import Annotated

from typer import Option

Json = Annotated[bool, Option("--json", help="One JSON object a line.")]


def devices(json: Json = False) -> int:
    """List what this computer can render with.

    Graphics cards and the processor: memory, number format, and why one cannot be used.
    """
    from core.cli.console import Console
    from core.cli.device_table import show_devices

    return show_devices(Console(json_lines=json))
