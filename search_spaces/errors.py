"""The one error for what a user wrote."""

from __future__ import annotations

from collections.abc import Iterable

MAX_LENGTH = 300


class UserError(ValueError):
    """A mistake in what the user wrote: one line that names the path, the rule and the value."""

    def __init__(self, message: str, path: str = "") -> None:
        line = " ".join(message.split())
        self.message = line if len(line) <= MAX_LENGTH else line[: MAX_LENGTH - 1] + "…"
        super().__init__(f"{path}: {self.message}" if path else self.message)
        self.path = path

    def under(self, path: str) -> UserError:
        """The same mistake, seen from one level up: ``path`` is put in front of its place."""
        return UserError(self.message, ".".join(part for part in (path, self.path) if part))


def nearest(name: str, names: Iterable[str]) -> str:
    """What an error says of a mistyped name: "; nearest are …", or nothing where none is like it."""
    from difflib import get_close_matches

    near = get_close_matches(name, list(names), n=4, cutoff=0.5)
    return f"; nearest are {', '.join(near)}" if near else ""
