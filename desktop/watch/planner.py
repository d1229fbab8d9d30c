"""What a watch folder would mean, worked out on a thread of its own: counting may take a while."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from core.errors import CoreError
from core.library.ids import WatchRuleId
from core.library.watched import Recursion
from core.recipe import Recipe
from desktop.backend import Backend

if TYPE_CHECKING:
    from core.forecast import Estimate
    from core.services import Services
    from core.watch.setup import WatchPlan

_NAME = "IMG_0412.JPG"


@dataclass(frozen=True)
class Asked:
    """What the dialog asks for; `changes` is the rule that is edited."""

    folder: Path
    recipe: Recipe
    strengths: tuple[float, ...] = ()
    patterns: tuple[str, ...] = ()
    recursion: Recursion = Recursion.SKIP
    settle: float = 5.0
    use_polling: bool = False
    folder_recipes: bool = False
    on_done: str = ""
    project: str = ""
    changes: WatchRuleId | None = None


@dataclass(frozen=True)
class Planned:
    """What it would mean; `example`: where the result of a photograph called `name` goes."""

    plan: WatchPlan
    name: str
    example: Path


class WatchPlanner(QObject):
    """Answers the last question only; earlier ones are dropped.

    Args:
        aside: a library's thread that nobody else waits for.
    """

    planned = Signal(object, object)
    """Asked, and what it means: Planned."""
    refused = Signal(object, object)
    """Asked, and the CoreError that says why it cannot be."""
    costed = Signal(object, object)
    """Asked, and the Estimate of all that is there."""

    def __init__(self, aside: Backend, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._aside = aside
        self._latest: Asked | None = None

    def ask(self, asked: Asked | None) -> None:
        """Work out what is asked for; None: nothing any more."""
        self._latest = asked
        if asked is None:
            return

        def work(services: Services) -> Planned | None:
            return _plan(services, asked) if self._latest is asked else None

        def refuse(error: CoreError) -> None:
            if self._latest is asked:
                self.refused.emit(asked, error)

        self._aside.ask(self, work, lambda planned: self._take(asked, planned), refuse)

    def _take(self, asked: Asked, planned: Planned | None) -> None:
        if planned is None or self._latest is not asked:
            return
        self.planned.emit(asked, planned)
        if planned.plan.rule is None and planned.plan.photographs:
            self._ask_cost(asked, planned.plan)

    def _ask_cost(self, asked: Asked, plan: WatchPlan) -> None:
        def work(services: Services) -> Estimate | None:
            from core.watch.cost import cost_of

            return cost_of(plan, services) if self._latest is asked else None

        def take(cost: Estimate | None) -> None:
            if cost is not None and self._latest is asked:
                self.costed.emit(asked, cost)

        # Without a time, the number alone is of use.
        self._aside.ask(self, work, take, lambda _error: None)


def _plan(services: Services, asked: Asked) -> Planned:
    from core.watch.setup import WatchWish, plan_watch

    wish = WatchWish(
        folder=asked.folder,
        recipe=asked.recipe,
        strengths=asked.strengths,
        patterns=asked.patterns,
        recursion=asked.recursion,
        settle=asked.settle,
        use_polling=asked.use_polling,
        folder_recipes=asked.folder_recipes,
        on_done=asked.on_done,
        project=asked.project,
    )
    pictures = services.paths.pictures
    plan = plan_watch(wish, services.watch, services.registry, pictures, changes=asked.changes)
    there = next((Path(path).name for path in plan.there), _NAME)
    return Planned(plan, there, _example(services, plan, there))


def _example(services: Services, plan: WatchPlan, name: str) -> Path:
    """Return where the result of a photograph of this name in the folder goes."""
    from core.outputs.names import NamePlanner
    from core.scan import ScannedFile

    settings = plan.settings
    strength = settings.strengths[0] if settings.strengths else None
    several = len(settings.strengths) > 1
    names, pictures = services.catalog.names_in, services.paths.pictures
    planner = NamePlanner(settings.recipe, several, names, pictures)
    file = ScannedFile(settings.folder / name, PurePath(name), settings.folder)
    return planner.plan(file, 1, strength).output
