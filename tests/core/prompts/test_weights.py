"""Prompts copied from other programs must mean the same here."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SettingsError
from core.models.family_spec import family_spec
from core.prompts.weights import (
    check_weights_syntax,
    has_weights,
    parse_weights,
    plain_text,
)


@pytest.mark.parametrize(
    ("prompt", "wanted"),
    [
        ("a red house", [("a red house", 1)]),
        ("a (red:1.3) house", [("a ", 1), ("red", 1.3), (" house", 1)]),
        ("a (red) house", [("a ", 1), ("red", 1.1), (" house", 1)]),
        ("((red))", [("red", 1.21)]),
        ("[red]", [("red", 1 / 1.1)]),
        ("a ((red:1.5) house)", [("a ", 1), ("red", 1.65), (" house", 1.1)]),
        (r"a \(red\) house", [("a (red) house", 1)]),
        (r"a \\ b", [(r"a \ b", 1)]),
        ("(red: 0.5 )", [("red", 0.5)]),
        ("a (red", [("a ", 1), ("red", 1.1)]),
        ("a) b]", [("a) b]", 1)]),
        ("time 12:30", [("time 12:30", 1)]),
        ("Bar Breaker BREAKER", [("Bar Breaker BREAKER", 1)]),
        ("", []),
        ("()", []),
    ],
)
def test_weights_are_read_as_in_automatic1111(prompt: str, wanted: list[tuple[str, float]]) -> None:
    (section,) = parse_weights(prompt)
    assert [f.text for f in section] == [text for text, _ in wanted]
    assert [f.weight for f in section] == pytest.approx([weight for _, weight in wanted])


def test_break_begins_a_section() -> None:
    sections = parse_weights("a (b BREAK c:1.2) d")
    assert [[(f.text, round(f.weight, 3)) for f in s] for s in sections] == [
        [("a ", 1.0), ("b ", 1.2)],
        [(" c", 1.2), (" d", 1.0)],
    ]
    assert has_weights("a BREAK b") and plain_text("a BREAK b").split() == ["a", "b"]


@given(st.text(alphabet="ab ()[]:1.2\\,BREAK", max_size=60))
def test_any_text_can_be_read(prompt: str) -> None:
    try:
        text = plain_text(prompt)
    except SettingsError as error:
        assert "weight" in error.message
        return
    if not set(prompt) & set("()[]\\") and "BREAK" not in prompt:
        assert text == prompt and not has_weights(prompt)


@pytest.mark.parametrize("prompt", ["(a:11)", "(a:-1)"])
def test_weights_that_no_model_follows_are_refused(prompt: str) -> None:
    with pytest.raises(SettingsError, match="allowed are 0 to 10"):
        parse_weights(prompt)


def test_a_model_without_weights_says_so_and_reads_brackets_as_text() -> None:
    flux = family_spec("flux", id="x", name="X", folder=Path("/x"))
    check_weights_syntax(flux, "a house (from 1990) [sic]")
    with pytest.raises(SettingsError, match="takes no weights of words") as caught:
        check_weights_syntax(flux, "a (red:1.2) house")
    assert "text" in caught.value.hint
