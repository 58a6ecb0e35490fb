"""``nas cache``: the decoded images that are kept on this machine."""

from __future__ import annotations

import argparse
import time

from nas.cli import output
from nas.cli.arguments import add_json
from nas.cli.exits import DONE
from nas.cli.parser import Parser, command
from nas.text.numbers import seconds_text

EXAMPLE = """
nas cache
nas cache --clear
nas cache --clear flowers
"""
ABOUT = (
    "The decoded images that trainings on this machine share. NAS_CACHE says where they lie, NAS_CACHE_GB how many "
    "gigabytes there may be (20): what was used least recently goes first."
)
ALL = ""


def parser() -> Parser:
    """Options of ``nas cache``."""
    p = command("cache", ABOUT, EXAMPLE)
    clear = "remove them, or those of that name; what is needed again is decoded again"
    p.add_argument("--clear", nargs="?", const=ALL, metavar="NAME", help=clear)
    add_json(p)
    return p


def run(options: argparse.Namespace) -> int:
    """List what is kept, or remove it."""
    from nas.data import store

    clears = options.clear is not None
    entries = store.clear(options.clear or None) if clears else store.entries()
    size = sum(entry.bytes for entry in entries)
    if options.json:
        facts = {"folder": str(store.store_root()), "bytes": size, "limit": store.limit(), "removed": clears}
        output.print_json(facts | {"entries": [{**vars(entry), "folder": str(entry.folder)} for entry in entries]})
    elif clears:
        print(f"removed {len(entries)} data sets, {_megabytes(size)}, from {store.store_root()}")
    elif not entries:
        print(f"nothing is kept in {store.store_root()}")
    else:
        rows = [(e.name, e.images, _megabytes(e.bytes), _ago(e.used), e.state, e.folder.name) for e in entries]
        output.print_table(("data", "images", "size", "last used", "state", "folder"), rows, "lrrlll")
        of = _megabytes(store.limit())
        print(f"{_megabytes(size)} of at most {of} in {store.store_root()}; `nas cache --clear` removes them")
    return DONE


def _ago(moment: float) -> str:
    return f"{seconds_text(max(0.0, time.time() - moment))} ago"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
