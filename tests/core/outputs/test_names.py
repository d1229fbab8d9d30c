"""Planned names: unique, stable on every rerun, the same for the same source."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Mapping
from pathlib import Path, PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.library.records import ItemRequest
from core.outputs.names import NamePlanner, refuse_originals, result_suffix, variant
from core.outputs.template import MAX_NAME_BYTES, name_key
from core.recipe import OutputFormat, OutputSettings, Recipe
from core.scan import ScannedFile

ROOT = Path("/nowhere/trip")
OUT = Path("/nowhere/out")


def scanned(relative: str) -> ScannedFile:
    return ScannedFile(ROOT / relative, PurePath(relative), ROOT)


def plan(
    relatives: list[str], owned: Mapping[Path, Mapping[str, Path]] | None = None, **output: object
) -> list[ItemRequest]:
    recipe = Recipe(output=OutputSettings.model_validate({"folder": OUT} | output))
    known = owned or {}
    planner = NamePlanner(recipe, False, lambda folder: known.get(folder, {}), Path("/nowhere/p"))
    return [planner.plan(scanned(name), index) for index, name in enumerate(relatives, 1)]


def outputs(requests: list[ItemRequest]) -> list[str]:
    return [str(request.output.relative_to(OUT)) for request in requests]


def remembered(requests: list[ItemRequest]) -> dict[Path, dict[str, Path]]:
    """What a library holds when all of these have their results."""
    owned: dict[Path, dict[str, Path]] = {}
    for request in requests:
        owned.setdefault(request.output.parent, {})[name_key(request.output.name)] = request.source
    return owned


@pytest.fixture(autouse=True)
def sources_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every source be there, so that no name counts as that of one that was moved away."""
    monkeypatch.setattr(Path, "exists", lambda self: True)


@pytest.mark.parametrize(
    ("source", "form", "suffix"),
    [
        ("a.JPG", "keep", ".JPG"),
        ("a.mpo", "keep", ".jpg"),
        ("a.HEIC", "keep", ".jpg"),
        ("a.CR3", "keep", ".tif"),
        ("a.bmp", "keep", ".bmp"),
        ("a", "keep", ""),
        ("a.jpeg", "jpeg", ".jpeg"),
        ("a.PNG", "jpeg", ".jpg"),
        ("a.TIFF", "tiff", ".TIFF"),
        ("a.jpg", "tiff", ".tif"),
        ("a.jpg", "png", ".png"),
        ("a.jpg", "webp", ".webp"),
        ("a.jpg", "avif", ".avif"),
    ],
)
def test_extensions_say_what_the_file_is(source: str, form: str, suffix: str) -> None:
    assert result_suffix(Path(source), OutputFormat(form)) == suffix


def test_subfolders_are_mirrored() -> None:
    assert outputs(plan(["a.jpg", "x/y/a.jpg"])) == ["a.jpg", "x/y/a.jpg"]


def test_two_sources_with_one_planned_name_are_told_apart_and_stay_so() -> None:
    first = plan(["a.jpg", "a.png"], format="png")
    assert outputs(first) == ["a.png", "a-2.png"]
    owned = remembered(first)
    assert outputs(plan(["a.jpg", "a.png"], owned, format="png")) == ["a.png", "a-2.png"]
    assert outputs(plan(["a.png"], owned, format="png")) == ["a-2.png"]
    assert outputs(plan(["a.bmp", "a.jpg", "a.png"], owned, format="png")) == [
        "a-3.png",
        "a.png",
        "a-2.png",
    ]


def test_names_that_differ_in_case_or_composition_only_are_told_apart() -> None:
    """On a disk that takes them for one the second would replace the first."""
    accented = "caf\u00e9.jpg"
    apart = unicodedata.normalize("NFD", accented)
    assert outputs(plan(["A.jpg", "a.jpg", accented, apart])) == [
        "A.jpg",
        "a-2.jpg",
        accented,
        "caf\u00e9-2.jpg",
    ]


def test_a_name_in_the_library_of_another_source_is_not_planned() -> None:
    owned = {OUT: {"a.jpg": Path("/elsewhere/a.jpg")}}
    assert outputs(plan(["a.jpg"], owned)) == ["a-2.jpg"]


def test_a_name_of_a_source_that_is_gone_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "exists", lambda self: False)
    owned = {OUT: {"a.jpg": Path("/elsewhere/a.jpg")}}
    assert outputs(plan(["a.jpg"], owned)) == ["a.jpg"]


def test_two_thousand_photographs_with_one_name_have_two_thousand_names() -> None:
    names = outputs(plan([f"{n}.jpg" for n in range(2000)], name_template="x"))
    assert len(set(names)) == 2000
    assert names[-1] == "x-2000.jpg"


def test_long_names_stay_short_enough_and_apart() -> None:
    long = "\u00e9" * 150
    names = outputs(plan([f"{long}1.jpg", f"{long}2.jpg"]))
    assert len(set(names)) == 2
    assert all(len(name.encode()) <= MAX_NAME_BYTES + 4 for name in names)
    variants = [variant(OUT / f"{long}.jpg", number) for number in (2, 10, 99_999)]
    assert all(len(os.fsencode(path.name)) <= MAX_NAME_BYTES + 4 for path in variants)


NAMES = st.sampled_from(
    ["a", "A", "b", "caf\u00e9", "cafe\u0301", "CON", "a.", "x" * 300, os.fsdecode(b"\xff"), "-"]
)
FILES = st.lists(
    st.tuples(
        st.sampled_from(["", "d/", "D/"]), NAMES, st.sampled_from([".jpg", ".JPG", ".png", ".tif"])
    ).map("".join),
    unique=True,
    max_size=12,
)


@given(FILES, st.sampled_from(["keep", "png", "jpeg"]), st.sampled_from(["{stem}", "x", "{ext}/a"]))
def test_planned_names_are_unique_below_the_folder_and_the_same_on_a_rerun(
    files: list[str], form: str, template: str
) -> None:
    first = plan(files, format=form, name_template=template)
    places = [(str(item.output.parent), name_key(item.output.name)) for item in first]
    assert len(set(places)) == len(places)
    assert all(OUT in item.output.parents for item in first)
    again = plan(files, remembered(first), format=form, name_template=template)
    assert [item.output for item in again] == [item.output for item in first]


@given(FILES, st.data())
def test_a_source_keeps_its_name_whichever_others_are_there(
    files: list[str], data: st.DataObject
) -> None:
    first = plan(files, format="png")
    by_source = {item.source: item.output for item in first}
    some = data.draw(st.lists(st.sampled_from(files), unique=True) if files else st.just([]))
    more = data.draw(FILES)
    mixed = list(dict.fromkeys(data.draw(st.permutations([*some, *more]))))
    for item in plan(mixed, remembered(first), format="png"):
        assert by_source.get(item.source, item.output) == item.output


def test_originals_are_recognised_by_what_they_are_not_by_their_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    source, other = tmp_path / "a.jpg", tmp_path / "b.jpg"
    source.write_bytes(b"x")
    other.write_bytes(b"y")
    refuse_originals([ItemRequest(source, tmp_path / "c.jpg", tmp_path)])
    refuse_originals([ItemRequest(source, other, tmp_path)])
    from core.errors import SettingsError

    with pytest.raises(SettingsError, match="land on the originals"):
        refuse_originals(
            [
                ItemRequest(source, other, tmp_path),
                ItemRequest(other, tmp_path / "d.jpg", tmp_path),
            ]
        )
