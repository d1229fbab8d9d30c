"""Which devices get a render process: by what was asked for and what there is."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from core.child import Death
from core.engine.host import Died, RenderHost
from core.engine.messages import LoadModel, ModelLoaded, Numerics
from core.errors import SettingsError
from core.library.ids import ItemId, JobId
from core.library.records import Claim, Job
from core.runner import EngineChoice
from core.runner.crew import Crew, Lane
from core.runner.deaths import Suspects
from core.runner.decide import ToRender
from core.runner.dispatch import lane_for
from core.runner.work import Flight, Work
from tests.lanes import fake_devices
from tests.runs import fake_model

JOB = JobId(1)
STORED = Numerics(device="cuda:0", dtype="bf16", rows=4, versions="torch 2")


class Mute:
    """A host that only notes what it is to load."""

    running = True

    def __init__(self) -> None:
        self.asked: list[LoadModel] = []

    def send(self, message: LoadModel) -> None:
        self.asked.append(message)


class Workshop:
    """A crew whose first lane has a model."""

    def __init__(self, asked: str) -> None:
        self.hosts: list[Mute] = []
        self.crew = Crew(self._host, EngineChoice(asked))

    def _host(self) -> RenderHost:
        self.hosts.append(Mute())
        return cast(RenderHost, self.hosts[-1])

    def load(self, lane: Lane, device: str, stored: Numerics | None = None) -> LoadModel:
        """Have a model asked for and answered; return what was asked."""
        lane.engine.load(JOB, fake_model(Path("model")), stored, 0)
        asked = self.hosts[-1].asked[-1]
        numerics = asked.numerics or STORED.model_copy(update={"device": device})
        answer = ModelLoaded(
            model="fake",
            device=device,
            dtype="bf16",
            seconds=0,
            numerics=numerics,
            number=asked.number,
        )
        assert lane.engine.loaded(answer)
        return asked


@pytest.mark.parametrize(
    ("there", "asked", "first", "keys"),
    [
        ("cuda:0,cuda:1,cuda:2,cpu", "auto", "cuda:0", ["cuda:0", "cuda:1", "cuda:2"]),
        ("cuda:0,cuda:1,cuda:2!,cpu", "auto", "cuda:0", ["cuda:0", "cuda:1"]),
        ("cuda:0,cuda:1,cpu", "auto", "cuda:1", ["cuda:1", "cuda:0"]),
        ("cuda:0,xpu:0,cpu", "auto", "cuda:0", [""]),
        ("cuda:0,cuda:1!,cpu", "auto", "cuda:0", [""]),
        ("cuda:0,cuda:1,cpu", "auto", "cpu", [""]),
        ("mps:0,cpu", "auto", "mps:0", [""]),
        ("cuda:0,cuda:1,cpu", "cuda:1", "cuda:1", [""]),
        ("cuda:0,cuda:1,cpu", "cuda:1,cpu", "cuda:1", ["cuda:1", "cpu"]),
        ("cuda:0,cuda:1,cpu", "cuda, cuda:0 ,cuda:1,", "cuda:0", ["cuda:0", "cuda:1"]),
        ("cuda:0,cuda:1,cpu", "cuda,cuda:0", "cuda:0", [""]),
    ],
)
def test_the_lanes_are_what_was_asked_for(
    there: str, asked: str, first: str, keys: list[str]
) -> None:
    """A processor beside a GPU only if it is named; a device twice never."""
    shop = Workshop(asked)
    crew = shop.crew
    shop.load(crew.first, first)
    for _ in range(2):
        crew.found(crew.first, fake_devices(there))
    assert [lane.device for lane in crew.lanes] == keys
    assert crew.lanes[0] is crew.first


@pytest.mark.parametrize(
    ("asked", "message", "hint"),
    [
        ("cuda:0,banana", "This computer has no device banana.", "It has: cuda:0, cpu."),
        ("cuda:0,cuda:1", "cuda:1! is too old.", "To use it: buy another"),
        ("cuda:0,auto", "This computer has no device auto.", "It has: cuda:0, cpu."),
    ],
)
def test_a_wrong_name_in_a_list_is_refused(asked: str, message: str, hint: str) -> None:
    shop = Workshop(asked)
    shop.load(shop.crew.first, "cuda:0")
    with pytest.raises(SettingsError) as caught:
        shop.crew.found(shop.crew.first, fake_devices("cuda:0,cuda:1!,cpu"))
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_every_lane_computes_as_the_batch_was_begun() -> None:
    """The same number format and rows on each card, and no note about it on the results."""
    shop = Workshop("auto")
    crew = shop.crew
    assert shop.load(crew.first, "cuda:0", STORED).numerics == STORED
    crew.found(crew.first, fake_devices("cuda:0,cuda:1,cpu"))
    second = crew.lanes[1]
    asked = shop.load(second, "cuda:1")
    assert asked.numerics == STORED.model_copy(update={"device": "cuda:1"})
    assert asked.device == "auto", "so the processor may help out where memory is short"
    assert second.engine.note(JOB) == ""


@pytest.mark.parametrize(
    ("asked", "numerics"),
    [
        ("cuda:1", STORED.model_copy(update={"device": "cuda:1"})),
        ("cuda", STORED),
        ("auto", STORED),
        ("cpu", None),
    ],
)
def test_a_batch_goes_on_with_its_numerics_on_another_card(
    asked: str, numerics: Numerics | None
) -> None:
    shop = Workshop(asked)
    assert shop.load(shop.crew.first, "any", STORED).numerics == numerics


def test_the_first_lane_asks_for_the_same_again_when_others_join() -> None:
    """Or its model would be loaded anew for the next batch."""
    shop = Workshop("auto")
    crew = shop.crew
    before = shop.load(crew.first, "cuda:0")
    crew.found(crew.first, fake_devices("cuda:0,cuda:1"))
    assert crew.first.engine.load(JobId(2), before.model, None, 0) is not None


def test_a_lost_lane_is_replaced_and_tried_again_by_the_next_run() -> None:
    shop = Workshop("cuda:0,cuda:1")
    crew = shop.crew
    crew.begin_batch()
    assert crew.at_work == [crew.first]
    crew.lanes[0].engine.end = lambda grace=0.0: None  # type: ignore[method-assign]
    crew.lose(crew.first)
    assert crew.at_work == [crew.lanes[1]] == crew.left
    assert crew.spare is None
    crew.begin_run()
    crew.begin_batch()
    assert crew.at_work == [crew.first]


def test_what_took_all_the_memory_is_alone_in_the_whole_computer() -> None:
    """The processes share its memory: beside others, no smaller setting would help."""
    shop = Workshop("cuda:0,cuda:1")
    for lane in shop.crew.lanes:
        shop.load(lane, lane.engine.name)
    suspects, work = Suspects(), Work(cast(Job, SimpleNamespace(id=JOB)))
    small, greedy = to_render(1), to_render(2)
    starved = Died(Death(-9, oom_killed=True))
    suspects.judge(starved, [greedy.claim.item], alone=True, rungs=9)
    assert lane_for(work, greedy, shop.crew.lanes, suspects) is not None
    work.flights[small.claim.item] = Flight(small, Path(), shop.crew.first, alone=False)
    assert lane_for(work, greedy, shop.crew.lanes, suspects) is None
    assert lane_for(work, small, shop.crew.lanes, suspects) is shop.crew.lanes[1]
    work.flights = {greedy.claim.item: Flight(greedy, Path(), shop.crew.first, alone=True)}
    assert lane_for(work, small, shop.crew.lanes, suspects) is None


def test_a_suspect_goes_where_it_did_no_harm_yet() -> None:
    shop = Workshop("cuda:0,cuda:1")
    for lane in shop.crew.lanes:
        shop.load(lane, lane.engine.name)
    suspects, work = Suspects(), Work(cast(Job, SimpleNamespace(id=JOB)))
    suspect = to_render(1)
    crash = Died(Death(-6))
    for died, next_one in ((0, 1), (1, 0), (0, 1)):
        suspects.judge(crash, [suspect.claim.item], alone=False, rungs=1, lane=died)
        assert lane_for(work, suspect, shop.crew.lanes, suspects) is shop.crew.lanes[next_one]


def to_render(item: int) -> ToRender:
    return ToRender(cast(Claim, SimpleNamespace(item=ItemId(item), alone=False)), "", "")
