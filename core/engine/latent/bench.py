"""A loaded model with what a batch's settings add to it: LoRAs, another VAE, a ControlNet."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import torch

from core.engine.img2img import Ask
from core.engine.latent.components import Components
from core.engine.latent.conditions import Conditioner, of_photograph
from core.engine.latent.denoiser import latent_denoiser
from core.engine.latent.photograph import photograph
from core.engine.latent.stages import OnStage
from core.engine.latent.task import latent_task
from core.engine.latent.working import Working
from core.engine.messages import Render
from core.engine.task import Task
from core.images.photo import Photo
from core.recipe import EditSettings


class LatentBench:
    """Leads photographs down with one model.

    Photographs of other settings may follow one another; those in work at once have the same
    LoRAs, VAE, ControlNet and reference.
    """

    def __init__(self, components: Components) -> None:
        self.components = components
        self._conditioner = Conditioner(components)
        self._denoiser = latent_denoiser(components)

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
        on_stage: OnStage | None = None,
    ) -> Generator[Ask, list[Any], torch.Tensor]:
        """Return what leads a photograph down; it ends with its picture, (3, h, w), 0 to 1.

        Args:
            on_stage: is shown each step.

        Raises:
            SettingsError: the settings exclude each other.
            CoreError: a LoRA, VAE or ControlNet cannot be used.
        """
        conditions = self._conditioner.prepare(edit)
        if conditions.control is not self._denoiser.control:
            self._denoiser = latent_denoiser(self.components, conditions.control)
        return photograph(
            self.components,
            working,
            edit,
            conditions.arguments | of_photograph(edit, working.picture),
            seed,
            control=conditions.control,
            on_stage=on_stage,
        )
