"""Keeping pages must make passes faster without keeping whole pictures."""

from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
import numpy as np
from core.engine.allocator import keep_pages

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

keep_pages()
before = resident()
large = np.ones(100 << 20, np.uint8)
assert resident() - before > 90 << 20
del large
assert resident() - before < 20 << 20
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the settings are those of glibc")
def test_a_picture_that_is_done_gives_its_memory_back() -> None:
    subprocess.run([sys.executable, "-c", CODE], check=True)
