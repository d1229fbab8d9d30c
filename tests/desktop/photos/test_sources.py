"""If these failed, users could not reach their folders and batches, or would not see trouble."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialogButtonBox, QTreeWidgetItem, QWidget
from pytestqt.qtbot import QtBot

from core.events import JobFinished, ModelLoading, Totals
from core.library.ids import JobId, ProjectId
from core.library.photo import Relocated
from core.services import Services
from desktop.photos.overview import Entry, Kind
from desktop.photos.projects import ProjectNameDialog, Relocator, relocated_words
from desktop.photos.source_tree import item_entry
from desktop.photos.sources import SourcesPanel
from tests.desktop.photos.desk import Desk


@pytest.fixture
def project(desk: Desk, trip: list[Path]) -> ProjectId:
    project = desk.project("Trip")
    desk.ask(lambda services: services.photos.add(project, _scanned(trip)))
    return project


def _scanned(trip: list[Path]) -> tuple[object, ...]:
    from core.scan import scan

    return scan([trip[0].parent.parent]).photographs


@pytest.fixture
def panel(qtbot: QtBot, desk: Desk, project: ProjectId) -> Iterator[SourcesPanel]:
    panel = SourcesPanel(desk.backend)
    qtbot.addWidget(panel)
    panel.resize(220, 500)
    panel.open_project(project)
    qtbot.waitUntil(lambda: "evening, 10" in lines(panel))
    yield panel


def lines(panel: SourcesPanel) -> list[str]:
    return [item_entry(item).spoken for item in panel.tree.items()]


def line(panel: SourcesPanel, text: str) -> QTreeWidgetItem:
    return next(item for item in panel.tree.items() if item.text(0) == text)


def test_one_project_shows_its_folders_with_counts(panel: SourcesPanel) -> None:
    assert lines(panel) == [
        "Photographs",
        "All photographs, 30",
        "trip, 30",
        "DCIM, 20",
        "evening, 10",
        "Batches",
        "None yet. Run starts one.",
        "Watch folders",
        "None. New photographs in a watch folder are edited at once.",
    ]
    chosen = panel.tree.chosen()
    assert chosen is not None and chosen.kind is Kind.ALL


def test_a_second_project_shows_the_list_and_a_click_opens_it(
    qtbot: QtBot, desk: Desk, panel: SourcesPanel
) -> None:
    other = desk.project("Wedding")
    panel.refresh()
    qtbot.waitUntil(lambda: lines(panel)[:3] == ["Projects", "Trip, 30", "Wedding, 0"])
    with qtbot.waitSignal(panel.project_chosen) as chosen:
        panel.tree.itemClicked.emit(line(panel, "Wedding"), 0)
    assert chosen.args == [other]


def test_choosing_a_folder_narrows_and_all_widens(
    qtbot: QtBot, panel: SourcesPanel, trip: list[Path]
) -> None:
    with qtbot.waitSignal(panel.narrowed) as narrowed:
        panel.tree.setCurrentItem(line(panel, "evening"))
    assert narrowed.args == [trip[-1].parent, None, ""]
    with qtbot.waitSignal(panel.narrowed) as narrowed:
        panel.tree.setCurrentItem(line(panel, "All photographs"))
    assert narrowed.args == [None, None, ""]


def test_new_numbers_leave_the_choice_and_what_is_shut(
    qtbot: QtBot, desk: Desk, panel: SourcesPanel, project: ProjectId, trip: list[Path]
) -> None:
    panel.tree.setCurrentItem(line(panel, "evening"))
    line(panel, "trip").setExpanded(False)
    told: list[object] = []
    panel.narrowed.connect(lambda *args: told.append(args))
    new = trip[-1].with_name("one more.png")
    new.write_bytes(trip[-1].read_bytes())
    desk.add(project, [new])
    panel.refresh()
    qtbot.waitUntil(lambda: "evening, 11" in lines(panel))
    assert panel.tree.chosen() == item_entry(line(panel, "evening"))
    assert not line(panel, "trip").isExpanded()
    assert told == []


def test_a_folder_that_is_gone_says_so_and_can_be_relocated(
    qtbot: QtBot, desk: Desk, panel: SourcesPanel, project: ProjectId, trip: list[Path]
) -> None:
    from core.library.photo import FileFacts

    old, new = trip[0].parent, trip[0].parent.with_name("moved")
    old.rename(new)
    gone = [FileFacts(path, missing=True) for path in trip[:20]]
    desk.ask(lambda services: services.photos.note_files(gone))
    panel.refresh()
    qtbot.waitUntil(lambda: "DCIM, 20, Not there. Relocate…" in lines(panel))
    with qtbot.waitSignal(panel.relocate_wanted) as wanted:
        panel.tree.itemActivated.emit(line(panel, "DCIM"), 0)
    assert wanted.args == [old]
    window = QWidget()
    qtbot.addWidget(window)
    relocator = Relocator(desk.backend, window)
    with qtbot.waitSignal(relocator.relocated) as told:
        relocator.relocate(project, old, new)
    assert told.args == ["20 photographs found in moved."]
    panel.refresh()
    qtbot.waitUntil(lambda: "moved, 20" in lines(panel))


def test_what_was_not_found_is_said() -> None:
    new = Path("/media/card")
    assert relocated_words(Relocated(212, 3), new) == (
        "212 photographs found in card, 3 still missing."
    )
    assert "None of the photographs" in relocated_words(Relocated(0, 9), new)


def test_watch_folders_stand_where_the_hint_stood(panel: SourcesPanel) -> None:
    panel.set_watch([Entry(Kind.FOLDER, "incoming", "watch", detail="3 waiting")])
    assert lines(panel)[-1] == "incoming, 3 waiting"


def test_batches_show_state_and_counts(qtbot: QtBot, desk: Desk, panel: SourcesPanel) -> None:
    """A batch of a real queue, its photographs waiting."""
    project = next(one for one in panel.projects if one.name == "Trip")
    desk.ask(lambda services: _enqueue(services, project.name))
    panel.take(ModelLoading("builtin"))
    assert not panel._following.isActive()
    panel.take(JobFinished(JobId(1), Totals()))
    qtbot.waitUntil(lambda: "Clean, 0 of 20, Waiting" in lines(panel), timeout=5000)
    with qtbot.waitSignal(panel.narrowed) as narrowed:
        panel.tree.setCurrentItem(line(panel, "Clean"))
    assert narrowed.args[0] is None
    assert narrowed.args[2] == "Clean"
    with qtbot.waitSignal(panel.batch_menu_wanted) as menu:
        panel._menu_at(panel.tree.visualItemRect(line(panel, "Clean")).center())
    assert menu.args[0] == narrowed.args[1]


def _enqueue(services: Services, project: str) -> None:
    from core.library.intake import job_request
    from core.recipe import EditSettings, OutputSettings, Recipe
    from core.scan import scan

    (source,) = (one.folder for one in services.photos.sources(services.projects.all()[0].id)
                 if one.folder.name == "DCIM")  # fmt: skip
    recipe = Recipe(
        edit=EditSettings(), output=OutputSettings(folder=source.parent.with_name("results"))
    )
    model = services.registry.get("builtin")
    found = scan([source])
    services.queue.enqueue(
        job_request(
            found, recipe, model, services.catalog, inputs=[source], project=project, name="Clean"
        )
    )


def test_a_name_that_is_taken_is_refused_beside_the_field(qtbot: QtBot) -> None:
    dialog = ProjectNameDialog("New project", ["Trip", "Wedding"])
    qtbot.addWidget(dialog)
    ok = dialog._buttons.button(QDialogButtonBox.StandardButton.Ok)
    assert not ok.isEnabled()
    dialog._field.setText(" trip ")
    assert dialog.problem == "There is a project called trip already."
    assert not ok.isEnabled()
    dialog._field.setText("  Trip   two ")
    assert (dialog.problem, dialog.name, ok.isEnabled()) == ("", "Trip two", True)


def test_renaming_to_its_own_name_is_no_trouble(qtbot: QtBot) -> None:
    dialog = ProjectNameDialog("Rename", ["Trip"], "Trip")
    qtbot.addWidget(dialog)
    assert dialog.problem == ""


def test_every_line_has_a_name_for_screen_readers(panel: SourcesPanel) -> None:
    role = Qt.ItemDataRole.AccessibleTextRole
    assert all(item.data(0, role) for item in panel.tree.items())
