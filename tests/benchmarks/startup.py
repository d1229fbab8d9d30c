"""`python -m tests.benchmarks.startup [ROUNDS]`: what `regrain --help` takes over the interpreter.

Both are started in turn; prints medians of wall time and of processor time, in seconds.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time

BARE = (sys.executable, "-c", "pass")
HELP = (sys.executable, "-c", "import sys; from core.cli.main import main; main(['--help'])")


def run(command: tuple[str, ...]) -> tuple[float, float]:
    """Return (wall, processor) seconds of one start."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, processor


def main(rounds: int = 15) -> None:
    """Measure and print."""
    timed = {"bare interpreter": [run(BARE)], "regrain --help": [run(HELP)]}
    for _ in range(rounds):
        timed["bare interpreter"].append(run(BARE))
        timed["regrain --help"].append(run(HELP))
    medians = {}
    for name, times in timed.items():
        wall, processor = (statistics.median(column) for column in zip(*times[1:], strict=True))
        medians[name] = (wall, processor)
        print(f"{name:18s} {wall:6.3f} s wall  {processor:6.3f} s processor")
    (bare_wall, bare), (help_wall, own) = medians.values()
    print(f"{'over it':18s} {help_wall - bare_wall:6.3f} s wall  {own - bare:6.3f} s processor")


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
