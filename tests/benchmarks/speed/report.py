"""Prints what was measured, as tables for people, and as one for the README."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from pathlib import Path

import torch

from core.device import DeviceInfo
from tests.benchmarks.speed.child import REGRAIN
from tests.benchmarks.speed.measured import VAE, Measured
from tests.benchmarks.speed.meter import DECODE, DENOISE, ENCODE, PROMPT, READ, WRITE
from tests.benchmarks.speed.rates import Rates

PHASES = (READ, PROMPT, ENCODE, DENOISE, DECODE, WRITE)


def machine(device: DeviceInfo) -> str:
    """Return what it was measured on."""
    memory = device.total_memory / 2**30
    system = f"torch {torch.__version__}, Python {platform.python_version()}, {platform.system()}"
    return f"{device.name}, {memory:.0f} GiB, {system}"


def rates_words(rates: Rates) -> str:
    """Return what the device does at its best, by dtype."""
    return "; ".join(
        f"{dtype}: matrix product {_flop(rates.matmul[dtype])}, "
        f"3x3 convolution {_flop(rates.convolution[dtype])}"
        for dtype in rates.matmul
    )


def _flop(rate: float) -> str:
    if rate >= 1e12:
        return f"{rate / 1e12:.2f} TFLOP/s"
    return f"{rate / 1e9:.0f} GFLOP/s"


def print_report(found: Measured) -> None:
    """Print all that was measured of one model."""
    subject, arms = found.subject, list(found.rounds)
    rounds = len(found.rounds[arms[0]])
    rows = f" of {subject.rows} rows" if subject.rows > 1 else ""
    files = ", 1 encode, 1 decode" if subject.true else ""
    photographs = _number(found.photographs, "photograph")
    print(f"\n{subject.title}: {photographs}, {_number(rounds, 'round')}, medians")
    calls = _number(found.calls, "denoiser call")
    print(f"in every arm, counted: {calls}{rows}{files} a photograph")
    for arm in arms:
        print(f"  {arm:13} {found.rounds[arm][0].setting}")
    _print_table(_speed_rows(found))
    print("\nseconds a photograph; read and write of regrain go on beside the networks")
    _print_table(_phase_rows(found))
    print(f"\nshare of the measured rate ({rates_words(found.rates)});")
    print("arithmetic as plain kernels have it, so those that do with less may pass 100 %")
    _print_table(_use_rows(found))
    print()
    for line in _ratio_lines(found):
        print(line)
    if found.command:
        rate = 60 * found.photographs / found.command
        print(
            f"regrain run, the whole command with start-up and loading: {found.command:.1f} s, "
            f"{rate:.2f} photographs a minute"
        )


def _number(count: int, word: str) -> str:
    return f"{count} {word}{'s' if count > 1 else ''}"


def _speed_rows(found: Measured) -> list[list[str]]:
    head = ["arm", "dtype", "a minute", "without files", "first result", "memory",
            "in a network", "levels from plain", "from fp32"]  # fmt: skip
    return [head, *([arm, *_speed_cells(found, arm)] for arm in found.rounds)]


def _speed_cells(found: Measured, arm: str) -> list[str]:
    last, apart = found.rounds[arm][-1], found.apart[arm]
    memory = f"{last.memory / 1e9:.1f} GB"
    if last.device_memory:
        memory += f" + {last.device_memory / 1e9:.1f}"
    return [
        last.dtype,
        f"{found.a_minute(arm):.2f}",
        f"{found.a_minute_without_files(arm):.2f}",
        f"{last.first_result:.1f} s",
        memory,
        f"{100 * found.median(arm, lambda o: o.busy):.1f} %",
        _levels(apart.same_dtype),
        _levels(apart.from_fp32),
    ]


def _levels(number: int | None) -> str:
    return "-" if number is None else str(number)


def _phase_rows(found: Measured) -> list[list[str]]:
    rows = [["arm", "all", *PHASES, "other"]]
    for arm in found.rounds:
        whole = found.median(arm, lambda o: o.seconds) / found.photographs
        other = found.median(arm, lambda o: o.other) / found.photographs
        phases = [found.phase(arm, name) for name in PHASES]
        rows.append([arm, *(f"{seconds:.3f}" for seconds in (whole, *phases, other))])
    return rows


def _use_rows(found: Measured) -> list[list[str]]:
    rows = [["arm", "denoiser: of product", "of convolution", "VAE: of product", "of convolution"]]
    for arm in found.rounds:
        shares = [found.use(arm, phases) or (None, None) for phases in ((DENOISE,), VAE)]
        rows.append([arm, *(_percent(share) for pair in shares for share in pair)])
    return rows


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f} %"


def _ratio_lines(found: Measured) -> list[str]:
    ours = [arm for arm in found.rounds if arm.startswith(REGRAIN)]
    lines = []
    for arm in ours:
        for other in (name for name in found.rounds if name not in ours):
            median, least, most = found.ratios(arm, other)
            lines.append(
                f"{arm} is {median:.2f} times as fast as {other} "
                f"(pair by pair {least:.2f} to {most:.2f})"
            )
    return lines


def _print_table(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    for row in rows:
        first = row[0].ljust(widths[0])
        rest = "  ".join(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        print(f"  {first}  {rest}")


def write_markdown(path: Path, device: DeviceInfo, all_found: Sequence[Measured]) -> None:
    """Write one table of all models, with the machine they were measured on above it."""
    head = ["model", "arm", "dtype", "a minute", "without files", "first result", "memory",
            "in a network", "levels from plain", "from fp32",
            "denoiser", "VAE", "regrain is"]  # fmt: skip
    lines = [f"{machine(device)}.", f"{rates_words(all_found[-1].rates)}."]
    lines += [
        "Denoiser and VAE: shares of these two rates. Every arm made the same calls.",
        "",
    ]
    lines += [_line(head), _line(["---"] * len(head))]
    for found in all_found:
        photographs, calls = _number(found.photographs, "photograph"), _number(found.calls, "call")
        title = f"{found.subject.title}, {photographs}, {calls}"
        for arm in found.rounds:
            shares = [found.use(arm, phases) for phases in ((DENOISE,), VAE)]
            use = ["-" if pair is None else "/".join(map(_percent, pair)) for pair in shares]
            lines.append(_line([title, arm, *_speed_cells(found, arm), *use, _times(found, arm)]))
            title = ""
        if found.command:
            rate = f"{60 * found.photographs / found.command:.2f}"
            lines.append(_line([title, "`regrain run`, start-up included", "", rate]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _times(found: Measured, arm: str) -> str:
    if arm.startswith(REGRAIN) or REGRAIN not in found.rounds:
        return ""
    median, least, most = found.ratios(REGRAIN, arm)
    return f"{median:.2f} times as fast ({least:.2f} to {most:.2f})"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
