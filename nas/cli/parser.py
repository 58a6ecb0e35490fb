"""argparse with one-line errors, no abbreviations, and values that may start with a minus sign.

argparse rather than a library on top of it: ``nas --help`` answers in a tenth of a second.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from nas.cli.exits import WRONG_USAGE
from nas.text.visible import one_line

SIGNED_VALUE = re.compile(r"-[\d.]")


class Parser(argparse.ArgumentParser):
    """A parser whose every complaint is one line on stderr and exit code 2."""

    def __init__(self, **settings: Any) -> None:
        settings.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(allow_abbrev=False, **settings)

    def parse_known_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """Join ``--budget -3MFLOPs`` into one word first, so that the value is judged and not the dash."""
        words = list(sys.argv[1:] if args is None else args)
        return super().parse_known_args(_join_signed(words), namespace)

    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """Parse all words; an unknown option is named with the closest known one."""
        options, unknown = self.parse_known_args(args, namespace)
        if unknown:
            from search_spaces.errors import did_you_mean  # a tenth of a second that `--help` does without

            known = [word for action in self._actions for word in action.option_strings]
            self.error(f"unknown argument {unknown[0]!r}{did_you_mean(unknown[0].partition('=')[0], known)}")
        return options

    def error(self, message: str) -> NoReturn:
        """Print one line and leave with exit code 2."""
        print(f"{self.prog}: {one_line(message)}; `{self.prog} --help` shows the options", file=sys.stderr)
        raise SystemExit(WRONG_USAGE)


def command(name: str, summary: str, example: str) -> Parser:
    """Parser of one command; ``example`` is shown below its options."""
    lines = "\n".join(f"  {line}" for line in example.strip().splitlines())
    return Parser(prog=f"nas {name}", description=summary, epilog=f"example:\n{lines}")


def count(text: str) -> int:
    """An integer of at least 1, as an argparse type."""
    return _at_least(1, text)


def natural(text: str) -> int:
    """An integer of at least 0, as an argparse type."""
    return _at_least(0, text)


def _at_least(least: int, text: str) -> int:
    if not re.fullmatch(r"[+-]?\d{1,18}", text):
        raise argparse.ArgumentTypeError(f"must be a whole number, not {text!r}")
    if int(text) < least:
        raise argparse.ArgumentTypeError(f"must be at least {least}, not {text}")
    return int(text)


def _join_signed(words: list[str]) -> list[str]:
    joined: list[str] = []
    for word in words:
        opens = bool(joined) and joined[-1].startswith("--") and "=" not in joined[-1]
        if opens and SIGNED_VALUE.match(word):
            joined[-1] = f"{joined[-1]}={word}"
        else:
            joined.append(word)
    return joined
