"""`python -m tests.benchmarks [FOLDER]`: Regrain against plain diffusers, on the same photographs.

Prints photographs a minute, seconds by phase, shares of the device's measured rate, memory, and how
far the pixels are apart. `--help` lists the models, and sizes small enough to try it out.
"""

from __future__ import annotations

from tests.benchmarks.speed.session import main

if __name__ == "__main__":
    main()
