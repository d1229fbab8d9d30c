"""Which lane a photograph is handed to, and when another lane is worth its process."""

from __future__ import annotations

from collections.abc import Iterable

from core.library.ids import JobId
from core.runner.crew import Crew, Lane
from core.runner.deaths import Suspects
from core.runner.decide import ToRender
from core.runner.work import Work


def lane_for(work: Work, task: ToRender, lanes: Iterable[Lane], suspects: Suspects) -> Lane | None:
    """Return the lane to hand a photograph to, or to load its model on first; None: not now.

    A suspect is alone in its process, and goes to where it did no harm yet; one that took all the
    memory is alone in the whole computer.
    """
    item, level = task.claim.item, suspects.level(task.claim.item)
    alone = task.claim.alone or suspects.is_alone(item)
    greedy = any(suspects.is_greedy(flying) for flying in work.flights)
    if greedy or (work.flights and suspects.is_greedy(item)):
        return None
    free = [lane for lane in lanes if _can_take(work, lane, level, alone=alone)]

    def order(lane: Lane) -> tuple[int, bool, int]:
        holds = lane.engine.holds(work.job.id, level)
        return suspects.deaths(item, lane.number), not holds, len(work.flights_of(lane))

    return min(free, key=order, default=None)


def is_worth_more(crew: Crew, job: JobId, pending: int) -> bool:
    """Whether more is waiting than the lanes at work and one more will have in hand at once.

    Args:
        crew: the lanes, of which one is loaded.
        job: the batch in work.
        pending: its photographs that are not done, in work or not.
    """
    known = [lane.engine.capacity for lane in crew.at_work if lane.engine.holds(job, 0)]
    return bool(known) and pending > max(known) * (len(crew.at_work) + 1)


def _can_take(work: Work, lane: Lane, level: int, *, alone: bool) -> bool:
    flying, engine = work.flights_of(lane), lane.engine
    if not engine.holds(work.job.id, level):
        return not flying and not engine.loading
    if not flying:
        return True
    return not alone and not flying[0].alone and len(flying) < engine.capacity
