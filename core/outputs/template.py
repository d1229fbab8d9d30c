"""Name templates: a fixed list of tokens in braces, never Python's own formatting."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import PurePosixPath

from core.errors import SettingsError

TOKENS = ("stem", "ext", "parent", "strength", "seed", "index", "preset", "model")
MAX_NAME_BYTES = 200
"""Longest name, its extension not counted; leaves room for `-2`, sidecars and encrypted disks."""

_TOKEN = re.compile(r"\{([^{}]*)\}")
_DROPPED = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_REPLACED = re.compile(r'[<>:"/\\|?*]')
_RESERVED = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(\..*)?$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class NameValues:
    """What the tokens stand for in one result's name."""

    stem: str
    ext: str
    parent: str
    index: int
    strength: float | None
    seed: int
    preset: str
    model: str

    def text(self, token: str) -> str:
        """Return a token's text; index has at least four digits, strength reads 0.3."""
        if token == "index":
            return f"{self.index:04d}"
        if token == "strength":
            return "" if self.strength is None else f"{self.strength:g}"
        return str(getattr(self, token))


@dataclass(frozen=True, slots=True)
class NameTemplate:
    """A checked template; folders in it are separated by `/`."""

    parts: tuple[str, ...]

    @property
    def tokens(self) -> frozenset[str]:
        """The tokens that occur in it."""
        return frozenset(_TOKEN.findall("/".join(self.parts)))

    def expand(self, values: NameValues) -> PurePosixPath:
        """Return the relative path without extension, every part a safe name."""
        names = (_TOKEN.sub(lambda match: values.text(match[1]), part) for part in self.parts)
        return PurePosixPath(*(safe_name(name) for name in names))

    def with_strength(self) -> NameTemplate:
        """Return this template, with the strength at its end if it has it nowhere."""
        if "strength" in self.tokens:
            return self
        return NameTemplate((*self.parts[:-1], self.parts[-1] + "_{strength}"))


def parse_template(text: str) -> NameTemplate:
    """Check a template such as `{parent}/{stem}-clean`.

    The result's extension is always added; a template that ends in `.{ext}` does not double it.

    Raises:
        SettingsError: an unknown token, a single brace, an absolute path or `..`.
    """
    for token in _TOKEN.findall(text):
        if token not in TOKENS:
            known = ", ".join(f"{{{name}}}" for name in TOKENS)
            raise _wrong(text, f"{{{token}}} is not known", hint=f"Known: {known}.")
    if set(_TOKEN.sub("", text)) & set("{}"):
        raise _wrong(text, "a brace has no partner", hint="Write tokens as in {stem}.")
    if text.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", text):
        raise _wrong(text, "it is an absolute path", hint="Choose the folder with -o.")
    parts = tuple(part for part in text.removesuffix(".{ext}").split("/") if part not in ("", "."))
    if not parts or ".." in parts or text.endswith("/"):
        raise _wrong(text, "it must name a file below the output folder")
    return NameTemplate(parts)


def _wrong(text: str, why: str, *, hint: str = "") -> SettingsError:
    return SettingsError(f"name_template = {text!r}: {why}.", hint=hint)


def safe_name(name: str, *, limit: int = MAX_NAME_BYTES) -> str:
    """Return `name` as one part of a path that every common file system takes.

    NFC; control, line-break and direction characters dropped; `<>:"/\\|?*` replaced; no dot or
    blank at the end; no device names of Windows; at most `limit` bytes; never empty. Bytes in no
    encoding are kept.
    """
    text = unicodedata.normalize("NFC", name)
    text = _REPLACED.sub("_", _DROPPED.sub("", text))
    text = shorten(text, limit).rstrip(" .").lstrip(" ")
    if _RESERVED.match(text):
        text = shorten("_" + text, limit).rstrip(" .")
    return text or "_"


def shorten(text: str, limit: int) -> str:
    """Cut `text` to at most `limit` bytes of UTF-8 without cutting a character."""
    while len(text.encode("utf-8", "surrogateescape")) > limit:
        text = text[:-1]
    return text


def name_key(name: str) -> str:
    """Return what two names share that some file system takes for one: case-folded NFC.

    Bytes in no encoding are written out, since a database holds no such text.
    """
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
    return folded.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
