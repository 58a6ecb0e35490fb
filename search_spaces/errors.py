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


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """What an error says of a mistyped word: "; did you mean 'x' or 'y'?", or nothing where no word is like it."""
    from difflib import get_close_matches

    near = get_close_matches(word, list(words), n=3, cutoff=0.65)
    return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
