"""``nas cache``: the decoded images that are kept on this machine."""

from __future__ import annotations

import argparse

from nas.cli import output
from nas.cli.arguments import add_json
from nas.cli.exits import DONE
from nas.cli.parser import Parser, command

EXAMPLE = """
nas cache
nas cache --clear
nas cache --json
"""


def parser() -> Parser:
    """Options of ``nas cache``."""
    p = command("cache", "The decoded images that trainings on this machine share; NAS_CACHE says where.", EXAMPLE)
    p.add_argument("--clear", action="store_true", help="remove them; what is needed again is decoded again")
    add_json(p)
    return p


def run(options: argparse.Namespace) -> int:
    """List what is kept, or remove it."""
    from nas.data import store

    entries = store.clear() if options.clear else store.entries()
    size = sum(entry.bytes for entry in entries)
    if options.json:
        facts = {"folder": str(store.store_root()), "bytes": size, "removed": options.clear}
        output.print_json(facts | {"entries": [{**vars(entry), "folder": str(entry.folder)} for entry in entries]})
    elif options.clear:
        print(f"removed {len(entries)} data sets, {_megabytes(size)}, from {store.store_root()}")
    elif not entries:
        print(f"nothing is kept in {store.store_root()}")
    else:
        rows = [(e.name, e.images, _megabytes(e.bytes), e.state, e.folder.name) for e in entries]
        output.print_table(("data", "images", "size", "state", "folder"), rows, "lrrll")
        print(f"{_megabytes(size)} in {store.store_root()}; `nas cache --clear` removes them")
    return DONE


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
