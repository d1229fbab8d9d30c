"""Names that have broken programs before: of photographs that come in, and name templates."""

from __future__ import annotations

import os
import unicodedata

_SHELL = (
    "-rf", "--help", "-", "--", "-o out", "$HOME", "$(touch pwned)", "`touch pwned`", "a;rm b",
    "a|b", "a&b", "a && b", "a>b", "a<b", "*", "?", "[a-z]", "{a,b}", "!history", "~", "~root",
    "#comment", "a b", "  two  blanks  ", "'single'", '"double"', "back\\slash", "%PATH%", "%s%n",
    "tab\there", "a=b", "(copy)", "a,b", "a:b", "@file", "^", "100%",
)  # fmt: skip
_MARKUP = (
    "<b>bold<\u2215b>", "<img src=x>", "<script>alert(1)<\u2215script>", "&lt;b&gt;", "&amp;",
    "a&nbsp;b", "[red]red[\u2215red]", "[link=http:x]y[\u2215link]", "[bold", "{stem}",
    "{parent}{seed}", "{x.__class__}", "{0}", "{}", "%(name)s", "${name}", "\\n", "\\x00",
    "<?xml version='1.0'?>", "]]>", "<!--",
)  # fmt: skip
_TABLES = (
    "=cmd", "=1+1", "+1", "-1+1", "@SUM(A1)", '=HYPERLINK("x","y")', "a;b;c", '"a","b"',
)  # fmt: skip
_RESERVED = (
    "CON", "con", "nul", "PRN", "AUX", "COM1", "LPT9", "CONIN$", "com\u00b9", "con.tar", "..a",
    "...", "a.", "a. ", "a..", " a", "a ", "\u00a0a\u00a0", "desktop.ini", "Thumbs.db", "null",
    "None", "undefined", "NaN", "true", "0", "1e100", "-0", "1' OR '1'='1", "x'; DROP--",
)  # fmt: skip
_CONTROL = (
    "line\nbreak", "return\rhere", "bell\x07", "\x1b[31mred", "\x1b]0;title\x07", "back\bspace",
    "delete\x7f", "next\x85line", "\u2028separator", "\u2029paragraph", "form\ffeed", "\x01",
    'broken\n{"event": "summary"}', "1 of 1: forged done\n2 of 2",
)  # fmt: skip
_LETTERS = (
    "caf\u00e9", "\u00c5ngstr\u00f6m", "\u65e5\u672c\u8a9e",
    "\u0420\u0443\u0441\u0441\u043a\u0438\u0439", "\u0645\u0631\u062d\u0628\u0627",
    "\u05e9\u05dc\u05d5\u05dd", "\u0e44\u0e17\u0e22", "\u0928\u092e", "\U0001f4f7",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f1e9\U0001f1ea", "\u2764\ufe0f",
    "photo\u202egnp", "\u2066isolated\u2069", "\u200bzero\u200bwidth", "\ufeffmark", "\u00adsoft",
    "Z\u0351\u036b\u0343\u036a\u0302\u036b", "\ufb01le", "\u0130stanbul", "stra\u00dfe", "STRASSE",
    "\u1e9e", "\u03c2\u03c3", "\uff0e\uff0e\uff0fa", "\u2024\u2024", "\u2044", "\u00ed\u00a0\u00bd",
)  # fmt: skip


def hostile_names() -> list[bytes]:
    """Return more than a hundred file names of photographs, as the bytes on the disk.

    Among them are pairs that some disks take for one, and the longest that Linux knows.
    """
    texts = [*_SHELL, *_MARKUP, *_TABLES, *_RESERVED, *_CONTROL, *_LETTERS]
    names = [os.fsencode(f"x{text}" if text.startswith(".") else text) for text in texts]
    names += [b"\xff\xfe", b"latin-\xe9", b"half-\xf0\x9f\x93", b"over-\xc0\xaf", b"\xed\xa0\xbd"]
    names += [unicodedata.normalize(form, "d\u00e9j\u00e0").encode() for form in ("NFC", "NFD")]
    names += [
        b"Pair",
        b"pair",
        b"PAIR",
        "\u00e9".encode() * 120 + b"1",
        "\u00e9".encode() * 120 + b"2",
    ]
    names += [b"l" * 251, b"l" * 250 + b"m", "\U0001f4f7".encode() * 62]
    return [name + b".png" for name in names]


REFUSED_TEMPLATES = (
    "", "/", ".", "..", "./", "../{stem}", "../../{stem}", "a/../{stem}", "a/../../{stem}",
    "{stem}/..", "/abs/{stem}", "//srv/{stem}", "C:\\{stem}", "c:{stem}", "C:/{stem}",
    "\\\\srv\\share\\{stem}", "\\{stem}", "{x.__class__}", "{stem.__class__}", "{stem[0]}",
    "{stem!r}", "{stem:>300}", "{0}", "{}", "{{stem}}", "{stem", "stem}", "{STEM}", "{ stem }",
    "{stem}/", "{unknown}", "x" * 301, "{__import__('os')}",
)  # fmt: skip
"""Templates with which nothing may be begun."""

SAFE_TEMPLATES = (
    "CON", "nul.{stem}", "a. ", "a...", " ", "{stem} ", "{stem}.", "x\0y", "x\ny", "x\r\n",
    "\u202egnp", "..\\{stem}", "..\\..\\etc\\{stem}", "a\\..\\b", "{stem}:stream", "{stem}*?",
    "<b>{stem}</b>", "x" * 300, "{stem}" * 40, "a/" * 40 + "{stem}", "\u00e9" * 300, "$HOME/{stem}",
    "~/{stem}", "~root", "{stem}/CON", "CON/{stem}", "{parent}/{stem}", "./{stem}", "a//b", "-rf",
    "=cmd", "%s%n", "{ext}", "\u2024\u2024/{stem}", "\uff0e\uff0e/{stem}", ".hidden", "...",
    ". ./{stem}", ".. /{stem}",
)  # fmt: skip
"""Templates that look dangerous and must come out as harmless names."""
