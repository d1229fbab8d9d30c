"""`regrain run`, the whole way but for the model: what a user's folder looks like afterwards."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from core import services
from core.cli.main import main
from core.services import RenderProgram
from tests.core.cli.commands import Ran, photograph

Regrain = Callable[..., Ran]
Use = Callable[[RenderProgram], None]


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def no_render_process(use: Use, marker: Path) -> None:
    """From now on a render process that is started leaves `marker` behind."""
    use(RenderProgram((sys.executable, "-c", f"open({str(marker)!r}, 'w')")))


def test_a_folder_comes_out_edited_under_its_own_names(regrain: Regrain, trip: Path) -> None:
    before = bytes_of(trip)
    ran = regrain("run", trip, "--strength", "0.3", "--json")
    assert ran.code == 0
    assert ran.counts() == {"found": 4, "done": 4}
    assert bytes_of(trip) == before
    out = trip.with_name("trip-regrain")
    assert set(bytes_of(out)) == set(before)
    done = ran.named("item_done")
    assert [Path(line["source"]).name for line in done] == ["a.png", "b.PNG", "c.jpg", "d.png"]
    assert all(Path(line["output"]).is_file() and line["seconds"] >= 0 for line in done)
    assert {line["step"] for line in ran.named("step")} == {1, 2}


def test_people_get_lines_and_the_folder_on_stdout(regrain: Regrain, trip: Path) -> None:
    ran = regrain("run", trip, "-o", "out")
    assert ran.code == 0
    assert ran.out == f"{trip.parent / 'out'}\n"
    assert "4 photographs." in ran.err
    assert "4 of 4: d.png done" in ran.err
    assert "Found 4: 4 done." in ran.err


def test_again_is_already_done_without_a_render_process(
    regrain: Regrain, trip: Path, program: Use, tmp_path: Path
) -> None:
    regrain("run", trip, "-o", "out")
    before = bytes_of(tmp_path / "out")
    no_render_process(program, tmp_path / "started")
    ran = regrain("run", trip, "-o", "out", "--json")
    assert ran.code == 0
    assert ran.counts() == {"found": 4, "already_done": 4}
    assert len(ran.named("item_already_done")) == 4
    assert not (tmp_path / "started").exists()
    assert bytes_of(tmp_path / "out") == before


def test_exactly_the_deleted_results_are_made_again(
    regrain: Regrain, trip: Path, tmp_path: Path
) -> None:
    regrain("run", trip, "-o", "out")
    before = bytes_of(tmp_path / "out")
    for name in ("b.PNG", "sub/d.png"):
        (tmp_path / "out" / name).unlink()
    ran = regrain("run", trip, "-o", "out", "--json")
    assert ran.counts() == {"found": 4, "done": 2, "already_done": 2}
    assert {Path(line["source"]).name for line in ran.named("item_done")} == {"b.PNG", "d.png"}
    assert bytes_of(tmp_path / "out") == before


def test_another_strength_replaces_our_own_results(
    regrain: Regrain, trip: Path, tmp_path: Path
) -> None:
    regrain("run", trip, "-o", "out", "--strength", "0.3")
    before = bytes_of(tmp_path / "out")
    ran = regrain("run", trip, "-o", "out", "--strength", "0.4", "--json")
    assert ran.counts() == {"found": 4, "done": 4}
    after = bytes_of(tmp_path / "out")
    assert set(after) == set(before)
    assert all(after[name] != before[name] for name in after)


def test_a_result_edited_elsewhere_is_kept_and_ours_lies_beside(
    regrain: Regrain, trip: Path, tmp_path: Path
) -> None:
    regrain("run", trip, "-o", "out", "--strength", "0.3")
    photograph(tmp_path / "out" / "a.png", 99)
    theirs = (tmp_path / "out" / "a.png").read_bytes()
    ran = regrain("run", trip, "-o", "out", "--strength", "0.4", "--json")
    assert ran.counts() == {"found": 4, "done": 4}
    assert (tmp_path / "out" / "a.png").read_bytes() == theirs
    assert (tmp_path / "out" / "a-2.png").is_file()


def test_again_makes_results_that_are_there(regrain: Regrain, trip: Path) -> None:
    regrain("run", trip)
    ran = regrain("run", trip, "--again", "--json")
    assert ran.counts() == {"found": 4, "done": 4}


def test_loose_photographs_go_to_the_pictures_folder(
    regrain: Regrain, trip: Path, own_home: Path
) -> None:
    ran = regrain("run", trip / "a.png", trip / "c.jpg")
    folder = own_home / "Pictures" / "Regrain"
    assert ran.out == f"{folder}\n"
    assert set(bytes_of(folder)) == {"a.png", "c.jpg"}


def test_several_strengths_count_results(regrain: Regrain, trip: Path, tmp_path: Path) -> None:
    ran = regrain("run", trip, "-o", "out", "--strength", "0.2,0.3", "--json")
    assert ran.counts() == {"found": 8, "done": 8}
    names = set(bytes_of(tmp_path / "out"))
    assert {"a_0.2.png", "a_0.3.png", "sub/d_0.3.png"} <= names
    assert sorted({line["strength"] for line in ran.named("item_done")}) == [0.2, 0.3]


def test_each_broken_file_has_its_own_reason_and_the_rest_is_done(
    regrain: Regrain, trip: Path
) -> None:
    (trip / "empty.jpg").touch()
    (trip / "nan.png").write_bytes(photograph(trip / "x.png", 9).read_bytes())
    (trip / "x.png").unlink()
    (trip / "gone.jpg").symlink_to(trip / "nowhere.jpg")
    ran = regrain("run", trip, "--json")
    assert ran.code == 1
    assert ran.counts()["done"] == 4
    reasons = {Path(line["source"]).name: line["reason"] for line in ran.named("item_failed")}
    assert reasons.items() >= {"empty.jpg": "empty", "nan.png": "nan"}.items()
    assert all(line["message"] for line in ran.named("item_failed"))


def test_failed_ones_are_tried_again_by_the_same_command(regrain: Regrain, trip: Path) -> None:
    broken = trip / "z.png"
    broken.touch()
    assert regrain("run", trip, "--json").counts()["failed"] == 1
    photograph(broken, 7)
    ran = regrain("run", trip, "--json")
    assert ran.code == 0
    assert ran.counts() == {"found": 5, "done": 1, "already_done": 4}


def test_a_photograph_that_kills_the_worker_is_quarantined_until_retry(
    regrain: Regrain, trip: Path
) -> None:
    photograph(trip / "abort.png", 5)
    ran = regrain("run", trip, "--json")
    assert ran.code == 1
    assert ran.counts() == {"found": 5, "done": 4, "quarantined": 1}
    assert [line["reason"] for line in ran.named("item_failed")] == ["crashed_3x"]
    assert "Fatal" not in ran.err
    again = regrain("run", trip, "--json")
    assert again.counts() == {"found": 5, "already_done": 4, "quarantined": 1}
    assert again.named("step") == []
    retried = regrain("batches", "retry", "1", "--json")
    assert retried.code == 1
    assert retried.counts() == {"found": 5, "already_done": 4, "quarantined": 1}


def test_a_stop_is_said_with_its_reason_and_all_is_counted(
    regrain: Regrain, tmp_path: Path
) -> None:
    for number, name in enumerate(("a.png", "lost.png", "z.png")):
        photograph(tmp_path / "trip" / name, number)
    ran = regrain("run", tmp_path / "trip", "--json")
    assert ran.code == 4
    assert [line["reason"] for line in ran.named("stopped")] == ["gpu_lost"]
    assert ran.summary["pending"] >= 1
    assert "Stopped: " in ran.err
    assert "regrain batches resume 1" in ran.err


def test_raw_files_are_left_out_in_one_line_and_sidecars_ignored(
    regrain: Regrain, trip: Path
) -> None:
    for name in ("a.CR3", "b.cr3", "a.xmp", "film.mov"):
        (trip / name).write_bytes(b"x")
    ran = regrain("run", trip, "--json")
    assert ran.code == 0
    assert ran.counts() == {"found": 6, "done": 4, "left_out": 2, "ignored": 2}
    assert {line["reason"] for line in ran.named("item_left_out")} == {"raw"}
    assert "4 photographs. 2 raw files left out (export" in ran.err
    assert "2 other files ignored." in ran.err
    assert ran.err.count("raw file") == 1


def test_a_folder_without_photographs_says_what_it_saw(regrain: Regrain, tmp_path: Path) -> None:
    folder = tmp_path / "trip"
    folder.mkdir()
    (folder / "a.CR3").write_bytes(b"x")
    ran = regrain("run", folder, "--json")
    assert ran.code == 2
    assert "No pictures in trip. Seen: 1 CR3" in ran.err
    assert ran.counts() == {"found": 1, "left_out": 1}
    assert [line["reason"] for line in ran.named("item_left_out")] == ["raw"]


def test_results_never_land_on_the_originals(regrain: Regrain, trip: Path) -> None:
    before = bytes_of(trip)
    ran = regrain("run", trip, "-o", trip)
    assert ran.code == 2
    assert "Results would land on the originals." in ran.err
    assert bytes_of(trip) == before


@pytest.mark.parametrize(
    "words",
    [
        ["--strength", "0.3", "--clean", "auto"],
        ["--strength", "2"],
        ["--preset", "nope"],
        ["--sampler", "LMS"],
        ["--steps", "many"],
        ["--model", "nope"],
        ["--batch-size", "-1"],
        ["--recipe", "none.toml"],
        ["--quality", "0"],
        ["--no-such-option"],
    ],
)
def test_wrong_arguments_are_one_line_and_a_hint(
    regrain: Regrain, trip: Path, words: list[str]
) -> None:
    ran = regrain("run", trip, *words)
    assert ran.code == 2
    assert ran.out == ""
    message, *hint = ran.err.splitlines()
    assert message
    assert len(hint) == 1
    assert hint[0].startswith("  ")


def test_a_prompt_for_the_built_in_model_is_refused_in_words(regrain: Regrain, trip: Path) -> None:
    ran = regrain("run", trip, "--prompt", "watercolour")
    assert ran.code == 2
    assert ran.err == (
        "The built-in model takes no prompt; 'watercolour' would do nothing.\n"
        "  Add a Stable Diffusion model with: regrain models add PATH.\n"
    )
    assert not trip.with_name("trip-regrain").exists()


def test_a_missing_input_is_said(regrain: Regrain, tmp_path: Path) -> None:
    ran = regrain("run", tmp_path / "nowhere")
    assert ran.code == 2
    assert "nowhere" in ran.err


def test_a_name_cannot_break_lines_or_markup(regrain: Regrain, tmp_path: Path) -> None:
    wicked = "a\n[red]b[bold]\x1b[2J<b>.png"
    photograph(tmp_path / "trip" / "x.png").rename(tmp_path / "trip" / wicked)
    ran = regrain("run", tmp_path / "trip", "-v")
    assert ran.code == 0
    assert "\x1b" not in ran.err
    assert "[red]b[bold]" in ran.err
    assert len(list((tmp_path / "trip-regrain").iterdir())) == 1


def test_a_name_that_is_no_unicode_is_edited_and_reported(regrain: Regrain, tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.png")
    try:
        photograph(tmp_path / "trip" / "x.png").rename(tmp_path / "trip" / name)
    except OSError:
        pytest.skip("this file system takes only Unicode names")
    ran = regrain("run", tmp_path / "trip", "--json")
    assert ran.code == 0
    assert os.fsencode(ran.named("item_done")[0]["source"]).endswith(b"caf\xe9.png")
    assert os.fsencode(regrain("run", tmp_path / "trip").out)


def test_quiet_says_only_what_went_wrong(regrain: Regrain, trip: Path) -> None:
    (trip / "empty.jpg").touch()
    ran = regrain("run", trip, "--quiet")
    assert ran.code == 1
    assert len(ran.err.splitlines()) == 1
    assert "empty.jpg" in ran.err


def test_the_hook_runs_once_with_the_counts(regrain: Regrain, trip: Path, tmp_path: Path) -> None:
    command = "echo $REGRAIN_DONE $REGRAIN_FAILED $REGRAIN_EXIT_CODE >> hook; echo loud"
    ran = regrain("run", trip, "--json", "--on-done", command)
    assert (tmp_path / "hook").read_text() == "4 0 0\n"
    assert ran.summary["done"] == 4
    assert "loud" in ran.err


def test_a_hook_that_fails_is_said_and_changes_nothing(regrain: Regrain, trip: Path) -> None:
    ran = regrain("run", trip, "--on-done", "exit 3")
    assert ran.code == 0
    assert "--on-done failed with exit code 3" in ran.err


def test_a_damaged_library_is_exit_5_and_left_as_it_is(
    regrain: Regrain, trip: Path, tmp_path: Path
) -> None:
    library = tmp_path / "mine.db"
    library.write_bytes(b"no library at all" * 100)
    ran = regrain("run", trip, "--library", library)
    assert ran.code == 5
    assert len(ran.err.splitlines()) <= 2
    assert library.read_bytes() == b"no library at all" * 100


def test_a_bug_is_one_line_and_a_log(
    regrain: Regrain, trip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import core.cli.batch

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("what nobody\nexpected")

    monkeypatch.setattr(core.cli.batch, "scan", broken)
    ran = regrain("run", trip)
    assert ran.code == 70
    first, second = ran.err.splitlines()
    assert "ZeroDivisionError" in first
    log = Path(second.split(": ", 1)[1])
    assert "Traceback" in log.read_text()
    assert "Traceback" in regrain("run", trip, "--verbose").err


def test_verbose_shows_the_traceback_of_a_known_error(regrain: Regrain, trip: Path) -> None:
    assert "Traceback" not in regrain("run", trip, "--preset", "nope").err
    assert "Traceback" in regrain("run", trip, "--preset", "nope", "-v").err


def test_results_keep_the_size(regrain: Regrain, trip: Path) -> None:
    regrain("run", trip, "-o", "out")
    with Image.open(trip.parent / "out" / "c.jpg") as image:
        assert image.size == (48, 32)


def test_without_words_there_is_help(capfd: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert "regrain run FOLDER" in capfd.readouterr().out


def test_services_close_what_they_open(tmp_path: Path) -> None:
    with services.open_services(tmp_path / "library.db") as opened:
        assert opened.queue.jobs() == []
    opened.close()


def test_what_a_dying_worker_said_is_logged_not_shown(
    regrain: Regrain, trip: Path, own_home: Path
) -> None:
    photograph(trip / "abort.png", 5)
    ran = regrain("run", trip)
    assert "Fatal" not in ran.err
    assert "render process" in (own_home / "logs" / "regrain.log").read_text()
