"""Name templates: every name they give is safe on every common disk, below the output folder."""

from __future__ import annotations

import os
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SettingsError
from core.outputs.template import MAX_NAME_BYTES, NameValues, name_key, parse_template, safe_name

VALUES = NameValues(
    stem="IMG_1",
    ext="JPG",
    parent="trip",
    index=7,
    strength=0.3,
    seed=42,
    preset="Clean",
    model="builtin",
)
NAMES = st.text(max_size=300) | st.binary(max_size=300).map(os.fsdecode)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{stem}", "IMG_1"),
        ("{stem}-regrain", "IMG_1-regrain"),
        ("{parent}/{stem}_{strength}", "trip/IMG_1_0.3"),
        ("{index} {seed} {preset} {model}", "0007 42 Clean builtin"),
        ("{stem}.{ext}", "IMG_1"),
        ("{ext}/{stem}", "JPG/IMG_1"),
        ("./a//{stem}", "a/IMG_1"),
        ("100%{stem}$HOME", "100%IMG_1$HOME"),
    ],
)
def test_tokens_are_replaced(template: str, expected: str) -> None:
    assert str(parse_template(template).expand(VALUES)) == expected


@pytest.mark.parametrize(
    "template",
    [
        *("{x}", "{}", "{stem", "stem}", "{{stem}}", "{x.__class__}", "{stem.__class__}"),
        *("{stem!r}", "{stem:>9}", "{0}", "{STEM}"),
        *("/abs/{stem}", "\\\\srv\\{stem}", "C:\\{stem}", "c:{stem}", "../{stem}", "a/../{stem}"),
        *("", "/", ".", "..", "{stem}/", "{parent}/.."),
    ],
)
def test_templates_that_are_wrong_or_leave_the_folder_are_refused(template: str) -> None:
    """Never Python's own formatting: `{x.__class__}` must reach nothing."""
    with pytest.raises(SettingsError, match="name_template"):
        parse_template(template)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a/b", "a_b"),
        ("..", "_"),
        (".", "_"),
        ("", "_"),
        ("   ", "_"),
        ("a.", "a"),
        ("a. . ", "a"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("Com1", "_Com1"),
        ("LPT¹", "_LPT¹"),
        ("console", "console"),
        ('<>:"/\\|?*', "_________"),
        ("a\nb\0c\x7f", "abc"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("-rf", "-rf"),
        ("<img src=x>", "_img src=x_"),
        ("=cmd", "=cmd"),
        ("é", "é"),
    ],
)
def test_names_are_made_safe(name: str, expected: str) -> None:
    assert safe_name(name) == expected


@given(NAMES)
def test_every_name_is_one_safe_part_of_a_path(name: str) -> None:
    made = safe_name(name)
    assert made not in ("", ".", "..")
    assert not set(made) & set('<>:"/\\|?*\0\n\r\x7f')
    assert not made.endswith((" ", "."))
    assert len(os.fsencode(made)) <= MAX_NAME_BYTES + 1
    assert made == unicodedata.normalize("NFC", made)


@given(NAMES)
def test_making_a_safe_name_safe_changes_nothing(name: str) -> None:
    """Otherwise a rerun would plan another name for the same photograph."""
    assert safe_name(safe_name(name)) == safe_name(name)


@given(st.text(max_size=30))
def test_names_that_some_disk_takes_for_one_have_one_key(name: str) -> None:
    assert name_key(unicodedata.normalize("NFD", name)) == name_key(name)
    assert name_key(name_key(name)) == name_key(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [("A.JPG", "a.jpg"), ("Stra\u00dfe", "STRASSE"), ("caf\u00e9", "cafe\u0301"), ("Ω", "ω")],
)
def test_case_and_composition_make_no_second_name(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


def test_names_in_no_encoding_have_keys_of_their_own() -> None:
    one, other = os.fsdecode(b"\xff.jpg"), os.fsdecode(b"\xfe.jpg")
    assert name_key(one) != name_key(other)
    name_key(one).encode("utf-8")


@given(
    st.lists(
        st.sampled_from(["{stem}", "{ext}", "{parent}", "{preset}", "a", "-", ".", "/"]),
        min_size=1,
        max_size=8,
    ),
    NAMES,
)
def test_whatever_the_template_and_the_names_results_stay_below_the_folder(
    parts: list[str], name: str
) -> None:
    values = NameValues(name, name, name, 1, None, 0, name, name)
    try:
        template = parse_template("".join(parts))
    except SettingsError:
        return
    path = template.expand(values)
    assert not path.is_absolute()
    assert ".." not in path.parts
    assert len(path.parts) <= len(parts)
