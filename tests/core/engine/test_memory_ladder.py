"""Memory that runs out costs time, not the batch: each rung is tried before one fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from core.engine.ladder import Rung, is_out_of_memory, rungs
from core.engine.messages import (
    ItemTrouble,
    Numerics,
    Rendered,
)
from core.errors import Reason
from core.models.spec import ModelSpec
from tests.core.engine.rig import Predict, Rig
from tests.core.engine.samples import photograph


def oom_over(pixels: int, error: BaseException) -> Callable[[Predict], Predict]:
    """Run out of memory in every pass of more pixels than that."""

    def spoil(plain: Predict) -> Predict:
        def answer(samples: torch.Tensor, timesteps: torch.Tensor) -> torch.Tensor:
            if samples.shape[0] * samples.shape[2] * samples.shape[3] > pixels:
                raise error
            return plain(samples, timesteps)

        return answer

    return spoil


ALLOCATOR = "[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory"


@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("CUDA out of memory"), MemoryError(), RuntimeError(ALLOCATOR)]
)
def test_too_large_a_pass_is_made_smaller(
    spec: ModelSpec, tmp_path: Path, error: BaseException
) -> None:
    rig = Rig(spec, tmp_path, rows=3)
    for seed in range(3):
        rig.add(photograph(60, 80, seed=seed))
    rig.work(oom_over(64 * 80, error))
    assert {m.item for m in rig.of(Rendered)} == {1, 2, 3}
    assert all("memory was short" in m.facts["memory"] for m in rig.of(Rendered))
    assert rig.calls[0][0] == 3
    assert rig.calls[-1][0] == 1


def test_whole_pictures_go_in_tiles_when_memory_is_short(spec: ModelSpec, tmp_path: Path) -> None:
    spec = spec.model_copy(update={"native_size": 512})
    rig = Rig(spec, tmp_path)
    rig.numerics = rig.numerics.model_copy(update={"tile": 512})
    rig.add(photograph(300, 300))
    rig.work(oom_over(256 * 256, MemoryError()))
    (rendered,) = rig.of(Rendered)
    assert rendered.facts["tile"] == 256
    assert int(rendered.facts["tiles"]) > 1


def test_what_fits_nowhere_has_a_name(rig: Rig) -> None:
    rig.add(photograph(60, 80))
    rig.add(photograph(60, 80), amount=0)
    rig.work(oom_over(0, MemoryError()))
    (trouble,) = rig.of(ItemTrouble)
    assert trouble.reason is Reason.OOM_HOST
    assert [m.item for m in rig.of(Rendered)] == [2]
    assert rig.files() == {"2.tmp"}


def test_the_processor_is_the_last_way_out_of_a_full_card(spec: ModelSpec, tmp_path: Path) -> None:
    rig = Rig(spec, tmp_path, device="cuda:0")
    rig.add(photograph(60, 80))
    rig.work(oom_over(0, torch.OutOfMemoryError("CUDA out of memory")), cpu=True)
    (rendered,) = rig.of(Rendered)
    assert "on the processor" in str(rendered.facts["memory"])


def test_a_card_that_the_user_chose_is_not_left(spec: ModelSpec, tmp_path: Path) -> None:
    rig = Rig(spec, tmp_path, device="cuda:0")
    rig.add(photograph(60, 80))
    rig.work(oom_over(0, torch.OutOfMemoryError("CUDA out of memory")))
    (trouble,) = rig.of(ItemTrouble)
    assert trouble.reason is Reason.OOM_GPU


def test_other_errors_are_no_lack_of_memory(rig: Rig) -> None:
    rig.add(photograph(60, 80))
    with pytest.raises(RuntimeError, match="illegal"):
        rig.work(oom_over(0, RuntimeError("CUDA error: an illegal memory access")))
    assert not is_out_of_memory(RuntimeError("shape mismatch"))


def test_the_ladder_only_goes_down() -> None:
    numerics = Numerics(device="cuda:0", rows=8, tile=768)
    steps = list(rungs(numerics, cpu_allowed=True))
    assert steps[:2] == [Rung(8, 768), Rung(8, 768)]
    assert [(s.rows, s.tile, s.on_cpu) for s in steps[2:]] == [
        (1, 768, False),
        (1, 512, False),
        (1, 256, False),
        (1, 256, True),
    ]
