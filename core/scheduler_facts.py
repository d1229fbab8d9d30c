"""What is said of each scheduler: its usual name, one sentence, the steps it is good at."""

from __future__ import annotations

from dataclasses import dataclass

from core.recipe import SchedulerName

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class SchedulerFacts:
    """A scheduler for people.

    Attributes:
        name: as other programs write it.
        sentence: what it is like, with models in latent space.
        useful_steps: the fewest num_inference_steps that do it justice, and those beyond which
            little is gained, with models in latent space, as their users report.
        few_steps: the same for models on pixels, measured with the built-in one at strength 0.3:
            from 38 dB to the result of 100 DDIM steps up to about 50 dB; for those that draw
            noise at each step, and so settle nowhere, while the sharpness stays alike.
        few_sentence: what it is like with models on pixels, where `sentence` names steps.
    """

    name: str
    sentence: str
    useful_steps: Range
    few_steps: Range
    few_sentence: str = ""


_FACTS = {
    SchedulerName.DDIM: SchedulerFacts("DDIM", "smooth, repeatable", (20, 50), (8, 40)),
    SchedulerName.EULER: SchedulerFacts("Euler", "soft, simple", (20, 40), (8, 40)),
    SchedulerName.EULER_A: SchedulerFacts("Euler a", "inventive, never settles", (20, 40), (8, 40)),
    SchedulerName.DPMPP_2M: SchedulerFacts(
        "DPM++ 2M", "sharp, 20 to 30 steps", (20, 30), (4, 20), "sharp, needs few steps"
    ),
    # As built here it calls the network once a step, not twice as in other programs.
    SchedulerName.DPMPP_SDE: SchedulerFacts(
        "DPM++ SDE", "gritty, different with each seed", (15, 30), (8, 30)
    ),
    SchedulerName.UNIPC: SchedulerFacts(
        "UniPC", "good at 8 to 15", (8, 15), (4, 16), "good at few steps"
    ),
    SchedulerName.HEUN: SchedulerFacts("Heun", "careful, twice the time", (10, 20), (8, 20)),
    SchedulerName.DPMPP_2M_SDE: SchedulerFacts(
        "DPM++ 2M SDE", "rich texture, different with each seed", (20, 40), (8, 30)
    ),
    SchedulerName.DDPM: SchedulerFacts("DDPM", "the original, many steps", (50, 100), (20, 60)),
    SchedulerName.PNDM: SchedulerFacts(
        "PNDM", "what Stable Diffusion came with", (20, 50), (8, 40)
    ),
    SchedulerName.LMS: SchedulerFacts("LMS", "soft, needs more steps", (25, 50), (10, 40)),
    SchedulerName.DPM2: SchedulerFacts("DPM2", "careful, twice the time", (10, 25), (8, 20)),
    SchedulerName.DPM2_A: SchedulerFacts("DPM2 a", "inventive, twice the time", (10, 25), (8, 20)),
    SchedulerName.DEIS: SchedulerFacts("DEIS", "good at few steps", (10, 20), (5, 16)),
    SchedulerName.LCM: SchedulerFacts("LCM", "its models only, 2 to 8", (2, 8), (2, 8)),
    SchedulerName.TCD: SchedulerFacts("TCD", "its models only, 2 to 8", (2, 8), (2, 8)),
    SchedulerName.FLOW_EULER: SchedulerFacts("Flow Euler", "flow models", (8, 30), (8, 30)),
    SchedulerName.FLOW_HEUN: SchedulerFacts(
        "Flow Heun", "flow models, twice the time", (6, 20), (6, 20)
    ),
}


def facts_of(scheduler: SchedulerName) -> SchedulerFacts:
    """Return what is said of a scheduler."""
    return _FACTS[scheduler]


def sentence_of(scheduler: SchedulerName, *, pixel_space: bool = False) -> str:
    """Return what a scheduler is like, with models in latent space or on pixels."""
    facts = _FACTS[scheduler]
    return (pixel_space and facts.few_sentence) or facts.sentence


def useful_steps(scheduler: SchedulerName, *, pixel_space: bool = False) -> Range:
    """Return the (low, high) of num_inference_steps at which a scheduler does well.

    Args:
        pixel_space: the model works on pixels, as the built-in one does; it needs fewer.
    """
    facts = _FACTS[scheduler]
    return facts.few_steps if pixel_space else facts.useful_steps
