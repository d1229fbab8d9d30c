"""A loaded model with what a batch's settings add to it: LoRAs, another VAE, a ControlNet."""

from __future__ import annotations

from collections.abc import Generator, Hashable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from core.engine.img2img import Ask
from core.engine.latent.components import Components
from core.engine.latent.conditions import Conditioner, of_photograph
from core.engine.latent.denoiser import latent_denoiser
from core.engine.latent.encoded import EncodedMemory
from core.engine.latent.photograph import photograph
from core.engine.latent.stages import OnStage
from core.engine.latent.task import latent_task
from core.engine.latent.working import Working
from core.engine.messages import Render
from core.engine.prepare import Facts
from core.engine.task import Task
from core.images.photo import Photo
from core.recipe import EditSettings


class LatentBench:
    """Leads photographs down with one model.

    Photographs of other settings may follow one another; those in work at once have the same
    LoRAs, VAE, ControlNet and reference. `tile_vae`: the VAE always works in pieces. `encoded`:
    what VAEs were asked before, where several benches share that.
    """

    def __init__(
        self,
        components: Components,
        *,
        tile_vae: bool = False,
        encoded: EncodedMemory | None = None,
    ) -> None:
        self.components = components
        self.encoded = encoded or EncodedMemory()
        self._tile_vae = tile_vae
        self._conditioner = Conditioner(components)
        self._denoiser = latent_denoiser(components)
        self._held: list[Hashable] = []

    @contextmanager
    def held(self, setup: Hashable) -> Iterator[None]:
        """Keep what is added to the model as it is, for photographs that are in work."""
        self._held.append(setup)
        try:
            yield
        finally:
            self._held.pop()

    def may_use(self, setup: Hashable) -> bool:
        """Return whether nothing is in work that other LoRAs, VAEs or ControlNets would disturb."""
        return all(held == setup for held in self._held)

    def lead_alone(self, denoising: Generator[Ask, list[Any], torch.Tensor]) -> torch.Tensor:
        """Return what a photograph comes to, without any other beside it."""
        try:
            ask = next(denoising)
            while True:
                requests = [ask.sample(number) for number in range(ask.count)]
                level = torch.tensor([ask.timestep])
                ask = denoising.send([self.predict([request], level)[0] for request in requests])
        except StopIteration as end:
            return torch.as_tensor(end.value)
        finally:
            denoising.close()

    def predict(self, requests: Any, timesteps: torch.Tensor) -> list[Any]:
        """Return the network's answers to the requests of pipelines."""
        return self._denoiser.predict(requests, timesteps)

    def task(self, render: Render, photo: Photo) -> Task:
        """Decide what the edit settings mean for a photograph; errors as in `latent_task`."""
        return latent_task(render, photo, self.components.spec)

    def denoising(
        self,
        working: Working,
        edit: EditSettings,
        seed: int,
        *,
        facts: Facts | None = None,
        tile_vae: bool = False,
        on_stage: OnStage | None = None,
    ) -> Generator[Ask, list[Any], torch.Tensor]:
        """Return what leads a photograph down; it ends with its picture, (3, h, w), 0 to 1.

        Args:
            facts: gets what was chosen, to be stored with the result.
            tile_vae: whether memory asks for the VAE to work in pieces.
            on_stage: is shown each step.

        Raises:
            SettingsError: the settings exclude each other.
            CoreError: a LoRA, VAE or ControlNet cannot be used.
        """
        conditions = self._conditioner.prepare(edit)
        self.encoded.watch(self.components.modules["vae"])
        return photograph(
            self.components,
            working,
            edit,
            conditions.arguments | of_photograph(edit, working.picture),
            seed,
            control=conditions.control,
            facts=facts,
            tile_vae=tile_vae or self._tile_vae,
            on_stage=on_stage,
        )
