"""What a death of the render process means: the rules, without any process."""

from __future__ import annotations

import signal

from core.child import Death
from core.engine.host import Died, Ending
from core.engine.messages import DEVICE_LOST_EXIT, Numerics
from core.library.ids import ItemId
from core.runner.deaths import OUTSIDE_KILLS_TO_BLOCK, Suspects, Verdict, ladder

A, B, C = ItemId(1), ItemId(2), ItemId(3)
CRASH = Died(Death(-signal.SIGSEGV))
KILL = Died(Death(-signal.SIGKILL))
OOM = Died(Death(-signal.SIGKILL, oom_killed=True))
LOSS = Died(Death(DEVICE_LOST_EXIT))
SHORT = Died(Death(-signal.SIGKILL, asked=True), ending=Ending.MEMORY)
HANG = Died(Death(-signal.SIGKILL, asked=True), ending=Ending.SILENT)


def judge(
    suspects: Suspects,
    died: Died,
    *items: ItemId,
    alone: bool = False,
    rungs: int = 3,
    lane: int = 0,
):
    return suspects.judge(died, items, alone=alone, rungs=rungs, lane=lane)


def test_a_crash_counts_for_what_was_announced_and_makes_it_lonely() -> None:
    suspects = Suspects()
    judgement = judge(suspects, CRASH, A, B)
    assert judgement.items == {A: Verdict.CRASHED, B: Verdict.CRASHED}
    assert not judgement.block
    assert suspects.is_alone(A)
    assert suspects.is_alone(B)
    assert not suspects.is_alone(C)


def test_a_kill_from_outside_counts_for_nothing() -> None:
    suspects = Suspects()
    for _ in range(OUTSIDE_KILLS_TO_BLOCK - 1):
        judgement = judge(suspects, KILL, A)
        assert judgement.items == {A: Verdict.AGAIN}
        assert not judgement.block
    assert not suspects.is_alone(A)


def test_one_who_always_kills_is_noticed_at_last() -> None:
    """Otherwise a guard that kills large processes would have us start over for ever."""
    suspects = Suspects()
    blocks = [judge(suspects, KILL, A).block for _ in range(OUTSIDE_KILLS_TO_BLOCK)]
    assert blocks[-1]
    assert not any(blocks[:-1])


def test_a_kill_does_not_clear_an_earlier_suspicion() -> None:
    suspects = Suspects()
    judge(suspects, CRASH, A)
    judge(suspects, KILL, A)
    assert suspects.is_alone(A)


def test_three_crashes_on_different_photographs_are_the_devices() -> None:
    suspects = Suspects()
    assert not judge(suspects, CRASH, A).block
    assert not judge(suspects, CRASH, B).block
    assert judge(suspects, CRASH, C).block


def test_a_finished_photograph_in_between_clears_the_device() -> None:
    suspects = Suspects()
    judge(suspects, CRASH, A)
    judge(suspects, CRASH, B)
    suspects.item_finished()
    assert not judge(suspects, CRASH, C).block


def test_photographs_that_crashed_among_good_ones_do_not_stop_the_batch_at_its_end() -> None:
    """They come last, alone, one after the other: a folder watched for months must go on."""
    suspects = Suspects()
    for item in (A, B, C):
        judge(suspects, CRASH, item)
        suspects.item_finished()
    for item in (A, B, C):
        for _ in range(3):
            judgement = judge(suspects, CRASH, item, alone=True)
            assert judgement.items == {item: Verdict.CRASHED}
            assert not judgement.block


def test_one_photograph_that_always_crashes_never_blocks_the_batch() -> None:
    suspects = Suspects()
    assert not any(judge(suspects, CRASH, A, alone=True).block for _ in range(5))


def test_a_process_that_never_gets_to_work_blocks_the_batch() -> None:
    """A broken installation must say so, not start processes for ever."""
    died = Died(Death(1, stderr="Traceback\nImportError: libcudart.so.12 is missing"))
    suspects = Suspects()
    blocks = [judge(suspects, died).block for _ in range(3)]
    assert blocks[:2] == ["", ""]
    assert "libcudart" in blocks[2]


def test_a_hang_beside_others_accuses_nobody_yet() -> None:
    suspects = Suspects()
    for _ in range(3):
        judgement = judge(suspects, HANG, A, B)
        assert judgement.items == {A: Verdict.AGAIN, B: Verdict.AGAIN}
    assert suspects.is_alone(A)


def test_a_second_hang_alone_is_the_photographs() -> None:
    suspects = Suspects()
    assert judge(suspects, HANG, A).items == {A: Verdict.AGAIN}
    assert judge(suspects, HANG, A, alone=True).items == {A: Verdict.TIMED_OUT}


def test_a_device_that_fails_three_times_in_five_minutes_stops_the_batch() -> None:
    """And no photograph is counted as failed for it."""
    now = [0.0]
    suspects = Suspects(lambda: now[0])
    first = judge(suspects, LOSS, A)
    assert first.items == {A: Verdict.CRASHED}
    now[0] = 301
    assert not judge(suspects, LOSS, A).block, "the first one is long ago"
    assert not judge(suspects, LOSS, A).block
    third = judge(suspects, LOSS, A)
    assert "device stopped answering" in third.block
    assert third.items == {A: Verdict.AGAIN}


def test_a_photograph_that_alone_breaks_the_device_does_not_stop_the_batch() -> None:
    suspects = Suspects()
    judge(suspects, LOSS, A)
    suspects.item_finished()
    for _ in range(5):
        judgement = judge(suspects, LOSS, A, alone=True)
        assert judgement.items == {A: Verdict.CRASHED}
        assert not judgement.block


def test_a_process_ended_for_its_memory_is_as_one_that_the_kernel_ended() -> None:
    suspects = Suspects()
    verdicts = [judge(suspects, SHORT, A, alone=True).items[A] for _ in range(3)]
    assert verdicts == [Verdict.AGAIN] * 2 + [Verdict.OUT_OF_MEMORY]


def test_too_little_memory_to_load_the_model_is_said_as_such() -> None:
    suspects = Suspects()
    assert [bool(judge(suspects, SHORT).block) for _ in range(3)] == [False, False, True]
    assert "too little free memory" in judge(suspects, SHORT).block


def test_want_of_memory_walks_the_ladder_to_its_end() -> None:
    suspects = Suspects()
    verdicts = [judge(suspects, OOM, A, B).items[A]]
    levels = [suspects.level(A)]
    for _ in range(3):
        verdicts.append(judge(suspects, OOM, A, alone=True).items[A])
        levels.append(suspects.level(A))
    assert levels == [0, 1, 2, 3]
    assert verdicts == [Verdict.AGAIN] * 3 + [Verdict.OUT_OF_MEMORY]
    assert suspects.level(B) == 0


def test_the_ladder_takes_one_thing_away_at_a_time() -> None:
    rungs = ladder(Numerics(rows=4, tile=768, dtype="bf16"))
    assert [(rung.rows, rung.tile) for rung in rungs] == [(4, 768), (1, 768), (1, 512), (1, 256)]
    assert {rung.dtype for rung in rungs} == {"bf16"}
    assert len(ladder(Numerics(rows=1, tile=256))) == 1


def test_photographs_that_crash_one_device_after_the_other_block_neither() -> None:
    """They were among good ones on the first device, and the second one has seen nothing else."""
    suspects = Suspects()
    for item in (A, B, C):
        judge(suspects, CRASH, item, lane=0)
        suspects.item_finished(0)
    for item in (A, B, C):
        assert not judge(suspects, CRASH, item, alone=True, lane=1).block


def test_what_one_device_finishes_does_not_excuse_another() -> None:
    """A broken card beside a good one must be noticed, and its photographs not be blamed."""
    suspects = Suspects()
    blocks = []
    for item in (A, B, C):
        blocks.append(judge(suspects, CRASH, item, lane=1).block)
        suspects.item_finished(0)
    assert [bool(block) for block in blocks] == [False, False, True]


def test_it_is_known_where_a_photograph_did_harm_and_that_it_is_greedy() -> None:
    suspects = Suspects()
    judge(suspects, CRASH, A, lane=1)
    judge(suspects, KILL, A, lane=0)
    judge(suspects, OOM, B, lane=0)
    assert (suspects.deaths(A, 0), suspects.deaths(A, 1)) == (0, 1)
    assert suspects.is_greedy(B)
    assert not suspects.is_greedy(A)
