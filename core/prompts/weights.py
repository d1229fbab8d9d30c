"""The `(word:1.2)` and `[word]` syntax of prompts, as AUTOMATIC1111 reads it; no model library."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from core.errors import SettingsError
from core.models.spec import ModelSpec

_UP = 1.1
"""What a pair of round brackets multiplies with; square ones divide."""

_TOKEN = re.compile(
    r"""\\[\\()\[\]]            # an escaped bracket is a bracket
      | [(\[]
      | :\s*(?P<weight>[+-]?\d*\.?\d+)\s*\)
      | [)\]]
      | (?<!\w)BREAK(?!\w)
      | [^\\()\[\]:B]+ | .""",
    re.VERBOSE | re.DOTALL,
)
_EXPLICIT = re.compile(r"\([^()]*:\s*[+-]?\d*\.?\d+\s*\)")
_MOST = 10.0


@dataclass(frozen=True)
class Fragment:
    """Part of a prompt and how much it counts; 1 is plain."""

    text: str
    weight: float = 1.0


@dataclass
class _Reading:
    """Fragments so far, by section, and where the brackets that are still open began."""

    sections: list[list[Fragment]] = field(default_factory=lambda: [[]])
    round: list[tuple[int, int]] = field(default_factory=list)
    square: list[tuple[int, int]] = field(default_factory=list)

    @property
    def place(self) -> tuple[int, int]:
        return len(self.sections) - 1, len(self.sections[-1])

    def multiply(self, start: tuple[int, int], factor: float) -> None:
        """Multiply the weights of all that was read since `start`."""
        for number in range(start[0], len(self.sections)):
            section = self.sections[number]
            first = start[1] if number == start[0] else 0
            section[first:] = [Fragment(f.text, f.weight * factor) for f in section[first:]]


def parse_weights(prompt: str) -> tuple[tuple[Fragment, ...], ...]:
    r"""Return a prompt's fragments in order, by section (BREAK begins a new one).

    `(a)` counts 1.1 times, `[a]` 1 / 1.1, `(a:1.3)` 1.3; nested ones multiply; `\(` is a bracket.
    Brackets that are never closed count as closed at the end. Neighbours of the same weight are
    joined, and a prompt without any syntax comes back as one fragment.

    Raises:
        SettingsError: a weight that no model can follow.
    """
    reading = _Reading()
    for match in _TOKEN.finditer(prompt):
        _read(reading, match.group(), match.group("weight"))
    for start in reading.round:
        reading.multiply(start, _UP)
    for start in reading.square:
        reading.multiply(start, 1 / _UP)
    return tuple(_joined(section) for section in reading.sections)


def _read(reading: _Reading, text: str, weight: str | None) -> None:
    if text == "(":
        reading.round.append(reading.place)
    elif text == "[":
        reading.square.append(reading.place)
    elif weight is not None and reading.round:
        reading.multiply(reading.round.pop(), _checked(float(weight)))
    elif text == ")" and reading.round:
        reading.multiply(reading.round.pop(), _UP)
    elif text == "]" and reading.square:
        reading.multiply(reading.square.pop(), 1 / _UP)
    elif text == "BREAK":
        reading.sections.append([])
    else:
        plain = text[1] if text[0] == "\\" and len(text) == 2 else text
        reading.sections[-1].append(Fragment(plain))


def _checked(weight: float) -> float:
    if not 0 <= weight <= _MOST:
        raise SettingsError(
            f"A word of the prompt has the weight {weight:g}: allowed are 0 to {_MOST:g}.",
            hint="Most models follow weights from 0.5 to 1.5.",
        )
    return weight


def _joined(section: list[Fragment]) -> tuple[Fragment, ...]:
    joined: list[Fragment] = []
    for fragment in section:
        if joined and abs(joined[-1].weight - fragment.weight) < 1e-9:
            joined[-1] = Fragment(joined[-1].text + fragment.text, fragment.weight)
        else:
            joined.append(fragment)
    return tuple(joined)


def plain_text(prompt: str) -> str:
    """Return a prompt without the syntax of weights."""
    return " ".join("".join(f.text for f in section) for section in parse_weights(prompt))


def has_weights(prompt: str) -> bool:
    """Return whether any of it counts more or less than the rest, or it has sections."""
    sections = parse_weights(prompt)
    return len(sections) > 1 or any(f.weight != 1.0 for f in sections[0])


def check_weights_syntax(spec: ModelSpec, prompt: str) -> None:
    """See whether a model can follow the weights in a prompt.

    Raises:
        SettingsError: it has explicit ones such as `(word:1.2)`, and the model takes none.
    """
    if spec.capabilities.prompt_weights:
        parse_weights(prompt)
        return
    if found := _EXPLICIT.search(prompt):
        raise SettingsError(
            f"{spec.name} takes no weights of words, such as {found.group()[:60]!r}.",
            hint="Say in words what matters most; brackets without a number are read as text.",
        )
