"""One way in: a name or a file."""

from __future__ import annotations

from pathlib import Path

from search_spaces.errors import UserError, did_you_mean
from search_spaces.files.codec import load_file
from search_spaces.files.outside import Blocks
from search_spaces.known.networks import NETWORKS, network
from search_spaces.known.spaces import SPACES, space
from search_spaces.network.architecture import Architecture
from search_spaces.space.space import Space

SUFFIXES = (".yaml", ".yml", ".json")


def load(source: str | Path, blocks: Blocks | None = None) -> Architecture | Space:
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
    near = did_you_mean(name, (*NETWORKS, *SPACES))
    raise UserError(f"{name!r} is neither a file nor a name{near} (`nas networks` and `nas spaces` list all)")
