"""One way in: a name or a file."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from search_spaces.architecture import Architecture
from search_spaces.blocks.base import Block
from search_spaces.codec import load_file
from search_spaces.errors import UserError
from search_spaces.networks import NETWORKS, network
from search_spaces.space import Space
from search_spaces.spaces import SPACES, space

Blocks = Mapping[str, type[Block]]
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
    raise UserError(
        f"{name!r} is neither a file nor a name; networks are {', '.join(NETWORKS)}; spaces are {', '.join(SPACES)}"
    )


def outside_blocks(module: str | None) -> Blocks | None:
    """The table ``BLOCKS`` (kind to class) of a Python module that the user names; None without a module.

    Importing it runs its code, so it is only ever named by the user. Raises UserError where there is none.
    """
    if module is None:
        return None
    try:
        table = getattr(import_module(module), "BLOCKS", None)
    except ImportError as error:
        raise UserError(f"cannot import {module!r} ({error})", "blocks") from None
    if not isinstance(table, dict):
        raise UserError(f"{module!r} has no table BLOCKS = {{kind: class}}", "blocks")
    return table
