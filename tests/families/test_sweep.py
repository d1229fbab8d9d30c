"""A sweep over strengths costs no more than it must: encoders are asked once, results stay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from core.engine.latent.bench import LatentBench
from core.engine.latent.components import Components
from core.engine.latent.denoiser import latent_denoiser
from core.engine.latent.encoded import EncodedMemory
from core.engine.latent.weave import Woven
from core.engine.messages import ItemTrouble, Rendered, Stepped
from core.errors import Reason
from core.images import decode
from core.images.photo import Photo
from core.recipe import MaskSetting
from tests.families.leading import denoising, edit_of, led_down, seen, snapshot, spot
from tests.families.loading import Loaded
from tests.families.specs import folder_spec
from tests.families.test_worker import Rig

STRENGTHS = (0.3, 0.5, 0.7, 0.9)
ENCODERS = ("text_encoder", "text_encoder_2", "vae.encoder")


class Asked(Counter[str]):
    """How often the parts of a model were called, by name; rows of the denoiser under `rows`."""

    def __init__(self, rig: Rig) -> None:
        super().__init__()
        assert rig.model.bench is not None
        modules = rig.model.bench.components.modules
        for name in ENCODERS:
            part, _, inner = name.partition(".")
            module = modules.get(part)
            if module is not None:
                self._count(name, getattr(module, inner) if inner else module)
        self._rows(rig.model.bench.components.denoiser)

    def _count(self, name: str, module: Any) -> None:
        module.register_forward_pre_hook(lambda *_: self.update([name]))

    def _rows(self, denoiser: Any) -> None:
        first = next(m for m in denoiser.modules() if isinstance(m, torch.nn.Conv2d))

        def add(_module: Any, inputs: tuple[torch.Tensor, ...]) -> None:
            self.update({"calls": 1, "rows": len(inputs[0])})

        first.register_forward_pre_hook(add)


@pytest.fixture
def rig(family_folder: Callable[..., Path], tmp_path: Path) -> Callable[..., Rig]:
    def make(name: str, family: str = "sd1") -> Rig:
        folder = tmp_path / name
        folder.mkdir()
        return Rig(folder_spec(family_folder(family), family), folder)

    return make


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each file was decoded, by its name."""
    real, names = decode.decode_photo, Counter[str]()

    def decode_photo(name: str, *given: Any, **named: Any) -> Photo:
        names[name] += 1
        return real(name, *given, **named)

    monkeypatch.setattr(decode, "decode_photo", decode_photo)
    return names


def swept(rig: Rig, **edit: Any) -> list[str]:
    """Return the hashes of three photographs' results at each strength, in a sweep's order."""
    for seed in range(3):
        path = rig.save(f"photo{seed}.png", snapshot(seed=seed))
        for strength in STRENGTHS:
            rig.add(path, strength=strength, num_inference_steps=2, **edit)
    rig.work()
    done = rig.of(Rendered)
    assert len(done) == 12, rig.heard
    return [done[item].sha256 for item in sorted(done)]


def never_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EncodedMemory, "watch", lambda *_: None)


@pytest.mark.parametrize("masked", [False, True])
def test_a_sweep_encodes_each_photograph_once_and_changes_no_byte(
    rig: Callable[..., Rig],
    decoded: Counter[str],
    monkeypatch: pytest.MonkeyPatch,
    masked: bool,
) -> None:
    """Four strengths would pay for four encodes, or be other files than each one made alone."""
    edit: dict[str, Any] = {"guidance_scale": 3.0, "negative_prompt": "blur"}
    results = []
    for remembered in (True, False):
        at_work = rig(f"{remembered}")
        if masked:
            edit["mask"] = MaskSetting(path=at_work.save("mask.png", spot()))
        if not remembered:
            never_watched(monkeypatch)
        asked = Asked(at_work)
        decoded.clear()
        results.append(swept(at_work, **edit))
        # With a mask there are the photograph and what the mask leaves of it.
        once = 6 if masked else 3
        assert asked["vae.encoder"] == (once if remembered else 4 * once)
        assert asked["text_encoder"] == 2, "the prompt and the negative one"
        assert [decoded[f"photo{k}.png"] for k in range(3)] == [1, 1, 1]
    assert results[0] == results[1]
    assert len(set(results[0])) == 12


def test_a_file_that_changed_between_two_strengths_is_told_of(rig: Callable[..., Rig]) -> None:
    """What lies in memory is not what the user has any more."""
    at_work = rig("changing")
    path = at_work.save("photo.png", snapshot())
    for strength in STRENGTHS:
        at_work.add(path, strength=strength)

    class Ear(list[Any]):
        def append(self, message: Any) -> None:
            super().append(message)
            if isinstance(message, Stepped) and message.item == 2:
                snapshot(seed=9).save(path)

    at_work.heard = Ear()
    at_work.work()
    told = {item: m.reason for item, m in at_work.of(ItemTrouble).items()}
    assert 4 in told
    assert set(told.values()) == {Reason.CHANGED_WHILE_READING}
    assert set(at_work.of(Rendered)) == {1, 2, 3, 4} - set(told)


def test_another_vae_encodes_anew(rig: Callable[..., Rig], tmp_path: Path) -> None:
    at_work = rig("vaes")
    assert at_work.model.bench is not None
    own = at_work.model.bench.components.modules["vae"]
    other = type(own).from_config(own.config)
    other.save_pretrained(tmp_path / "other")
    path = at_work.save("photo.png", snapshot())
    for vae in (None, tmp_path / "other", tmp_path / "other"):
        at_work.add(path, vae=vae)
    asked = Asked(at_work)
    at_work.work()
    done = at_work.of(Rendered)
    assert done[1].sha256 != done[2].sha256 == done[3].sha256
    assert asked["vae.encoder"] == 1, "the model's own"
    number = 4 if at_work.model.numerics.dtype == "fp32" else 2
    assert at_work.model.bench.encoded.size == 2 * 2 * 4 * 8 * 8 * number


@pytest.mark.parametrize("family", ["sd1", pytest.param("sdxl", marks=pytest.mark.slow)])
def test_prompts_are_read_once_a_batch_and_guidance_of_one_costs_no_rows(
    rig: Callable[..., Rig], family: str
) -> None:
    """Text encoders and a second row at each call would be paid for by every photograph."""
    rows = {}
    for guidance in (3.0, 1.0):
        at_work = rig(f"{guidance}", family)
        asked = Asked(at_work)
        for seed in (1, 2):
            for photo in range(3):
                path = at_work.save(f"photo{photo}.png", snapshot(seed=photo))
                negative = "blur" if guidance > 1 else ""
                at_work.add(
                    path,
                    guidance_scale=guidance,
                    seed=seed,
                    negative_prompt=negative,
                    num_inference_steps=2,
                )
        at_work.work()
        assert len(at_work.of(Rendered)) == 6
        once = 2 if guidance > 1 else 1
        assert asked["text_encoder"] == once
        assert asked["text_encoder_2"] == (once if family == "sdxl" else 0)
        rows[guidance] = asked["rows"] / asked["calls"]
    assert rows == {3.0: 2, 1.0: 1}


def test_photographs_with_prompts_of_their_own_read_each_once(rig: Callable[..., Rig]) -> None:
    at_work = rig("wild")
    asked = Asked(at_work)
    path = at_work.save("photo.png", snapshot())
    for prompt in ("a boat", "a tree", "a boat", "a tree"):
        at_work.add(path, prompt=prompt, guidance_scale=1.0)
    at_work.work()
    assert len(at_work.of(Rendered)) == 4
    assert asked["text_encoder"] == 2


def test_memory_that_ran_out_is_not_held_by_what_only_saves_time(
    rig: Callable[..., Rig], monkeypatch: pytest.MonkeyPatch
) -> None:
    at_work = rig("tight")
    real, sizes = LatentBench.predict, []

    def scarce(self: LatentBench, requests: Any, timesteps: torch.Tensor) -> list[Any]:
        sizes.append(self.encoded.size)
        if len(sizes) == 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(self, requests, timesteps)

    forgotten: list[int] = []
    monkeypatch.setattr(LatentBench, "predict", scarce)
    monkeypatch.setattr(EncodedMemory, "forget", lambda self: forgotten.append(self.size))
    at_work.add(at_work.save("photo.png", snapshot()), num_inference_steps=2)
    at_work.work()
    assert forgotten and forgotten[0] > 0
    assert len(at_work.of(Rendered)) == 1


UNGUIDED = {
    "sd1": {"guidance_scale": 1.0},
    "sd2": {"guidance_scale": 1.0},
    "sdxl": {"guidance_scale": 1.0},
    "sd3": {"guidance_scale": 1.0},
    "qwen-image": {"guidance_scale": 1.0},
    "flux": {"true_guidance": 1.0},
    # diffusers' scale for it begins at 0.
    "z-image": {"guidance_scale": 0.0},
    "flux2-klein": {"guidance_scale": 1.0},
}


@pytest.mark.parametrize("family", UNGUIDED)
def test_no_family_pays_for_guidance_that_does_nothing(family: str, loaded: Loaded) -> None:
    components = loaded(family, "base" if family == "flux2-klein" else "")
    counts = []
    for settings in (UNGUIDED[family], dict.fromkeys(UNGUIDED[family], 3.0)):
        edit = edit_of(components, num_inference_steps=2, **settings)
        leading = denoising(components, seen(snapshot()), edit)
        counts.append(_rows(components, leading))
    assert counts[1] == 2 * counts[0]


def _rows(components: Components, leading: Woven[torch.Tensor]) -> int:
    """Return how many rows go through the network until a photograph is done."""
    denoiser, rows = latent_denoiser(components), 0
    ask = next(leading)
    while True:
        request = ask.sample(0)
        rows += int(request.rows)
        try:
            ask = leading.send(denoiser.predict([request], torch.empty(0)))
        except StopIteration:
            return rows


@pytest.mark.parametrize(
    "family",
    [
        "sd3",
        "flux-kontext",
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("z-image", "qwen-image", "flux2-klein", "qwen-image-edit")
        ),
    ],
)
def test_every_familys_encodes_are_remembered_and_its_results_stay(
    family: str, loaded: Loaded
) -> None:
    """Each draws from the VAE's answer in its own way, or takes its middle."""
    components = loaded(family)
    edit, picture = edit_of(components, num_inference_steps=2), seen(snapshot())
    alone = led_down(components, {0: denoising(components, picture, edit)})[0]
    encoder, asked = components.modules["vae"].encoder, Counter[str]()
    hook = encoder.register_forward_pre_hook(lambda *_: asked.update("a"))
    bench, real = LatentBench(components), components.modules["vae"].encode
    counts = []
    try:
        for _ in range(2):
            assert torch.equal(bench.lead_alone(bench.denoising(picture, edit, 5)), alone)
            counts.append(asked.total())
    finally:
        hook.remove()
        _forget(components.modules["vae"], real)
    assert counts[0] == counts[1] > 0


def _forget(vae: Any, real: Any) -> None:
    """Let a model that tests share encode as before."""
    vae.encode = real
    delattr(vae, "_regrain_number")
