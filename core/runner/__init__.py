"""The runner: claim, render, publish, record; what holds while processes and disks fail."""

from core.runner.batch import BatchRunner, EngineChoice, RunnerParts, RunOutcome
from core.runner.stop import Stop, StopSignal

__all__ = ["BatchRunner", "EngineChoice", "RunOutcome", "RunnerParts", "Stop", "StopSignal"]
