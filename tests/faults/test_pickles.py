"""Row 44: a model file that could run code is never opened, whatever it is called."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.errors import ModelUntrustedError
from core.models import trust
from core.models.spec import (
    BUILTIN_ID,
    ModelRegistry,
    builtin_spec,
)
from tests.faults.table import Tally


class Canary:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {self.path}",)


def pickles(canary: Path) -> dict[str, bytes]:
    """Return a canary in every wrapping that model files come in."""
    plain = {f"protocol {n}": pickle.dumps(Canary(canary), protocol=n) for n in range(6)}
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("archive/data.pkl", plain["protocol 2"])
    array = io.BytesIO()
    np.save(array, np.array([Canary(canary)], dtype=object), allow_pickle=True)
    legacy = pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2) + plain["protocol 2"]
    return plain | {
        "zip": archive.getvalue(),
        "numpy": array.getvalue(),
        "legacy": legacy,
        "after a length": (64).to_bytes(8, "little") + plain["protocol 4"],
    }


NAMES = ("old.ckpt", "old.PT", "pytorch_model.bin", "old.pth", "old.pkl", "new.safetensors")


def test_no_pickle_is_ever_opened_whatever_it_is_called(
    tmp_path: Path, quiet: list[tuple[str, str]], tally: Tally
) -> None:
    """A model from the internet must not own the computer."""
    canary = tmp_path / "canary"
    taken, words = [], []
    cases = [(data, name) for data in pickles(canary).values() for name in NAMES]
    for data, name in cases:
        path = tmp_path / name
        path.write_bytes(data)
        quiet.clear()
        try:
            trust.check_weights(path)
        except ModelUntrustedError as error:
            words.append((name, error.message, error.hint))
        else:
            taken.append(name)
        taken += [event for event, _ in quiet]
    tally(44, "a pickle, by its name or under another one", len(cases), len(taken))
    assert not taken
    assert not canary.exists()
    for name, message, hint in words:
        if not name.endswith(".safetensors"):
            assert message == f"{name} can run code when opened, so Regrain does not open it."
            assert hint == "Ask for a .safetensors version."
    pickle.loads(pickles(canary)["protocol 2"])
    assert canary.exists(), "the canary would have sung"
    assert {"pickle.find_class", "os.system"} <= {event for event, _ in quiet}
    renamed = [message for name, message, _ in words if name.endswith(".safetensors")]
    assert sum("can run code" in message for message in renamed) >= 8


def test_a_pickle_as_a_model_is_refused_in_words() -> None:
    registry = ModelRegistry({BUILTIN_ID: builtin_spec()})
    for name in ("old.ckpt", "/models/old.ckpt", "https://example.org/old.ckpt"):
        with pytest.raises(ModelUntrustedError, match=r"^old\.ckpt can run code when opened"):
            registry.get(name)
