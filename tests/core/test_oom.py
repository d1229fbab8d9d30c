"""Telling the kernel's out-of-memory killer from somebody's kill -9."""

from __future__ import annotations

from pathlib import Path

from core.oom import OomWitness, find_counter


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_rise_counts_until_it_is_old(tmp_path: Path) -> None:
    """An old kill of another program must not send a photograph down the memory ladder."""
    counter, clock = tmp_path / "memory.events", Clock()
    counter.write_text("oom 3\noom_kill 2\n")
    witness = OomWitness(counter, clock)
    assert not witness.struck()
    counter.write_text("oom 3\noom_kill 3\n")
    assert witness.struck()
    for _ in range(2):
        clock.now += 6
        witness.tick()
    assert not witness.struck()


def test_messages_that_are_read_after_the_kill_do_not_hide_it(tmp_path: Path) -> None:
    counter, clock = tmp_path / "memory.events", Clock()
    counter.write_text("oom_kill 0\n")
    witness = OomWitness(counter, clock)
    counter.write_text("oom_kill 1\n")
    clock.now = 6
    witness.tick()  # a frame that was still in the pipe
    witness.tick()
    assert witness.struck()


def test_a_counter_that_cannot_be_read_never_accuses(tmp_path: Path) -> None:
    assert not OomWitness(tmp_path / "missing").struck()


def test_the_counter_of_the_own_group_is_found(tmp_path: Path) -> None:
    cgroups, mount = tmp_path / "cgroup", tmp_path / "fs"
    machine = tmp_path / "vmstat"
    machine.write_text("oom_kill 7\n")
    cgroups.write_text("4:memory:/box/one\n0::/\n")
    assert find_counter(cgroups, mount, machine) == machine
    v1 = mount / "memory/box/one/memory.oom_control"
    v1.parent.mkdir(parents=True)
    v1.write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 0\n")
    assert find_counter(cgroups, mount, machine) == v1
    cgroups.write_text("0::/user.slice\n")
    v2 = mount / "user.slice/memory.events"
    v2.parent.mkdir(parents=True)
    v2.write_text("low 0\noom_kill 0\n")
    assert find_counter(cgroups, mount, machine) == v2
