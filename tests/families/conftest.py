"""Small models of every family, loaded once, and the table that compares them with diffusers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from tests.families.loading import Loaded
from tests.families.table import Parity


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Compute on one thread: small models gain nothing from more."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def loaded(family_folder: Callable[..., Path]) -> Loaded:
    """Return what gives a small model: `loaded("sdxl", "turbo")`."""
    return Loaded(family_folder)


@pytest.fixture
def parity(request: pytest.FixtureRequest) -> Parity:
    """Where a test notes what it compared; printed as a table at the end."""
    return Parity(request.node.user_properties)
