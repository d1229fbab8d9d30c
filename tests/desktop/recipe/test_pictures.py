"""The pictures in the panel: noise, schedule and stages; wrong ones would teach users nonsense."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from core.errors import ImageReadError, Reason
from core.events import Box, PreviewKind, PreviewPart
from core.models.spec import builtin_spec
from core.noise_levels import noise_levels
from core.plan import PictureSize
from core.recipe import Amount, EditSettings, Mode
from core.runner.previews import PreviewRequest
from desktop.recipe.chips import StrengthChips, next_strength
from desktop.recipe.curve import NoiseCurve
from desktop.recipe.dials import StopsDial, StrengthDial
from desktop.recipe.noise_picture import NoiseLoader, NoisePicture
from desktop.recipe.preview_panel import PreviewPanel
from desktop.recipe.schedule import levels_of
from desktop.theme import tokens

SIZE = PictureSize(60, 40)


def jpeg(colour: str, size: tuple[int, int] = (60, 40)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "JPEG")
    return buffer.getvalue()


@dataclass(frozen=True)
class Picture:
    jpeg: bytes


@dataclass
class FakeCodec:
    """Notes what it is asked for; waits at `gate` before each answer."""

    gate: threading.Event = field(default_factory=threading.Event)
    asked: list[tuple[Path, float]] = field(default_factory=list)
    closed: bool = False
    pid: int | None = None

    def noisy(self, path: Path, box: Box, max_side: int, ratio: float, seed: int = 0) -> Picture:
        assert self.gate.wait(10)
        self.asked.append((path, ratio))
        if path.stem == "broken":
            raise ImageReadError(Reason.TRUNCATED, "broken.jpg ends too early.")
        return Picture(jpeg("red"))

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def codec() -> FakeCodec:
    return FakeCodec()


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(900, 600)
    window.show()
    return window


@pytest.fixture
def picture(window: QWidget, codec: FakeCodec) -> Iterator[NoisePicture]:
    picture = NoisePicture(NoiseLoader(lambda: codec), window)
    picture.resize(280, 132)
    picture.show()
    yield picture
    codec.gate.set()
    picture.loader.end()
    assert codec.closed == bool(codec.asked)


def middle(widget: QWidget) -> QColor:
    image = widget.grab().toImage()
    return image.pixelColor(image.width() // 2, image.height() // 2)


def is_red(colour: QColor) -> bool:
    return colour.red() - colour.green() > 100


def test_of_many_noise_levels_only_the_first_and_the_last_are_made(
    picture: NoisePicture, codec: FakeCodec, qtbot: QtBot
) -> None:
    picture.set_photo(Path("a.jpg"), SIZE)
    for ratio in (0.1, 0.2, 0.3, 0.4):
        picture.show_ratio(ratio)
    with qtbot.waitSignal(picture.loader.made):
        codec.gate.set()
    qtbot.waitUntil(lambda: codec.asked[-1] == (Path("a.jpg"), 0.4))
    assert len(codec.asked) <= 2
    qtbot.waitUntil(lambda: is_red(middle(picture)))


def test_the_picture_of_another_photograph_is_not_shown(
    picture: NoisePicture, codec: FakeCodec, qtbot: QtBot
) -> None:
    picture.set_photo(Path("a.jpg"), SIZE)
    picture.show_ratio(0.1)
    picture.set_photo(Path("b.jpg"), SIZE)
    with qtbot.waitSignal(picture.loader.made):
        codec.gate.set()
    assert not is_red(middle(picture))


def test_a_photograph_that_cannot_be_read_leaves_an_empty_place(
    picture: NoisePicture, codec: FakeCodec, qtbot: QtBot
) -> None:
    codec.gate.set()
    picture.set_photo(Path("broken.jpg"), SIZE)
    with qtbot.waitSignal(picture.loader.made) as made:
        picture.show_ratio(0.1)
    assert made.args is not None
    assert made.args[1] is None


def test_clean_starts_the_curve_at_the_noise_that_was_found() -> None:
    edit = EditSettings(amount=Amount.MORE, num_inference_steps=2)
    levels = levels_of(edit, builtin_spec(), 10.0)
    assert levels.run[0] == pytest.approx(14 / 127.5)


def test_the_curve_fills_just_the_steps_that_run(window: QWidget) -> None:
    edit = EditSettings(mode=Mode.REPAINT, strength=0.3, num_inference_steps=20)
    levels = noise_levels(edit, builtin_spec())
    curve = NoiseCurve(window)
    curve.resize(280, 78)
    curve.show()
    curve.show_levels(levels.skipped, levels.run)
    assert curve.accessibleDescription() == "6 of 20 steps run"
    image = curve.grab().toImage()
    foot = image.height() - 24
    assert not _is_accent(image, 20, foot)
    assert _is_accent(image, image.width() - 40, foot)


def _is_accent(image: QImage, x: int, y: int) -> bool:
    colour, accent = image.pixelColor(x, y), QColor(tokens().accent)
    return abs(colour.hue() - accent.hue()) < 15 and colour.saturation() > 80


def test_zone_words_never_lie_on_each_other(window: QWidget) -> None:
    dial = StrengthDial(window)
    dial.set_zones(builtin_spec().zones)
    dial.resize(280, dial.height())
    for value in (0, 10, 30, 45, 80):
        dial.show_value(value)
        placed = sorted(dial.placed_words(), key=lambda word: word.left)
        for left, right in pairwise(placed):
            assert left.right < right.left
        here = [word.text for word in placed if word.here]
        assert here == [builtin_spec().zone(value / 100) or builtin_spec().zones[0].word]


def test_a_click_on_the_stop_behind_a_level_of_ones_own_takes_the_stop(
    window: QWidget, qtbot: QtBot
) -> None:
    dial = StopsDial(("less", "auto", "more"), window)
    dial.resize(280, dial.height())
    dial.show()
    dial.show_value(1)
    dial.set_free(1.4)
    moved: list[int] = []
    dial.moved.connect(moved.append)
    place = QPoint(round(dial.x_of(1)), round(dial.middle))
    qtbot.mouseClick(dial, Qt.MouseButton.LeftButton, pos=place)
    assert moved == [1]


def test_chips_add_a_near_strength_and_the_last_but_one_that_goes_ends_it(qtbot: QtBot) -> None:
    chips = StrengthChips()
    qtbot.addWidget(chips)
    told: list[tuple[float, ...]] = []
    chips.edited.connect(told.append)
    chips.set_active(0.3)
    chips.show_value(())
    chips.add.click()
    assert told == [(0.3, 0.4)]
    chips.show_value((0.3, 0.4))
    names = {each.accessibleName(): each for each in chips.findChildren(QWidget)}
    qtbot.mouseClick(names["Remove strength 0.40"], Qt.MouseButton.LeftButton)
    assert told[-1] == ()


@pytest.mark.parametrize("there", [(0.3,), (1.0,), (0.05, 1.0), (0.95, 1.0)])
def test_a_new_strength_is_allowed_and_not_there_yet(there: tuple[float, ...]) -> None:
    new = next_strength(there)
    assert 0 < new <= 1
    assert new not in there


def part(kind: PreviewKind, step: int, steps: int = 3, **facts: str) -> PreviewPart:
    data = jpeg("green", (400, 300))
    return PreviewPart(1, kind, (0, 0, 400, 300), 400, 300, data, step, steps, facts, 0.4)


@pytest.fixture
def stages(window: QWidget) -> PreviewPanel:
    panel = PreviewPanel(window)
    panel.resize(700, 220)
    panel.show()
    return panel


def request(*, stages: bool = True) -> PreviewRequest:
    return PreviewRequest(1, Path("a.jpg"), EditSettings(), stages=stages)


def test_stages_stand_in_two_rows_and_the_arrows_choose_among_them(
    stages: PreviewPanel, qtbot: QtBot
) -> None:
    stages.begin(request())
    for step in (1, 2, 3):
        stages.take(part(PreviewKind.NOISY, step))
        stages.take(part(PreviewKind.GUESS, step))
    assert stages.strip.steps == 3
    chosen: list[PreviewPart] = []
    stages.stage_chosen.connect(chosen.append)
    cell = stages.strip.cell((0, 2)).center().toPoint()
    qtbot.mouseClick(stages.strip, Qt.MouseButton.LeftButton, pos=cell)
    qtbot.keyClick(stages.strip, Qt.Key.Key_Down)
    qtbot.keyClick(stages.strip, Qt.Key.Key_Right)
    seen = [(each.kind, each.step) for each in chosen]
    assert seen == [(PreviewKind.NOISY, 2), (PreviewKind.GUESS, 2), (PreviewKind.GUESS, 3)]


def test_the_old_stages_stay_until_the_new_ones_come(stages: PreviewPanel) -> None:
    stages.begin(request())
    stages.take(part(PreviewKind.NOISY, 1, 6))
    stages.begin(request())
    assert stages.strip.steps == 6
    stages.take(part(PreviewKind.NOISY, 1, 2))
    assert stages.strip.steps == 2


def test_an_unchanged_photograph_leaves_no_old_stages(stages: PreviewPanel) -> None:
    stages.begin(request())
    stages.take(part(PreviewKind.NOISY, 1))
    stages.begin(request())
    stages.take(part(PreviewKind.FULL, 0, 0, note="already clean, unchanged"))
    assert stages.strip.steps == 0
    assert "already clean, unchanged" in stages.said


def test_stages_are_only_wanted_while_they_are_seen(stages: PreviewPanel) -> None:
    wanted: list[bool] = []
    stages.stages_wanted.connect(wanted.append)
    stages.hide()
    stages.show()
    assert wanted == [False, True]
