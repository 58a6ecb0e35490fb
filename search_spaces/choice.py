"""A choice stands where an architecture would have a value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from search_spaces.errors import UserError

MAX_OPTIONS = 1_000


@dataclass(frozen=True)
class Choice:
    """Options for one value. Equal names, wherever they stand, are one shared decision."""

    options: tuple[Any, ...]
    name: str | None = None

    def map(self, function: Callable[[Any], Any]) -> Choice:
        """The choice with each option replaced by ``function(option)``."""
        return Choice(tuple(function(option) for option in self.options), self.name)


def choice(*options: Any, name: str | None = None) -> Any:
    """A value left open: a number, an activation, a block, a stage or a head.

    Raises UserError for no option at all, for a choice among the options, and for a name that is no
    identifier.
    """
    if not options:
        raise UserError("a choice needs at least one option, got none")
    if any(isinstance(option, Choice) for option in options):
        raise UserError("an option of a choice cannot be a choice itself")
    if len(options) > MAX_OPTIONS:
        raise UserError(f"a choice may have {MAX_OPTIONS} options at most, got {len(options)}")
    if name is not None and not (isinstance(name, str) and name.isidentifier()):
        raise UserError(f"the name of a choice must be an identifier, got {name!r}")
    return Choice(tuple(options), name)
