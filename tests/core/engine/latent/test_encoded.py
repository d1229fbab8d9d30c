"""What a VAE was asked before it is not asked again, and answers are never mixed up."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL

from core.engine.latent.encoded import EncodedMemory, fingerprint, mixed

ONE_POSTERIOR = 2 * 4 * 8 * 8 * 4


def small_vae(seed: int = 0) -> Any:
    torch.manual_seed(seed)
    vae = AutoencoderKL(
        block_out_channels=(8, 8, 8, 8),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        norm_num_groups=8,
        sample_size=64,
    )
    return vae.requires_grad_(False).eval()


class Counted:
    """A VAE and how often it really encoded."""

    def __init__(self, memory: EncodedMemory, seed: int = 0) -> None:
        self.vae, self.count = small_vae(seed), 0
        self.vae.encoder.register_forward_pre_hook(self._add)
        memory.watch(self.vae)

    def _add(self, *_: object) -> None:
        self.count += 1

    def encode(self, x: torch.Tensor, seed: int = 1) -> torch.Tensor:
        generator = torch.Generator().manual_seed(seed)
        return self.vae.encode(x).latent_dist.sample(generator)  # type: ignore[no-any-return]


def picture(seed: int) -> torch.Tensor:
    return torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def plenty() -> int:
    return 1 << 30


def test_a_picture_is_encoded_once_and_drawn_from_as_ever() -> None:
    """Noise that came out of a memory would be the same for every seed, or not diffusers' own."""
    plain = small_vae()
    seen = Counted(EncodedMemory(plenty))
    for seed in (1, 2, 1):
        expected = plain.encode(picture(0)).latent_dist.sample(torch.Generator().manual_seed(seed))
        assert torch.equal(seen.encode(picture(0), seed), expected)
    assert seen.count == 1
    assert torch.equal(seen.vae.encode(picture(0))[0].mode(), plain.encode(picture(0))[0].mode())
    assert torch.equal(
        seen.vae.encode(picture(0), return_dict=False)[0].mode(), plain.encode(picture(0))[0].mode()
    )


def test_other_pictures_vaes_formats_and_modes_are_other_encodes() -> None:
    """One answer for another question would put one photograph into another one's file."""
    memory = EncodedMemory(plenty)
    one, other = Counted(memory), Counted(memory, seed=1)
    first = one.encode(picture(0))
    assert not torch.equal(first, other.encode(picture(0)))
    assert (one.count, other.count) == (1, 1)
    changed = picture(0)
    changed[0, 2, 63, 63] = changed[0, 2, 63, 63].nextafter(torch.tensor(2.0))
    one.encode(changed)
    one.encode(picture(0).contiguous(memory_format=torch.channels_last))
    one.vae.use_tiling = True
    one.encode(picture(0))
    one.vae.use_tiling = False
    one.vae.to(torch.bfloat16)
    one.encode(picture(0).bfloat16())
    one.vae.to(torch.float32)
    assert one.count == 5
    assert torch.equal(one.encode(picture(0)), first)
    assert one.count == 5


def test_what_a_pipeline_does_with_an_answer_does_not_reach_the_next() -> None:
    seen = Counted(EncodedMemory(plenty))
    first = seen.vae.encode(picture(0)).latent_dist.mode()
    kept = first.clone()
    first.zero_()
    second = seen.vae.encode(picture(0)).latent_dist.mode()
    assert torch.equal(second, kept)
    second.zero_()
    assert torch.equal(seen.vae.encode(picture(0)).latent_dist.mode(), kept)
    assert seen.count == 1


def test_no_more_is_kept_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory that grew with the batch would end a long one."""
    room = [3 * ONE_POSTERIOR]
    memory = EncodedMemory(lambda: room[0])
    seen = Counted(memory)
    for number in range(5):
        seen.encode(picture(number))
        assert memory.size <= room[0]
    assert memory.size == 3 * ONE_POSTERIOR
    seen.encode(picture(2))
    seen.encode(picture(5))
    seen.encode(picture(2))
    assert seen.count == 6, "what was asked for last is kept longest"
    room[0] = 0
    seen.encode(picture(7))
    assert memory.size == 0
    room[0] = plenty()
    monkeypatch.setattr("core.engine.latent.encoded.MOST_PICTURES", 2)
    for number in range(4):
        seen.encode(picture(number))
    assert memory.size == 2 * ONE_POSTERIOR
    memory.forget()
    assert memory.size == 0


def test_the_hash_made_on_a_device_tells_bytes_apart_by_value_place_and_number() -> None:
    data = torch.arange(4099, dtype=torch.int64).to(torch.uint8)
    swapped, flipped = data.clone(), data.clone()
    swapped[[8, 16]] = data[[16, 8]]
    flipped[4098] ^= 1
    zeros = [torch.zeros(count, dtype=torch.uint8) for count in (1, 7, 8, 9, 16)]
    all_of_them = [data, swapped, flipped, data[:-1], data[1:], *zeros]
    assert len({mixed(one) for one in all_of_them}) == len(all_of_them)
    assert mixed(data) == mixed(data.clone())
    bits = torch.randint(0, 256, (64,), dtype=torch.uint8)
    hashes = OrderedDict.fromkeys(
        mixed(bits ^ (torch.arange(64) == k).to(torch.uint8) * (1 << b))
        for k in range(64)
        for b in range(8)
    )
    assert len(hashes) == 64 * 8
    assert fingerprint(picture(0)) == fingerprint(picture(0))
