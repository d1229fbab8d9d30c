"""Hostile names and templates: every photograph is edited, no result leaves its folder, and
whatever a file is called, a line stays a line.
"""

from __future__ import annotations

import os
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path, PurePath

import pytest
from PIL import Image
from pydantic import ValidationError

from core.cli import batch, batch_list
from core.cli.main import main
from core.errors import SettingsError
from core.library.records import ItemRequest
from core.outputs.names import NamePlanner
from core.outputs.template import MAX_NAME_BYTES, name_key, safe_name
from core.recipe import OutputSettings, Recipe
from core.scan import ScannedFile
from core.services import RenderProgram, open_services
from tests.core.cli.commands import LAUNCHER, Ran, photograph, ran
from tests.fakes import FAKE_RENDER_COMMAND, fake_environment
from tests.faults.names import REFUSED_TEMPLATES, SAFE_TEMPLATES, hostile_names
from tests.faults.table import Tally
from tests.runs import Bench, manifest, originals

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="other systems refuse such names themselves"
)

Benches = Callable[..., Bench]

MOST_BYTES = 255
COMMAND_SECONDS = 200


def some_names() -> list[bytes]:
    """Return every fourth of the hostile names, and all that are broken, twins or too long."""
    names = hostile_names()
    return [*names[:-13:4], *names[-13:]]


def make_hostile(folder: Path, names: Sequence[bytes]) -> list[str]:
    """Put a picture of its own under each name; return the names."""
    folder.mkdir()
    made = []
    for number, name in enumerate(names):
        path = folder / os.fsdecode(name)
        photograph(folder / "one.png", number, (6, 4)).rename(path)
        made.append(path.name)
    return made


def regrain(folder: Path, *words: str | Path, **environment: str) -> Ran:
    """Run a command in `folder`, as from a shell whose terminal takes what is set."""
    done = subprocess.run(
        [sys.executable, "-c", LAUNCHER, *map(str, words)],
        cwd=folder,
        env=os.environ | fake_environment() | environment,
        capture_output=True,
        check=False,
        timeout=COMMAND_SECONDS,
    )
    return ran(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture
def here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Ran]:
    """Runs a command in this process, in `tmp_path`: what a process costs buys nothing here."""
    monkeypatch.chdir(tmp_path)
    fake = RenderProgram(FAKE_RENDER_COMMAND, fake_environment())
    for module in (batch, batch_list):
        monkeypatch.setattr(module, "open_services", lambda library: open_services(library, fake))

    def run(*words: str) -> Ran:
        capfd.readouterr()
        return ran(main(list(words)), *capfd.readouterr())

    return run


def unsafe(text: str) -> list[str]:
    """Return the lines with a character that moves the cursor, or hides or turns others."""
    lines = (line.replace("\xa0", " ") for line in text.split("\n"))
    return [line for line in lines if line and not line.isprintable()]


def edit_hostile(tmp_path: Path, tally: Tally, chosen: Sequence[bytes]) -> None:
    """Edit photographs under these names twice, and check all that is left and said."""
    names = make_hostile(tmp_path / "in", chosen)
    before = originals(tmp_path / "in")
    first = regrain(tmp_path, "run", "in", "-o", "out", "--json", "--strength", "0.3")
    done = {PurePath(line["source"]).name: line["output"] for line in first.named("item_done")}
    results = [Path(output) for output in done.values()]
    shown = [line for line in first.err.splitlines() if f" of {len(names)}: " in line]
    lost = len(names) - len(set(done)) + abs(len(shown) - len(names))
    tally(47, "hostile names of photographs, by the command line", len(names), lost)
    assert len(names) == len(set(names)) == len(chosen)
    assert first.code == 0, first.err
    assert set(done) == set(names)
    assert len(shown) == len(names)
    assert unsafe(first.out + first.err) == []
    assert len(first.out.splitlines()) == len(first.lines), "something else stood among the JSON"
    assert originals(tmp_path / "in") == before
    assert {path.name for path in tmp_path.iterdir()} == {"in", "out"}
    assert_safe(tmp_path / "out", results)
    assert_same_again(tmp_path, names)


def test_hostile_names_are_edited_and_each_is_one_line(tmp_path: Path, tally: Tally) -> None:
    """One photograph with a strange name must neither stop a batch nor forge a line of its log."""
    edit_hostile(tmp_path, tally, some_names())


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_all_hostile_names_are_edited(tmp_path: Path, tally: Tally) -> None:
    assert len(hostile_names()) > 150
    edit_hostile(tmp_path, tally, hostile_names())


def assert_safe(root: Path, results: Sequence[Path]) -> None:
    """Check that results lie in the folder itself, under names that every disk takes apart."""
    assert {path.parent for path in results} == {root}
    assert set(root.iterdir()) == set(results)
    assert all(path.stem == safe_name(path.stem) for path in results)
    assert all(len(os.fsencode(path.name)) <= MOST_BYTES for path in results)
    assert len({name_key(path.name) for path in results}) == len(results)
    for path in results:
        with Image.open(path) as image:
            assert image.size == (6, 4)


def assert_same_again(folder: Path, names: Sequence[str]) -> None:
    """Check a second run, in a terminal that knows only ASCII: all is done under the same names."""
    plain = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"}
    again = regrain(folder, "run", "in", "-o", "out", "--strength", "0.3", **plain)
    assert again.code == 0, again.err
    assert f"{len(names)} already done" in again.err
    assert again.err.isascii() and again.out.isascii()
    assert unsafe(again.out + again.err) == []


def test_hostile_names_given_on_the_command_line(
    here: Callable[..., Ran], tmp_path: Path, tally: Tally
) -> None:
    """`regrain run *` hands them over one by one; behind -- none of them is an option."""
    chosen = ["-rf.png", "=cmd.png", "--help.png", "[red]x.png", "line\nbreak.png", "$HOME.png"]
    chosen.append(os.fsdecode(b"\xff.png"))
    for number, name in enumerate(chosen):
        photograph(tmp_path / "one.png", number, (6, 4)).rename(tmp_path / name)
    out = os.fsdecode(b"out-\xff")
    done = here("run", "-o", out, "--json", "--strength", "0.3", "--", *chosen)
    dry = here("run", "-o", "new", "--dry-run", "--strength", "0.3", "--", *chosen)
    lost = len(chosen) - len(manifest(tmp_path / out))
    tally(47, "hostile names given one by one", len(chosen), lost)
    assert done.code == dry.code == 0, done.err + dry.err
    assert [PurePath(line["source"]).name for line in done.named("item_done")] == chosen
    assert len([line for line in dry.out.splitlines() if " -> " in line]) == len(chosen)
    assert unsafe(dry.out + dry.err) == []
    assert "[red]x.png" in dry.out
    assert not (tmp_path / "new").exists()


def test_failures_of_hostile_names_are_one_line_each(
    here: Callable[..., Ran], tmp_path: Path, tally: Tally
) -> None:
    """What goes wrong is said with the name in it, and stored, and listed later."""
    folder = tmp_path / "in"
    folder.mkdir()
    names = [os.fsdecode(name) for name in some_names()]
    for name in names:
        (folder / name).write_bytes(b"only words\n")
    first = here("run", "in", "-o", "out", "--json", "--strength", "0.3")
    listed = here("batches", "show", "1")
    failed = first.named("item_failed")
    tally(47, "hostile names of files that fail", len(names), len(names) - len(failed))
    assert first.code == 1
    assert {PurePath(line["source"]).name for line in failed} == set(names)
    assert unsafe(first.out + first.err + listed.out + listed.err) == []
    assert len([line for line in listed.out.splitlines() if line.startswith("  ")]) == len(names)


def plan(files: Sequence[str], root: Path, **output: object) -> list[ItemRequest]:
    recipe = Recipe(name="../x", output=OutputSettings.model_validate({"folder": root} | output))
    planner = NamePlanner(recipe, False, lambda folder: {}, root / "pictures")
    source = Path("/nowhere/trip")
    scanned = [ScannedFile(source / name, PurePath(name), source) for name in files]
    return [planner.plan(file, index) for index, file in enumerate(scanned, 1)]


def wrong_places(requests: Sequence[ItemRequest], root: Path) -> list[Path]:
    """Return the planned results that lie outside, or under a name that some disk refuses.

    Also those that differ in case only from another of the same folder. Of folders that do, the
    second result's name is found taken when it is published, and both are kept.
    """
    keys: set[tuple[str, str]] = set()
    wrong = []
    for output in (request.output for request in requests):
        key = (str(output.parent), name_key(output.name))
        folders = output.parent.relative_to(root).parts if root in output.parents else ("..",)
        fine = key not in keys and all(_is_fine(part) for part in (*folders, output.stem))
        keys.add(key)
        if not fine or Path(os.path.normpath(output)) != output:
            wrong.append(output)
    return wrong


def _is_fine(part: str) -> bool:
    """Whether every disk takes a folder's name, or a file's with its extension taken off."""
    return (
        part not in ("", ".", "..")
        and len(os.fsencode(part)) <= MAX_NAME_BYTES
        and not set(part) & set('<>:"/\\|?*\0\n\r')
        and part == part.rstrip(" .")
        and part == safe_name(part)
    )


def test_hostile_templates_are_refused_or_harmless(tmp_path: Path, tally: Tally) -> None:
    """A recipe from somebody else must not write anywhere but below the chosen folder."""
    files = [os.fsdecode(name) for name in hostile_names()]
    accepted = []
    for template in REFUSED_TEMPLATES:
        try:
            plan(files[:1], tmp_path, name_template=template)
            accepted.append(template)
        except (SettingsError, ValidationError) as error:
            assert "name_template" in str(error)
    wrong = {
        template: found
        for template in SAFE_TEMPLATES
        if (found := wrong_places(plan(files, tmp_path, name_template=template), tmp_path))
    }
    tally(48, "hostile templates refused", len(REFUSED_TEMPLATES), len(accepted))
    tally(48, "hostile templates x names planned", len(SAFE_TEMPLATES) * len(files), len(wrong))
    assert accepted == []
    assert wrong == {}


def test_a_thousand_photographs_of_one_name_get_a_thousand(tmp_path: Path, tally: Tally) -> None:
    files = [
        f"{number}.{ending}" for number in range(250) for ending in ("jpg", "JPG", "png", "Jpg")
    ]
    times, wrong = 0, 0
    for template in ("CON", "x" * 300, "\u00e9" * 300, "a. "):
        made = plan(files, tmp_path, name_template=template, format="png")
        times += len(made)
        wrong += len(wrong_places(made, tmp_path))
    tally(48, "collisions of planned names", times, wrong)
    assert times == 4000
    assert not wrong


def test_results_under_hostile_templates_lie_below_their_folder(
    benches: Benches, tally: Tally
) -> None:
    """Not only planned: the files themselves."""
    bench = benches()
    bench.photographs("{seed}.png")
    jobs = [bench.enqueue(name_template=each, again=True).job for each in SAFE_TEMPLATES]
    there = {path for path in bench.home.rglob("*") if path.is_file()}
    bench.run()
    wanted = len(SAFE_TEMPLATES)
    done = sum(bench.queue.totals(job).done for job in jobs)
    new = {path for path in bench.home.rglob("*") if path.is_file()} - there
    below = {path for path in new if bench.output in path.parents}
    outside = {path for path in new - below if bench.state not in path.parents}
    stray = [path for path in outside if not path.name.startswith("library.")]
    tally(48, "results written under hostile templates", wanted, len(stray) + wanted - done)
    assert done == wanted
    assert below == {item.output for job in jobs for item in bench.queue.items(job)}
    assert not stray


PAIRS = ("A.png", "a.png", "Stra\u00dfe.png", "STRASSE.png", "\u03a9.png", "\u03c9.png")


def twins() -> list[str]:
    both = [unicodedata.normalize(form, "d\u00e9j\u00e0.png") for form in ("NFC", "NFD")]
    return [*PAIRS, *both, "B.png", "b.PNG"]


def test_names_that_some_disks_take_for_one_are_both_kept(
    benches: Benches, tmp_path: Path, tally: Tally
) -> None:
    """On a Mac or a memory card the second result would replace the first."""
    bench = benches()
    bench.photographs(*twins())
    if len(list(bench.source.iterdir())) < len(twins()):
        pytest.skip("this disk itself takes some of these names for one")
    totals = bench.edit()
    keys = {name_key(path.name) for path in bench.output.iterdir()}
    lost = len(twins()) - len(keys)
    tally(49, "names that differ in case or composition only", len(twins()), lost)
    assert totals.done == len(twins())
    assert not lost
    assert bench.edit().already_done == len(twins()), "the same photograph, another name"
