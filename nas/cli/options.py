"""Options of a value object as arguments of a command: names, defaults, rules and help come from its fields."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Collection, Mapping
from dataclasses import Field
from typing import Any

from nas.cli.parser import Parser
from nas.study.options import default_text, options_of
from search_spaces.errors import UserError
from search_spaces.values import Value


class Groups:
    """The titled groups of a parser's help, each made when its first option comes."""

    def __init__(self, parser: Parser) -> None:
        self._parser = parser
        self._groups: dict[str, Any] = {}

    def __getitem__(self, title: str) -> Any:
        if title not in self._groups:
            self._groups[title] = self._parser.add_argument_group(title)
        return self._groups[title]


def add_options(groups: Groups, kind: type[Value], without: Collection[str] = ()) -> None:
    """One argument for each option of ``kind`` that has a group; what is not given stays None."""
    for f in options_of(kind):
        if f.name not in without and f.metadata["group"] is not None:
            groups[f.metadata["group"]].add_argument(f"--{f.name.replace('_', '-')}", **_settings(f))


def given(kind: type[Value], arguments: argparse.Namespace) -> dict[str, Any]:
    """The options of ``kind`` that were given."""
    values = {f.name: getattr(arguments, f.name, None) for f in options_of(kind)}
    return {name: value for name, value in values.items() if value is not None}


def read_words(kind: type[Value], words: Mapping[str, str | None]) -> dict[str, Any]:
    """The options of ``kind`` among words that a parser left as they are; None is not given. Raises UserError."""
    values = {}
    for f in options_of(kind):
        word = words.get(f.name)
        if word is not None:
            try:
                values[f.name] = _reader(f)(word)
            except argparse.ArgumentTypeError as error:
                raise UserError(str(error), f.name) from None
    return values


def _settings(f: Field[Any]) -> dict[str, Any]:
    rule, default = f.metadata["rule"], default_text(f)
    names = getattr(rule, "examples", ())
    named = bool(names) and all(isinstance(name, str) for name in names)
    metavar = f"{{{','.join(names)}}}" if named else f.metadata["metavar"]
    help_text = f.metadata["help"] + (f" ({default})" if default else "")
    settings = {"type": _reader(f), "metavar": metavar, "help": help_text.replace("%", "%%")}
    return settings if f.metadata["const"] is None else {**settings, "nargs": "?", "const": f.metadata["const"]}


def _reader(f: Field[Any]) -> Callable[[str], Any]:
    """Reads the word and holds it to the rule."""
    rule = f.metadata["rule"]

    def read(word: str) -> Any:
        try:
            return rule(f.metadata["read"](word))
        except UserError as error:
            raise argparse.ArgumentTypeError(error.message) from None
        except ValueError:
            raise argparse.ArgumentTypeError(f"must be {getattr(rule, 'words', 'a number')}, got {word!r}") from None

    return read
