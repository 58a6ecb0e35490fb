"""One way in: a name or a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from search_spaces.architecture import Architecture
from search_spaces.codec import load_file
from search_spaces.errors import UserError
from search_spaces.networks import NETWORKS, network
from search_spaces.space import Space
from search_spaces.spaces import SPACES, space
from search_spaces.values import Value

SUFFIXES = (".yaml", ".yml", ".json")


def load(source: str | Path, blocks: Mapping[str, type[Value]] | None = None) -> Architecture | Space:
    """A known network, a ready space, or what a YAML or JSON file holds.

    ``blocks`` are blocks from outside the package by kind. Raises UserError that names the rule.
    """
    name = str(source)
    if name in NETWORKS:
        return network(name)
    if name in SPACES:
        return space(name)
    path = Path(source)
    if path.suffix in SUFFIXES or path.is_file():
        return load_file(path, blocks)
    raise UserError(
        f"{name!r} is neither a file nor a name; networks are {', '.join(NETWORKS)}; "
        f"spaces are {', '.join(SPACES)}"
    )
