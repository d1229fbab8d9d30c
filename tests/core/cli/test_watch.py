"""`regrain watch` as a user gives it: photographs that come are edited, once, until Ctrl-C."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from core.cli.console import Console
from core.cli.main import main
from core.cli.options import (
    DetailOptions,
    EditOptions,
    OutputOptions,
    PromptOptions,
    RecipeOptions,
)
from core.cli.watch_options import WatchInputs, WatchOptions, WatchReporting, WatchTiming
from core.cli.watch_wish import store_rule
from core.library.ids import WatchRuleId
from core.library.watched import FileKind, Recursion
from core.runner import EngineChoice, StopSignal
from core.services import RenderProgram, open_services
from tests.core.cli.commands import Ran, finish, photograph
from tests.fakes import FAKE_RENDER_COMMAND, fake_environment

Regrain = Callable[..., Ran]
Start = Callable[..., subprocess.Popen[str]]
FAST = ("--settle", "0.2")


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


class Watching:
    """A command that watches; its JSON lines are read as they come."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[dict[str, Any]] = []

    def wait_for(self, event: str, **values: object) -> dict[str, Any]:
        """Read lines until one fits; blocks on the pipe."""
        assert self.process.stdout is not None
        for text in self.process.stdout:
            line: dict[str, Any] = json.loads(text)
            self.lines.append(line)
            if line["event"] == event and values.items() <= line.items():
                return line
        raise AssertionError(f"no {event} {values} in {self.lines}\n{self.process.stderr}")

    def end(self, number: signal.Signals = signal.SIGINT) -> Ran:
        self.process.send_signal(number)
        return finish(self.process)


@contextmanager
def watching(process: subprocess.Popen[str]) -> Iterator[Watching]:
    try:
        yield Watching(process)
    finally:
        if process.poll() is None:
            process.kill()
        if process.stdout is not None and not process.stdout.closed:
            process.communicate()


def test_photographs_that_come_are_edited_until_ctrl_c(
    start: Start, inbox: Path, tmp_path: Path
) -> None:
    photograph(inbox / "old.png", 1)
    with watching(start("watch", inbox, "-o", "out", *FAST, "--json")) as command:
        command.wait_for("watch_state", state="watching")
        photograph(inbox / "new.png", 2)
        done = command.wait_for("item_done")
        assert done["source"] == str(inbox / "new.png")
        assert done["output"] == str(tmp_path / "out" / "new.png")
        photograph(inbox / "new.png", 3)
        again = command.wait_for("item_done")
        ran = command.end()
    assert again["output"] == done["output"]
    assert ran.code == 0
    assert ran.summary["done"] == 2
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["new.png"]
    assert "only new ones" in ran.err


def test_the_same_command_goes_on_with_what_came_meanwhile(
    start: Start, inbox: Path, tmp_path: Path
) -> None:
    words = ("watch", inbox, "-o", "out", *FAST, "--json")
    with watching(start(*words)) as command:
        command.wait_for("watch_state", state="watching")
        command.end()
    photograph(inbox / "meanwhile.png", 2)
    with watching(start(*words)) as command:
        assert command.wait_for("item_done")["source"] == str(inbox / "meanwhile.png")
        assert command.end(signal.SIGTERM).code == 0


def test_what_is_there_already_is_asked_about_and_taken_on_request(
    start: Start, inbox: Path
) -> None:
    for number in range(3):
        photograph(inbox / f"{number}.png", number)
    words = ("watch", inbox, "-o", "out", *FAST, "--json", "--existing", "all")
    with watching(start(*words)) as command:
        for _ in range(3):
            command.wait_for("item_done")
        ran = command.end()
    assert ran.summary["done"] == 3
    assert "3 photographs are there already; they are edited too" in ran.err


@pytest.mark.parametrize(("answer", "left_alone"), [("all\n", 0), ("\n", 3), ("new-only\n", 3)])
def test_the_question_says_how_many_and_how_long(
    inbox: Path, tmp_path: Path, answer: str, left_alone: int
) -> None:
    """18,000 photographs, 31 hours: nobody should begin that by pressing Enter."""
    for number in range(3):
        photograph(inbox / f"{number}.png", number)
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return answer

    options = WatchOptions(
        WatchInputs(folder=inbox, output=tmp_path / "out"),
        WatchTiming(),
        RecipeOptions(EditOptions(), DetailOptions(), PromptOptions(), OutputOptions()),
        WatchReporting(),
    )
    with open_services() as services:
        rule, _ = store_rule(options, services, Console(quiet=True), attended=False, ask=ask)
        assert services.watch.counts(rule.id).get(FileKind.KNOWN, 0) == left_alone
    assert len(asked) == 1
    assert re.search(r"^3 photographs are in .*inbox already\. Only new .* all \(1 s\)", asked[0])


def test_a_hook_runs_when_all_that_came_is_done(start: Start, inbox: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "said"
    os.mkfifo(pipe)
    hook = 'echo "$REGRAIN_DONE of $REGRAIN_FOUND in $REGRAIN_OUTPUT" > said'
    with watching(
        start("watch", inbox, "-o", "out", *FAST, "--json", "--on-done", hook)
    ) as command:
        command.wait_for("watch_state", state="watching")
        photograph(inbox / "a.png", 1)
        assert pipe.read_text() == f"1 of 1 in {tmp_path / 'out'}\n"
        command.end()


def test_a_hook_that_takes_hours_holds_nothing_up(
    start: Start, inbox: Path, tmp_path: Path
) -> None:
    """A backup to a slow network after each photograph: the next is edited, the service ends."""
    for name in ("said", "gate"):
        os.mkfifo(tmp_path / name)
    hook = "echo begun > said; read word < gate"
    words = ("watch", inbox, "-o", "out", *FAST, "--json", "--on-done", hook)
    with watching(start(*words)) as command:
        command.wait_for("watch_state", state="watching")
        photograph(inbox / "a.png", 1)
        assert (tmp_path / "said").read_text() == "begun\n"
        photograph(inbox / "b.png", 2)
        command.wait_for("item_done", source=str(inbox / "b.png"))
        command.process.send_signal(signal.SIGTERM)
        command.process.wait(60)
        (tmp_path / "gate").write_text("go\n")
        ran = finish(command.process)
    assert ran.code == 0
    assert ran.summary["done"] == 2


def test_what_is_left_out_is_said_too(start: Start, inbox: Path) -> None:
    """It says what happened to every file, also to one that is no photograph by rule."""
    (inbox / "moving.gif").write_bytes(b"GIF89a")
    words = ("watch", inbox, "-o", "out", *FAST, "--json", "--existing", "all")
    with watching(start(*words)) as command:
        line = command.wait_for("item_left_out", source=str(inbox / "moving.gif"))
        assert line["reason"] == "animated"
        assert command.end().code == 0


def test_a_second_rule_for_the_same_folder_says_so(regrain: Regrain, inbox: Path) -> None:
    """Without -o, where one was given before: nobody wants each photograph edited twice unseen."""
    regrain("watch", "add", inbox, "-o", "out")
    assert "Number 1 watches" in regrain("watch", "add", inbox).err


def test_rules_are_added_listed_paused_and_removed(regrain: Regrain, inbox: Path) -> None:
    photograph(inbox / "old.png", 1)
    added = regrain("watch", "add", inbox, "-o", "out", "--preset", "Paint", "-r", "--json")
    assert added.code == 0, added.err
    assert "Nobody watches yet" in added.err
    (rule,) = added.lines
    assert (rule["folder"], rule["recursion"]) == (str(inbox), "mirror")
    assert rule["recipe"]["name"] == "Paint"
    listed = regrain("watch", "list")
    assert "Nobody watches" in listed.out
    assert "1 left alone" in listed.out
    assert regrain("watch", "pause", "1").code == 0
    assert "Paused" in regrain("watch", "list").out
    assert regrain("watch", "resume", "1").code == 0
    assert regrain("watch", "remove", "1").code == 0
    assert "No folder is watched" in regrain("watch", "list").err
    missing = regrain("watch", "remove", "1")
    assert missing.code != 0
    assert "There is no watched folder number 1" in missing.err


def test_the_same_folder_and_output_again_changes_the_rule(regrain: Regrain, inbox: Path) -> None:
    photograph(inbox / "old.png", 1)
    regrain("watch", "add", inbox, "-o", "out")
    changed = regrain("watch", "add", inbox, "-o", "out", "--preset", "Paint", "--flatten")
    assert changed.code == 0, changed.err
    with open_services() as services:
        (rule,) = services.watch.all()
        assert rule.settings.recipe.name == "Paint"
        assert rule.settings.recursion is Recursion.FLATTEN
        assert services.watch.counts(rule.id) == {FileKind.KNOWN: 1}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-o", "inbox"), "among the photographs"),
        (("-o", "inbox/out", "--recursive"), "lies inside"),
        (("-o", "link/out", "--recursive"), "lies inside"),
        (("-o", "out", "--prompt", "watercolour"), "takes no prompt"),
        (("-o", "out", "--name", "{index}"), "counts the photographs of one batch"),
        (("-o", "out", "--existing", "some"), "new-only and all"),
        (("-o", "out", "--pattern", "/"), "matches nothing"),
        (("-o", "out", "--settle", "-1"), "settle"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(
    regrain: Regrain, inbox: Path, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    (tmp_path / "link").symlink_to(inbox)
    ran = regrain("watch", "add", inbox, *words)
    assert ran.code == 2
    assert said in ran.err
    with open_services() as services:
        assert services.watch.all() == []


def test_an_output_inside_is_fine_without_subfolders(regrain: Regrain, inbox: Path) -> None:
    assert regrain("watch", "add", inbox, "-o", inbox / "out").code == 0


def test_a_circle_of_folders_is_refused(regrain: Regrain, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
    assert regrain("watch", "add", "a", "-o", "b").code == 0
    assert regrain("watch", "add", "b", "-o", "c").code == 0
    ran = regrain("watch", "add", "c", "-o", "a")
    assert ran.code == 2
    assert "circle" in ran.err


def test_a_missing_folder_is_said(regrain: Regrain) -> None:
    ran = regrain("watch", "nowhere", "-o", "out")
    assert ran.code == 2
    assert "There is no folder called nowhere" in ran.err


def test_help_is_for_the_group_and_for_the_start(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["watch", "--help"]) == 0
    assert "FOLDER" in capfd.readouterr().out
    assert main(["watch", "start", "--help"]) == 0
    assert "--settle" in capfd.readouterr().out


# the service


def test_the_service_watches_all_rules_and_ends_in_time(
    start: Start, regrain: Regrain, inbox: Path, tmp_path: Path
) -> None:
    (tmp_path / "second").mkdir()
    regrain("watch", "add", inbox, "-o", "out", *FAST)
    with watching(start("service", "run", "--json")) as service:
        service.wait_for("watch_state", state="watching")
        photograph(inbox / "a.png", 1)
        service.wait_for("item_done")
        regrain("watch", "add", tmp_path / "second", "-o", "out2", *FAST)
        service.wait_for("watch_state", state="watching")
        photograph(tmp_path / "second" / "b.png", 2)
        service.wait_for("item_done")
        status = regrain("service", "status", "--json")
        assert status.lines[0]["running"] is True
        assert status.lines[0]["pid"] == service.process.pid
        assert [line["files"] for line in status.named("rule")] == [{"taken": 1}, {"taken": 1}]
        assert [line["totals"]["done"] for line in status.named("rule")] == [1, 1]
        assert "Found 1: 1 done." in regrain("service", "status").out
        ran = service.end(signal.SIGTERM)
    assert ran.code == 0
    assert ran.summary["done"] == 2
    status = regrain("service", "status")
    assert "not running" in status.out


def test_the_service_writes_one_line_an_item(start: Start, regrain: Regrain, inbox: Path) -> None:
    regrain("watch", "add", inbox, "-o", "out", *FAST)
    process = start("service", "run")
    with watching(process):
        assert process.stderr is not None
        assert any("Watching" in line for line in process.stderr)
        photograph(inbox / "a.png", 1)
        photograph(inbox / "nan.png", 2)
        lines: list[str] = []
        for line in process.stderr:
            lines.append(line)
            if sum(line.startswith(("Done:", "Failed:")) for line in lines) == 2:
                break
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert sum(line.startswith("Done: ") and "a.png" in line for line in lines) == 1
    assert sum(line.startswith("Failed: ") and "nan.png" in line for line in lines) == 1


def test_a_service_without_the_render_lock_follows_who_has_it(
    start: Start, regrain: Regrain, inbox: Path
) -> None:
    """The window renders: the service still watches, and its journal says what became of it."""
    regrain("watch", "add", inbox, "-o", "out", *FAST)
    program = RenderProgram(FAKE_RENDER_COMMAND, fake_environment())
    with open_services(program=program) as services:
        assert services.lock.acquire()
        with watching(start("service", "run", "--json")) as service:
            service.wait_for("watch_state", state="watching")
            photograph(inbox / "a.png", 1)
            service.wait_for("queued")
            runner = services.runner(lambda _event: None, EngineChoice())
            runner.run(StopSignal())
            runner.close()
            service.wait_for("item_done", source=str(inbox / "a.png"))
            services.lock.release()
            photograph(inbox / "b.png", 2)
            service.wait_for("item_done", source=str(inbox / "b.png"))
            service.end(signal.SIGTERM)


def test_a_rule_that_is_paused_by_another_process_ends_within_a_second(
    start: Start, regrain: Regrain, inbox: Path
) -> None:
    regrain("watch", "add", inbox, "-o", "out", *FAST)
    with watching(start("service", "run", "--json")) as service:
        service.wait_for("watch_state", state="watching")
        regrain("watch", "pause", "1")
        with open_services() as services:
            assert services.watch.get(WatchRuleId(1)).paused
        regrain("watch", "resume", "1")
        photograph(inbox / "a.png", 1)
        service.wait_for("item_done")
        service.end(signal.SIGTERM)
