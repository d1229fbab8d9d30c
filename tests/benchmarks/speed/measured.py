"""What was measured of one model, and the figures that follow from it."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.benchmarks.speed.meter import DECODE, DENOISE, ENCODE
from tests.benchmarks.speed.rates import Rates
from tests.benchmarks.speed.records import Outcome
from tests.benchmarks.speed.subjects import Subject

VAE = (ENCODE, DECODE)


@dataclass(frozen=True)
class Apart:
    """Largest difference in levels of 255: from the plain loop in the same dtype, and in fp32.

    None: there is nothing to compare with.
    """

    same_dtype: int | None
    from_fp32: int | None


@dataclass
class Measured:
    """One model's rounds by arm. `command`: seconds of a whole `regrain run`; 0: left out."""

    subject: Subject
    photographs: int
    calls: int
    flop: dict[str, float]
    rates: Rates
    rounds: dict[str, list[Outcome]] = field(default_factory=dict)
    apart: dict[str, Apart] = field(default_factory=dict)
    command: float = 0.0

    def median(self, arm: str, figure: Callable[[Outcome], float]) -> float:
        """Return the median of a figure over an arm's rounds."""
        return statistics.median(figure(outcome) for outcome in self.rounds[arm])

    def a_minute(self, arm: str) -> float:
        """Return photographs a minute, files included."""
        return 60 * self.photographs / self.median(arm, lambda o: o.seconds)

    def a_minute_without_files(self, arm: str) -> float:
        """Return photographs a minute, without the time in which only files were at work."""
        return 60 * self.photographs / self.median(arm, lambda o: o.seconds - o.files_only)

    def phase(self, arm: str, name: str) -> float:
        """Return the seconds a photograph of a phase."""
        return self.median(arm, lambda o: o.phases.get(name, 0.0)) / self.photographs

    def ratios(self, arm: str, than: str) -> tuple[float, float, float]:
        """Return how many times as fast an arm is, pair by pair: median, least, most."""
        pairs = zip(self.rounds[than], self.rounds[arm], strict=True)
        found = sorted(other.seconds / own.seconds for other, own in pairs)
        return statistics.median(found), found[0], found[-1]

    def use(self, arm: str, phases: tuple[str, ...]) -> tuple[float, float] | None:
        """Return the shares of the measured product and convolution rates; None without calls."""
        dtype = self.rounds[arm][0].dtype

        def rate(outcome: Outcome) -> float:
            done = sum(self.flop.get(p, 0.0) * outcome.counts[p].cells for p in phases)
            seconds = sum(outcome.phases.get(p, 0.0) for p in phases)
            return done / seconds if seconds else 0.0

        reached = self.median(arm, rate)
        if not reached or dtype not in self.rates.matmul:
            return None
        return reached / self.rates.matmul[dtype], reached / self.rates.convolution[dtype]


def check_work(subject: Subject, calls: int, arm: str, outcome: Outcome, photographs: int) -> None:
    """End the benchmark when an arm did other work than is compared.

    More rows than asked for are taken only as far as they fill up a last pass.
    """
    wanted = {DENOISE: calls * subject.rows * photographs}
    wanted |= dict.fromkeys(VAE, photographs if subject.true else 0)
    for phase, rows in wanted.items():
        found = outcome.counts[phase]
        filled = (found.most - 1) * (calls * subject.rows if phase == DENOISE else 1)
        if not rows <= found.rows <= rows + max(0, filled):
            raise SystemExit(
                f"The arms did not do the same work: {arm} put {found.rows} rows through "
                f"'{phase}' in {found.calls} calls, where {rows} were to be done."
            )
