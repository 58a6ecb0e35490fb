"""One way in: a name or a file."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from search_spaces.errors import UserError, did_you_mean
from search_spaces.files.codec import load_file
from search_spaces.known.networks import NETWORKS, network
from search_spaces.known.spaces import SPACES, space
from search_spaces.network.architecture import Architecture
from search_spaces.network.block import Block
from search_spaces.space.space import Space

Blocks = Mapping[str, type[Block]]
SUFFIXES = (".yaml", ".yml", ".json")


BLOCKS_HELP = "Python module whose table BLOCKS names further blocks, {name: class}"


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


def outside_blocks(module: str | None) -> Blocks | None:
    """The table ``BLOCKS`` (kind to class) of a Python module that the user names; None without a module.

    The module may lie in the working folder. Importing it runs its code, so it is only ever named by the
    user. Raises UserError where it cannot be imported or has no such table.
    """
    if module is None:
        return None
    try:
        table = getattr(_imported(module), "BLOCKS", None)
    except (Exception, SystemExit) as error:
        raise UserError(f"cannot import {module!r} ({type(error).__name__}: {error})", "blocks") from None
    if not isinstance(table, dict) or not all(_is_block(kind, block) for kind, block in table.items()):
        raise UserError(f"{module!r} needs a table BLOCKS = {{kind: class}} of blocks by their kind", "blocks")
    return table


def _imported(module: str) -> object:
    folder = str(Path.cwd())
    sys.path.insert(0, folder)
    try:
        return import_module(module)
    finally:
        sys.path.remove(folder)


def _is_block(kind: object, block: object) -> bool:
    return isinstance(block, type) and issubclass(block, Block) and block.kind == kind
