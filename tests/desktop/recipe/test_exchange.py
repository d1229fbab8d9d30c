"""Recipes that come and go: pasted, dropped, saved as presets; lost ones cost users their work."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication
from PySide6.QtWidgets import QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from core.presets import load_presets, shipped_presets
from core.recipe import Mode, Recipe
from desktop.recipe.panel import RecipePanel

CLEAN, PAINT = shipped_presets()[0], shipped_presets()[4]


def test_a_recipe_is_copied_and_pasted(panel: RecipePanel, qtbot: QtBot) -> None:
    heard: list[Recipe] = []
    panel.recipe_changed.connect(heard.append)
    panel.draft.set_value("keep_grain", 33)
    panel.header.copy.click()
    copied = panel.recipe
    panel.show_recipe(PAINT)
    with qtbot.waitSignal(panel.recipe_restored):
        panel.header.paste.click()
    assert panel.recipe.edit == copied.edit
    assert heard[-1].edit == copied.edit


def test_what_was_pasted_is_said_only_as_long_as_it_is_so(panel: RecipePanel, qtbot: QtBot) -> None:
    """A report about another photograph's recipe must not stand over this one's dials."""
    panel.draft.set_value("keep_grain", 40)
    panel.copy_recipe()
    panel.draft.undo_stack.undo()
    panel.paste_recipe()
    qtbot.waitUntil(lambda: panel.banner.message == "Recipe pasted.")
    assert panel.recipe.edit.keep_grain == 40
    panel.draft.undo_stack.undo()
    assert not panel.banner.message
    panel.paste_recipe()
    qtbot.waitUntil(lambda: panel.banner.message == "Recipe pasted.")
    panel.show_recipe(shipped_presets()[2])
    assert not panel.banner.message


def test_a_clipboard_without_a_recipe_is_said_in_place(panel: RecipePanel, qtbot: QtBot) -> None:
    QGuiApplication.clipboard().setText("good morning")
    before = panel.recipe
    panel.header.paste.click()
    qtbot.waitUntil(lambda: bool(panel.banner.message))
    assert panel.recipe == before


def test_a_picture_of_another_program_restores_its_recipe_and_says_what_is_missing(
    panel: RecipePanel, qtbot: QtBot, tmp_path: Path
) -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text(
        "parameters",
        "a street in rain\nSteps: 24, Sampler: DDIM, CFG scale: 7, Seed: 42, "
        "Denoising strength: 0.35, Model: dreamer, Hires upscale: 2",
    )
    path = tmp_path / "a1111.png"
    Image.new("RGB", (16, 16), "grey").save(path, pnginfo=notes)
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    event = QDropEvent(
        QPointF(10, 10), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    with qtbot.waitSignal(panel.recipe_restored, timeout=20_000):
        panel.dropEvent(event)
    edit = panel.recipe.edit
    assert (edit.mode, edit.strength, edit.seed) == (Mode.REPAINT, 0.35, 42)
    assert edit.num_inference_steps == 24
    assert "dreamer" in panel.banner.message
    assert "Hires upscale: 2" in panel.banner.hint
    assert "takes no prompt" in panel.banner.hint
    panel.draft.undo_stack.undo()
    assert panel.recipe.edit == CLEAN.edit


def test_a_preset_is_saved_renamed_and_deleted(
    panel: RecipePanel, own_home: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = panel.form.presets
    names = iter(["Wedding", "Weddings"])
    monkeypatch.setattr(box, "_ask_name", lambda *_words: next(names))
    panel.draft.set_values({"keep_grain": 25, "folder": Path("/out")})
    box.save()
    qtbot.waitUntil(lambda: box.box.currentText() == "Wedding")
    assert panel.draft.state.base.output.folder is None
    assert panel.recipe.output.folder == Path("/out")
    box.rename()
    qtbot.waitUntil(lambda: box.box.currentText() == "Weddings")
    assert panel.recipe.edit.keep_grain == 25
    shipped = len(shipped_presets())
    assert [p.name for p in load_presets(own_home / "presets")][shipped:] == ["Weddings"]
    monkeypatch.setattr(QMessageBox, "exec", lambda box: box.findChild(QPushButton).click())
    box.delete()
    qtbot.waitUntil(lambda: len(load_presets(own_home / "presets")) == shipped)
    assert panel.recipe.edit.keep_grain == 25


def test_a_taken_preset_name_is_said_in_place(
    panel: RecipePanel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(panel.form.presets, "_ask_name", lambda *_words: "Paint")
    panel.form.presets.save()
    qtbot.waitUntil(lambda: bool(panel.banner.message))
    assert "Paint" in panel.banner.message
