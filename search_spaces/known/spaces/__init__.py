"""Ready spaces by name, each a file of the language to read, copy and change."""

from __future__ import annotations

from search_spaces.errors import UserError, did_you_mean
from search_spaces.known.files import written
from search_spaces.space.space import Space

SPACES = ("vgg", "inception", "resnet", "se", "mbconv", "mobile-small", "nf", "mixed", "nas-bench-macro")


def names() -> tuple[str, ...]:
    """Names of all ready spaces."""
    return SPACES


def space(name: str) -> Space:
    """The ready space of that name; raises UserError with the names most like it."""
    if name not in SPACES:
        raise UserError(f"unknown space {name!r}{did_you_mean(name, SPACES)} (`nas spaces` lists all)")
    ready: Space = written("spaces", name)
    return ready
