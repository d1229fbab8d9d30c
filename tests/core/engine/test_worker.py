"""Photographs in, finished files out: grouped, canceled, retried, and each trouble its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch

from core.engine.messages import (
    Announced,
    FromRender,
    ItemCanceled,
    ItemTrouble,
    Rendered,
    Stepped,
)
from core.errors import BatchStopped, Reason, SettingsError
from core.images.decode import read_photo
from core.images.metadata import read_provenance
from core.models.spec import ModelSpec
from tests.core.engine.rig import Predict, Rig, grey, nan
from tests.core.engine.samples import photograph, save


def test_one_photograph_is_announced_stepped_and_rendered(rig: Rig) -> None:
    source = photograph(60, 80)
    rig.add(source, num_inference_steps=3)
    rig.work()
    kinds = [type(message) for message in rig.heard]
    assert kinds == [Announced, Stepped, Stepped, Stepped, Rendered]
    assert [(m.step, m.steps) for m in rig.of(Stepped)] == [(1, 3), (2, 3), (3, 3)]
    (rendered,) = rig.of(Rendered)
    assert (rendered.width, rendered.height) == (80, 60)
    assert rig.result(1).shape == source.shape
    assert (rig.result(1) != source).any()
    assert rendered.facts["dtype"] == "fp32"


def test_the_same_edit_gives_the_same_bytes(spec: ModelSpec, tmp_path: Path) -> None:
    """Alone or among others, first or last, whole batch or resumed."""
    pictures = [photograph(60, 80, seed=k) for k in range(5)]
    edit = {"mode": "repaint", "strength": 0.3, "scheduler": "euler-a"}

    def hashes(name: str, order: list[int], rows: int) -> dict[int, str]:
        folder = tmp_path / name
        folder.mkdir()
        rig = Rig(spec, folder, rows=rows)
        for number in order:
            rig.add(pictures[number], **edit)
        rig.work()
        return {order[m.item - 1]: m.sha256 for m in rig.of(Rendered)}

    expected = hashes("a", [0, 1, 2, 3, 4], 2)
    assert hashes("b", [4, 2, 0, 3, 1], 2) == expected
    assert hashes("c", [3], 2) == {3: expected[3]}
    assert hashes("d", [0, 1, 2, 3, 4], 3) == expected


def test_photographs_of_one_shape_share_their_passes(spec: ModelSpec, tmp_path: Path) -> None:
    rig = Rig(spec, tmp_path, rows=2)
    for size in ((60, 80), (60, 80), (80, 60), (60, 80)):
        rig.add(photograph(*size))
    rig.work()
    assert rig.calls == [(2, 3, 64, 80), (2, 3, 80, 64), (2, 3, 64, 80)]
    assert {m.item for m in rig.of(Rendered)} == {1, 2, 3, 4}


def test_a_large_photograph_fills_passes_with_its_own_tiles(
    spec: ModelSpec, tmp_path: Path
) -> None:
    rig = Rig(spec, tmp_path, rows=2)
    rig.add(photograph(200, 220))
    rig.add(photograph(200, 220))
    rig.work()
    assert all(shape[0] == 2 for shape in rig.calls)
    steps = [(m.item, m.step) for m in rig.of(Stepped)]
    assert steps == sorted(steps)
    assert [m.item for m in rig.of(Rendered)] == [1, 2]


def test_one_that_must_be_alone_is_alone(spec: ModelSpec, tmp_path: Path) -> None:
    """It killed the process before: nobody else may be blamed for it again."""
    rig = Rig(spec, tmp_path, rows=3)
    for number in range(4):
        rig.add(photograph(60, 80), alone=number in (1, 2))
    rig.work()
    order = [(type(m).__name__, m.item) for m in rig.heard if isinstance(m, Announced | Rendered)]
    expected = [(kind, item) for item in (1, 2, 3, 4) for kind in ("Announced", "Rendered")]
    assert order == expected


def test_unchanged_photographs_keep_their_bytes(rig: Rig) -> None:
    rig.add(photograph(60, 80), amount=0)
    rig.add(photograph(60, 80, sigma=0), amount="auto")
    rig.work()
    assert [m.unchanged for m in rig.of(Rendered)] == [True, True]
    assert rig.calls == []
    for item in (1, 2):
        source = rig.folder / f"{item}.png"
        assert (rig.folder / f"{item}.tmp").read_bytes() == source.read_bytes()


def test_one_files_trouble_is_one_files_trouble(rig: Rig) -> None:
    good = photograph(60, 80)
    rig.add(good)
    broken = save(rig.folder, "broken.jpg", good)
    broken.write_bytes(broken.read_bytes()[:-400])
    rig.add(broken)
    rig.add(good)
    rig.work()
    assert [m.item for m in rig.of(Rendered)] == [1, 3]
    (trouble,) = rig.of(ItemTrouble)
    assert (trouble.item, trouble.reason) == (2, Reason.TRUNCATED)
    assert "broken.jpg" in trouble.message


def test_a_setting_of_no_use_stops_the_batch(rig: Rig) -> None:
    rig.add(photograph(60, 80), prompt="watercolour")
    with pytest.raises(SettingsError):
        rig.work()


def test_canceled_photographs_are_dropped_at_the_next_call(rig: Rig) -> None:
    rig.add(photograph(60, 80), num_inference_steps=50)
    rig.add(photograph(60, 80))

    def cancel_on_call(plain: Predict) -> Predict:
        rig.canceled |= {1, 2}
        return plain

    rig.work(cancel_on_call)
    assert len(rig.calls) == 1
    assert {m.item for m in rig.of(ItemCanceled)} == {1, 2}
    assert rig.of(Rendered) == []
    assert rig.files() == set()


REPAINT: dict[str, Any] = {"mode": "repaint", "strength": 0.3}


@pytest.mark.parametrize(("spoil", "reason"), [(nan, Reason.NAN), (grey, Reason.BLACK)])
def test_a_ruined_result_is_never_written(
    rig: Rig, spoil: Callable[[Predict], Predict], reason: Reason
) -> None:
    rig.add(photograph(60, 80), **REPAINT)
    rig.work(spoil)
    (trouble,) = rig.of(ItemTrouble)
    assert trouble.reason is reason
    assert trouble.hint
    assert rig.files() == set()


@pytest.mark.parametrize("spoil", [nan, grey])
def test_what_low_precision_ruins_is_done_again_in_fp32(
    spec: ModelSpec, tmp_path: Path, spoil: Callable[[Predict], Predict]
) -> None:
    rig = Rig(spec, tmp_path, dtype="bf16")
    rig.add(photograph(60, 80), **REPAINT)
    rig.work(spoil)
    (rendered,) = rig.of(Rendered)
    assert rendered.facts["dtype"] == "fp32"
    exact = Rig(spec, tmp_path / "exact", dtype="fp32")
    exact.folder.mkdir()
    exact.add(photograph(60, 80), **REPAINT)
    exact.work()
    assert (rig.result(1) == exact.result(1)).all()


def test_clean_never_changes_a_pixel_by_more_than_six_sigma(rig: Rig) -> None:
    """Whatever the network says: here, that all is white."""

    def white(plain: Predict) -> Predict:
        def answer(samples: torch.Tensor, timesteps: torch.Tensor) -> torch.Tensor:
            v = plain(samples, timesteps)
            v[..., 20:40, 20:40] = -50.0
            return v

        return answer

    source = photograph(160, 200)
    rig.add(source, amount=5)
    rig.work(white)
    (rendered,) = rig.of(Rendered)
    change = np.abs(rig.result(1).astype(int) - source)
    assert change.max() <= 6 * 5
    assert (change[18:42, 18:42] == 0).all()
    assert 0 < float(rendered.facts["guarded"]) < 100
    assert "left as it was" in str(rendered.facts["note"])


def test_a_full_disk_stops_the_batch_and_leaves_no_file(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(fd: int, data: object) -> int:
        raise OSError(28, "No space left on device")

    rig.add(photograph(60, 80))
    monkeypatch.setattr("os.write", full)
    with pytest.raises(BatchStopped):
        rig.work()
    assert rig.files() == set()


def test_nothing_that_goes_wrong_while_writing_is_lost(rig: Rig) -> None:
    """A photograph that is neither reported nor failed would be waited for for ever."""

    def deaf(message: FromRender) -> None:
        if isinstance(message, Rendered):
            raise ValueError("no message")

    rig.heard = Deaf(deaf)
    rig.add(photograph(60, 80))
    with pytest.raises(ValueError, match="no message"):
        rig.work()


class Deaf(list[FromRender]):
    """A parent's ear that does not take everything."""

    def __init__(self, hear: Callable[[FromRender], None]) -> None:
        super().__init__()
        self.append = hear


def test_a_result_says_how_it_was_made_and_nothing_of_when_or_where(rig: Rig) -> None:
    rig.add(photograph(60, 80), **REPAINT, num_inference_steps=10)
    rig.work()
    note = read_provenance(rig.folder / "1.tmp")
    assert note is not None
    assert note.properties["key"] == "k"
    assert note.properties["steps"] == "3"
    seed = note.properties["seed"]
    assert note.parameters == (
        f"Steps: 10, Sampler: DDIM, CFG scale: 1, Seed: {seed}, Size: 80x60, "
        f"Model hash: {rig.spec.hashes()[0][:10]}, Model: small, Denoising strength: 0.3, "
        "Version: Regrain"
    )
    assert str(rig.folder) not in str(note)


def test_sixteen_bits_come_back_as_sixteen_bits(rig: Rig) -> None:
    deep = photograph(60, 80).astype(np.uint16) * 257 + 3
    path = rig.folder / "deep.tif"
    tifffile.imwrite(path, deep, photometric="rgb")
    rig.add(path)
    rig.work()
    result = read_photo(rig.folder / "1.tmp").pixels
    assert result.dtype == np.uint16
    assert len(np.unique(result % 257)) > 100
