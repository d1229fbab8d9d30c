"""How much memory there is decides what is opened: a container's limit counts, not its host's."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from core.engine.memory import MemoryBudget, MemoryGauge
from core.errors import ImageReadError, Reason

GIB = 1 << 30


def write(folder: Path, **values: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in values.items():
        (folder / name.replace("__", ".")).write_text(f"{value}\n")


def gauge(tmp_path: Path, line: str) -> MemoryGauge:
    (tmp_path / "cgroup").write_text(f"{line}\n")
    return MemoryGauge(tmp_path / "cgroup", tmp_path / "mount")


def test_the_tightest_group_around_counts_and_pages_of_files_are_free(tmp_path: Path) -> None:
    outer = tmp_path / "mount" / "user"
    write(outer, memory__max=GIB, memory__current=GIB // 2, memory__stat="inactive_file 1024")
    write(outer / "me", memory__max="max", memory__current=5, memory__stat="")
    found = gauge(tmp_path, "0::/user/me")
    assert found.total() == GIB
    assert found.free() == GIB // 2 + 1024
    assert found.free_with_swap() == GIB // 2 + 1024


def test_the_older_kind_of_groups_is_read_too(tmp_path: Path) -> None:
    names = {"memory__limit_in_bytes": GIB, "memory__usage_in_bytes": GIB - 4096}
    write(tmp_path / "mount/memory/box", **names, memory__stat="total_active_file 96")
    found = gauge(tmp_path, "4:memory:/box")
    assert (found.total(), found.free()) == (GIB, 4192)


@pytest.mark.parametrize("line", ["0::/", "", "4:memory:/box", "9:name=systemd:/"])
def test_without_a_limit_the_whole_computer_counts(tmp_path: Path, line: str) -> None:
    unlimited = {"memory__limit_in_bytes": 9223372036854771712, "memory__usage_in_bytes": 1}
    write(tmp_path / "mount/memory/box", **unlimited, memory__stat="")
    found = gauge(tmp_path, line)
    assert found.total() == psutil.virtual_memory().total
    assert 0 < found.free() <= found.total()
    assert found.held() > 1 << 20
    assert found.held(2**22 + 1) == 0


class Fixed(MemoryGauge):
    """A computer with a given memory; `ours` is what this process holds."""

    def __init__(self, total: float, free: float, ours: float = 0.0) -> None:
        super().__init__()
        self.values = {"total": total, "free": free, "held": ours}

    def total(self) -> int:
        return int(self.values["total"] * 1e9)

    def free_with_swap(self) -> int:
        return int(self.values["free"] * 1e9)

    def held(self, pid: int | None = None) -> int:
        return int(self.values["held"] * 1e9)


def refusal(budget: MemoryBudget, megapixels: int) -> ImageReadError | None:
    try:
        budget.check("a.tif", 1000, megapixels * 1000)
    except ImageReadError as error:
        return error
    return None


def test_what_no_closing_of_programs_can_help_is_too_large() -> None:
    budget = MemoryBudget(Fixed(total=16, free=12))
    error = refusal(budget, 300)
    assert error is not None
    assert error.reason is Reason.TOO_LARGE
    assert "1000 x 300000 pixels" in error.message
    assert "19 GB" in error.message
    assert error.hint


def test_what_only_lacks_free_memory_is_told_so() -> None:
    error = refusal(MemoryBudget(Fixed(total=16, free=1.5)), 24)
    assert error is not None
    assert error.reason is Reason.OOM_HOST
    assert "Close other programs" in error.hint


def test_what_this_process_holds_already_is_not_asked_for_twice() -> None:
    """Or the second large photograph of a batch would be refused after the first one."""
    computer = Fixed(total=8, free=1.9, ours=0.9)
    budget = MemoryBudget(computer)
    assert refusal(budget, 24) is None
    computer.values |= {"free": 1.0, "held": 1.9}
    assert refusal(budget, 24) is None
    assert refusal(budget, 100) is not None
