"""Published figures: whoever reads ours beside them must be able to look theirs up."""

from __future__ import annotations

from itertools import pairwise

from rich.console import Console

from core.builtin.published import PUBLISHED, SETS, SOURCES, make_published_table


def read_rows(own_set: str | None) -> list[str]:
    console = Console(width=200)
    with console.capture() as capture:
        console.print(make_published_table({25.0: 31.99}, own_set))
    return capture.get().splitlines()


def test_every_figure_has_a_source_and_falls_with_the_noise() -> None:
    for entry in PUBLISHED:
        assert entry.source in SOURCES
        assert set(entry.psnr) <= set(SETS)
        assert all(less > more for row in entry.psnr.values() for less, more in pairwise(row))


def test_every_set_has_something_to_compare_with() -> None:
    assert all(any(key in entry.psnr for entry in PUBLISHED) for key in SETS)


def test_the_sources_are_printed_in_full() -> None:
    printed = " ".join(" ".join(read_rows(None)).split())
    assert all(whole.split(",")[0] in printed for whole in SOURCES.values())


def test_our_row_stands_in_its_set_and_nowhere_else() -> None:
    ours = [row for row in read_rows("mcmaster") if "Regrain" in row]
    assert len(ours) == 1
    assert "McMaster" in ours[0]
    assert "31.99" in ours[0]
    assert len([row for row in read_rows(None) if "this folder" in row]) == 1
