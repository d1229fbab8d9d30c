"""Lines stay lines whatever a file is called, and results never mix with progress."""

from __future__ import annotations

import json

import pytest

from core.cli.console import Console, printable

WICKED = "a\nb\r\x1b[31m\x07<b>[red]x[/red]</b>\udcff\u202egpj.\x85é　"


def test_a_name_can_neither_break_a_line_nor_move_the_cursor() -> None:
    shown = printable(WICKED)
    assert shown.splitlines() == [shown]
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "<b>[red]x[/red]</b>" in shown
    assert "é" in shown
    shown.encode("utf-8")


def test_results_go_to_stdout_and_all_else_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console()
    console.result("result")
    console.say("progress")
    console.problem("trouble", "hint")
    out, err = capsys.readouterr()
    assert out == "result\n"
    assert err == "progress\ntrouble\n  hint\n"


def test_json_lines_are_whole_objects_and_alone_on_stdout(
    capsys: pytest.CaptureFixture[str],
) -> None:
    console = Console(json_lines=True)
    console.result("not for programs")
    console.json({"source": WICKED})
    out, _ = capsys.readouterr()
    assert len(out.splitlines()) == 1
    assert json.loads(out) == {"source": WICKED}


def test_quiet_leaves_errors_and_results(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(quiet=True)
    console.say("progress")
    console.result("result")
    console.problem("trouble")
    assert capsys.readouterr() == ("result\n", "trouble\n")
