"""Text from files, names and other people, made fit to be shown: what would steer a terminal or reorder a line is
written out."""

from __future__ import annotations

import unicodedata

KEPT = "\n\t\u200c\u200d"  # the last two join letters, without which some alphabets cannot be written
STEERING = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
"""Unicode categories of control and format characters (those that turn the direction of writing, too), of surrogates,
of private characters, and of separators of lines."""


def visible(text: str) -> str:
    """The text with control and format characters as ``\\x1b`` or ``\\u202e``; ends of lines and tabs stay."""
    if text.isprintable():
        return text
    return "".join(char if char in KEPT or unicodedata.category(char) not in STEERING else _code(char) for char in text)


def one_line(text: str) -> str:
    """As :func:`visible`, in one line: ends of lines and tabs become spaces."""
    return visible(" ".join(text.split()) if not text.isprintable() else text)


def _code(char: str) -> str:
    number = ord(char)
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}"
