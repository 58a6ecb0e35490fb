"""Blocks from outside the package, by the module that the user names."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from search_spaces.errors import UserError
from search_spaces.network.block import Block

Blocks = Mapping[str, type[Block]]
BLOCKS_HELP = "Python module whose table BLOCKS names further blocks, {name: class}"


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
