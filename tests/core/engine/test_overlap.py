"""Files are read and written while the network works, as far as memory allows."""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from core.engine import photographs
from core.engine.change import Verdict, all_finite
from core.engine.memory import MemoryBudget
from core.engine.messages import Numerics
from core.engine.photographs import Photographs
from core.engine.reader import Reader
from core.engine.worker import _large_pixels
from core.engine.writer import LARGE_PIXELS
from core.errors import ImageReadError, Reason
from tests.core.engine.samples import photograph, save

WAIT = 60.0


def task_of(pixels: int) -> Any:
    return SimpleNamespace(prepared=SimpleNamespace(photo=SimpleNamespace(width=pixels, height=1)))


@pytest.mark.parametrize(("large", "expected"), [(100, {1, 2}), (99, {1})])
def test_none_is_read_beside_one_that_is_large(large: int, expected: set[int]) -> None:
    """Cameras' photographs that are read one by one leave a graphics card waiting."""
    begun, second = set(), threading.Event()

    def read(render: Any) -> Any:
        begun.add(render.item)
        if render.item == 2:
            second.set()
        return task_of(100)

    reader = Reader(read, ahead=1, large=large)
    waiting: deque[Any] = deque(SimpleNamespace(item=k, alone=False) for k in (1, 2))
    reader.take(waiting, nothing_taken=True)
    if 2 in expected:
        assert second.wait(WAIT)
    reader.close()
    assert begun == expected


class Gauge:
    def __init__(self, free: float) -> None:
        self._free = int(free)

    def free(self) -> int:
        return self._free

    def held(self, pid: int | None = None) -> int:
        return 0


def test_what_is_large_depends_on_the_memory_where_the_device_is_quick() -> None:
    def large(device: str, free: float, rows: int = 4) -> int:
        model: Any = SimpleNamespace(numerics=Numerics(device=device, rows=rows))
        gauge: Any = Gauge(free)
        return _large_pixels(model, MemoryBudget(gauge))

    assert large("cpu", 64e9) == LARGE_PIXELS
    assert large("cuda:0", 4e9) == LARGE_PIXELS
    assert 24e6 < large("cuda:0", 32e9) < 32e6
    assert large("cuda:0", 32e9, rows=8) < large("cuda:0", 32e9)


def test_versions_of_one_photograph_are_decoded_once_also_at_the_same_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several threads read ahead: a sweep's first pass would decode one file several times."""
    real, decoded, all_here = photographs.read_source, [], threading.Barrier(3)

    def read_source(render: Any) -> Any:
        decoded.append(render.source.name)
        return real(render)

    monkeypatch.setattr(photographs, "read_source", read_source)
    path = save(tmp_path, "one.png", photograph(60, 80))
    render = _render(path)
    reading, found = Photographs(MemoryBudget()), []

    def read() -> None:
        all_here.wait(WAIT)
        found.append(reading.read(render))

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT)
    assert decoded == ["one.png"]
    assert all(one is found[0] for one in found)
    save(tmp_path, "one.png", photograph(60, 80, seed=1))
    with pytest.raises(ImageReadError) as caught:
        reading.read(render)
    assert caught.value.reason is Reason.CHANGED_WHILE_READING
    found.clear()
    reading.read(_render(path))
    assert decoded == ["one.png", "one.png"], "nothing is kept for those that nobody has"


def _render(path: Path) -> Any:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return SimpleNamespace(source=path, source_sha256=digest, max_pixels=1 << 30)


def test_judging_a_result_takes_it_as_it_is() -> None:
    """Cheaper sums may not let a black picture through, nor refuse a dim one."""
    lively = torch.from_numpy(photograph(200, 300).astype(np.float32) / 255).permute(2, 0, 1)
    for spread, black in ((0.9 / 255, True), (1.1 / 255, False)):
        noise = torch.randn(lively.shape, generator=torch.Generator().manual_seed(1))
        verdict = Verdict()
        flat = 0.9 + spread * (noise - noise.mean()) / noise.std()
        verdict.add(lively.numpy(), flat.numpy())
        assert verdict.is_black() is black
        assert verdict.finite
    assert all_finite(torch.full((8,), 3e38)), "a sum beyond all numbers is none of its parts"
    for bad in (float("nan"), float("inf"), float("-inf")):
        verdict = Verdict()
        verdict.add(lively.numpy(), torch.where(lively == lively.max(), bad, lively).numpy())
        assert not verdict.finite
    assert not all_finite(torch.tensor([float("inf"), float("-inf")]))
