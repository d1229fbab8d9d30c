"""How long is too long: only what was measured under the same conditions says so."""

from __future__ import annotations

from core.engine.messages import ModelLoaded, Numerics, Rendered, Stepped
from core.engine.watchdog import UsualPace


def stepped(item: int, seconds: float, pixels: int = 1_000_000) -> Stepped:
    return Stepped(item=item, step=1, steps=9, pixels=pixels, seconds=seconds)


def loaded(device: str) -> ModelLoaded:
    return ModelLoaded(model="m", device=device, dtype="fp32", seconds=1, numerics=Numerics())


def measured(*seconds: float, pixels: int = 1_000_000) -> UsualPace:
    """A pace after photographs of that size which took so long."""
    pace = UsualPace(120)
    pace.loaded(loaded("cuda:0"))
    for item, each in enumerate(seconds):
        pace.stepped(stepped(item, 0, pixels))
        pace.rendered(Rendered(item=item, sha256="", size=1, width=1, height=1, seconds=each))
    return pace


def test_ten_times_as_long_as_its_size_asks_for_is_too_long() -> None:
    pace = measured(20, 20, 500)
    assert not pace.is_too_slow(stepped(9, 199), 0)
    assert pace.is_too_slow(stepped(9, 201), 0)


def test_a_panorama_may_take_as_much_longer_as_it_is_larger() -> None:
    """Or a night of snapshots would make every panorama fail."""
    pace = measured(20, 20, 20)
    assert not pace.is_too_slow(stepped(9, 9_000, pixels=50_000_000), 0)
    assert pace.is_too_slow(stepped(9, 11_000, pixels=50_000_000), 0)


def test_nothing_is_too_slow_within_two_minutes_or_before_anything_was_measured() -> None:
    assert not measured(0.1, 0.1, 0.1).is_too_slow(stepped(9, 119), 0)
    assert not measured(0.1, 0.1).is_too_slow(stepped(9, 1e6), 0)


def test_large_files_have_time_to_be_read() -> None:
    assert not measured(1, 1, 1).is_too_slow(stepped(9, 200), 100)


def test_what_fell_back_to_slower_settings_is_neither_judged_nor_measured() -> None:
    pace = measured(20, 20, 20)
    assert not pace.is_too_slow(stepped(9, 1e6, pixels=0), 0)
    assert not measured(5, 5, 5, pixels=0).is_too_slow(stepped(9, 1e6), 0)


def test_another_device_has_a_pace_of_its_own() -> None:
    pace = measured(1, 1, 1)
    pace.loaded(loaded("cuda:0"))
    assert pace.is_too_slow(stepped(9, 300), 0)
    pace.loaded(loaded("cpu"))
    assert not pace.is_too_slow(stepped(9, 300), 0)
