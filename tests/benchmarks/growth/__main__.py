"""`python -m tests.benchmarks.growth`: cost a photograph at 100, 1,000 and 10,000 of them.

Through the render process without torch, and at 100 and 1,000 with the built-in model; then the
same command again on a folder that is done, rows and files by the 100,000, and thumbnails. The
start is apart. `--counts 20 40 --builtin 4 8 --rerun 50 --rows 5000 --thumbnails 4` tries it out.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tests.benchmarks.growth import many, rerun, series, small_pictures
from tests.benchmarks.growth.counts import HEAD, Cost


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    options = parse(arguments)
    if options.one:
        print_one(options.one[0], int(options.one[1]))
        return
    print_series("process without torch", "fake", options.counts)
    print_series("built-in model", "builtin", options.builtin)
    if options.rerun:
        with scratch() as home:
            print(rerun.measure(Path(home), options.rerun).line(), flush=True)
    if options.rows:
        with scratch() as home:
            many.print_many(Path(home), options.rows)
    if options.thumbnails:
        with scratch() as home:
            small_pictures.print_rate(Path(home), options.thumbnails)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.growth", description=__doc__)
    parser.add_argument("--counts", type=int, nargs="*", default=[100, 1000, 10_000])
    parser.add_argument("--builtin", type=int, nargs="*", default=[100, 1000])
    parser.add_argument("--rerun", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--thumbnails", type=int, default=40)
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def scratch() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="regrain-growth-")


def print_one(kind: str, count: int) -> None:
    with scratch() as home:
        cost = series.measure(Path(home), count, builtin=kind == "builtin")
    print(json.dumps(asdict(cost)))


def print_series(title: str, kind: str, counts: Sequence[int]) -> None:
    """Measure each count in a process of its own; print how far they are apart."""
    if not counts:
        return
    print(f"{title}\n{HEAD}", flush=True)
    costs = []
    for count in counts:
        command = [sys.executable, "-m", "tests.benchmarks.growth", "--one", kind, str(count)]
        done = subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE)
        costs.append(Cost(**json.loads(done.stdout.splitlines()[-1])))
        print(costs[-1].line(), flush=True)
    processor = [cost.processor for cost in costs]
    queries = [cost.queries for cost in costs]
    print(
        f"largest deviation in the series: processor time {spread(processor):.1f} %, "
        f"statements {spread(queries):.1f} %\n",
        flush=True,
    )


def spread(values: Sequence[float]) -> float:
    """Return by how many percent the largest exceeds the smallest."""
    return 100 * (max(values) / min(values) - 1)


if __name__ == "__main__":
    main()
