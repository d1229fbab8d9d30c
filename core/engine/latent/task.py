"""A photograph in work by a model that works on latents."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from core import plan
from core.engine.bands import Descent
from core.engine.change import Holding
from core.engine.ladder import Rung
from core.engine.latent.conditions import setup
from core.engine.latent.working import Working, working_of
from core.engine.messages import Render
from core.engine.prepare import Facts, Prepared, photo_seed
from core.engine.task import Task
from core.images.photo import Photo
from core.images.tile import pass_shape, tile_grid
from core.models.spec import ModelSpec
from core.recipe import EditSettings, Mode


@dataclass
class LatentTask(Task):
    """A photograph with what the model is given of it.

    `calls_a_tile`: how often each of its tiles goes through the network.
    """

    working: Working | None = None
    calls_a_tile: int = 0

    @property
    def setup(self) -> Hashable:
        """Return what is added to the model for it: the same for all of a pass."""
        return setup(self.prepared.render.edit)

    @property
    def calls(self) -> int:
        """Return how often each of its tiles goes through the network."""
        return self.calls_a_tile

    def tile(self, rung: Rung) -> int:
        """Return the side of its tiles; 0 for whole."""
        assert self.working is not None
        if self.working.tile:
            return min(self.working.tile, rung.tile)
        # What is told by instruction is seen whole or not at all.
        is_whole = self.prepared.render.edit.mode is Mode.INSTRUCT
        return rung.tile if rung.tiled and not is_whole else 0

    def shape(self, rung: Rung) -> tuple[int, int]:
        """Return the (height, width) of every tile, in pixels of the working size."""
        return pass_shape(*self._size, self.tile(rung), self.multiple)

    def tiles(self, rung: Rung) -> int:
        """Return how many tiles one network call takes."""
        return len(tile_grid(*self._size, self.tile(rung), self.multiple))

    @property
    def _size(self) -> tuple[int, int]:
        assert self.working is not None
        _, height, width = self.working.picture.shape
        return height, width

    def work_at(self, rung: Rung, spec: ModelSpec) -> Working:
        """Return what the model is given at this rung of the memory ladder."""
        assert self.working is not None
        if self.tile(rung) != self.working.tile:
            render, photo = self.prepared.render, self.prepared.photo
            self.working = working_of(
                photo, render.edit, render.output, spec, rung.tile, tiled=rung.tiled
            )
        return self.working


def latent_task(render: Render, photo: Photo, spec: ModelSpec) -> Task:
    """Decide what the edit settings mean for a photograph.

    A task without a descent changes nothing.

    Raises:
        SettingsError: the model cannot use one of the settings.
        ItemError: the photograph's mask is missing or damaged.
    """
    edit = render.edit
    plan.check(edit, spec)
    of_steps, steps = plan.step_counts(edit, spec)
    if not steps:
        facts: Facts = {"note": f"strength {edit.strength:g} changes nothing"}
        return Task(_prepared(render, photo, None, facts), spec.size_multiple, facts=dict(facts))
    working = working_of(photo, edit, render.output, spec)
    if working.is_untouched:
        facts = {"note": "the mask leaves all of it as it is"}
        return Task(_prepared(render, photo, None, facts), spec.size_multiple, facts=dict(facts))
    facts = _facts(edit, working, steps, of_steps)
    ratios = (plan.first_sigma(edit, spec),) * steps
    seed = photo_seed(edit, photo)
    descent = Descent(plan.scheduler_of(edit, spec), ratios, seed, edit.mode is Mode.REPAINT)
    prepared = _prepared(render, photo, descent, facts)
    calls = plan.network_calls(edit, spec)
    return LatentTask(prepared, spec.size_multiple, 0.0, 0, False, dict(facts), working, calls)


def _prepared(render: Render, photo: Photo, descent: Descent | None, facts: Facts) -> Prepared:
    return Prepared(render, photo, descent, Holding(), 0, facts)


def _facts(edit: EditSettings, working: Working, steps: int, of_steps: int) -> Facts:
    if edit.mode is Mode.INSTRUCT:
        note = f"by instruction, {steps} steps"
    else:
        note = f"noise level {edit.strength:.2f}, {steps} of {of_steps} steps"
    return {"note": f"{note}, {working.size.words}", "steps": steps, "size": working.size.words}
