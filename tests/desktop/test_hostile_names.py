"""A photograph's name is text: the window shows it letter by letter, whatever it looks like."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QAbstractItemModel, QAbstractListModel, QModelIndex, QObject, Qt
from PySide6.QtGui import Qt as Gui
from PySide6.QtWidgets import QAbstractItemView, QApplication, QLabel, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from desktop.photos.projects import confirm_delete
from desktop.widgets.plain import plain_tip
from tests.desktop.driving import Driver
from tests.faults.table import Tally
from tests.runs import make_photographs

MARKS = ("<b>", "<img", "&lt;", "<font", "<s>")
NAMES = (
    "<b>bold<b>.png", "<img src=x>.png", "a&lt;b.png", "<font color=red>.png", "[red]x.png",
    "two\nlines <b>.png",
)  # fmt: skip


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Tally:
    return Tally(request.node.user_properties)


def rows(model: QAbstractItemModel, parent: QModelIndex | None = None) -> Iterator[QModelIndex]:
    """Yield every cell of a model, those below others too."""
    above = parent or QModelIndex()
    is_list = isinstance(model, QAbstractListModel)
    for row in range(model.rowCount(above)):
        for column in range(1 if is_list else model.columnCount(above)):
            yield model.index(row, column, above)
        if not is_list:
            yield from rows(model, model.index(row, 0, above))


def tips(window: QObject) -> Iterator[tuple[str, str]]:
    """Yield every tooltip of a window and of what its lists show, with whose it is."""
    for widget in window.findChildren(QWidget):
        yield type(widget).__name__, widget.toolTip()
    for view in window.findChildren(QAbstractItemView):
        if (model := view.model()) is not None:
            for index in rows(model):
                tip = index.data(Qt.ItemDataRole.ToolTipRole)
                yield type(view).__name__, str(tip or "")


def shown_as_markup(window: QObject) -> list[tuple[str, str]]:
    """Return the labels and tooltips in which a name would be taken for HTML."""
    labels = [
        (label.objectName(), label.text())
        for label in window.findChildren(QLabel)
        if label.textFormat() is not Qt.TextFormat.PlainText
        and any(mark in label.text() for mark in MARKS)
    ]
    # A tooltip made of a name may be HTML only with the name's own signs escaped.
    escaped = [(who, tip.replace("&amp;lt;", "").replace("&lt;", "")) for who, tip in tips(window)]
    return labels + [
        (who, tip)
        for who, tip in escaped
        if Gui.mightBeRichText(tip) and any(mark in tip for mark in MARKS)
    ]


def test_names_that_look_like_markup_are_shown_as_they_are(
    driver: Driver, tmp_path: Path, tally: Tally
) -> None:
    """`<img src=...>` in a file's name must not load pictures, hide text or forge any."""
    folder = tmp_path / "<b>trip"
    make_photographs(folder, NAMES)
    window = driver.open()
    driver.drop_photographs(folder, expect=len(NAMES))
    (folder / NAMES[1]).write_bytes(b"only words")
    driver.run()
    driver.wait(lambda: "" not in driver.statuses().values())
    driver.wait_idle()
    wrong = []
    for name in NAMES:
        driver.parts.grid.select([driver.photo(name).id])
        chosen = [driver.photo(name).id]
        driver.wait(lambda chosen=chosen: driver.parts.session.selection == chosen)
        window.actions_["viewer"].trigger()
        QApplication.processEvents()
        wrong += shown_as_markup(window)
    found = [tip for _, tip in tips(window) if "bold" in tip]
    tally(47, "names like markup, in the window's labels and tooltips", len(NAMES), len(wrong))
    assert found, "no tooltip names a photograph: this test looks at nothing"
    assert not wrong


def test_a_tooltip_shows_markup_letter_by_letter() -> None:
    assert plain_tip("plain, a < b") == "plain, a < b"
    shown = plain_tip("<b>x</b> &lt;\n  y")
    assert "&lt;b&gt;x&lt;/b&gt; &amp;lt;<br>  y" in shown


def test_questions_about_a_project_quote_its_name(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    formats = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: formats.append(box.textFormat()))
    parent = QWidget()
    qtbot.addWidget(parent)

    class Project:
        name = "<b>x</b>"
        photographs = 2

    assert not confirm_delete(parent, Project())  # type: ignore[arg-type]
    assert formats == [Qt.TextFormat.PlainText]
