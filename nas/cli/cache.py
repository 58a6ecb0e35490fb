"""`nas cache`: the decoded images that are kept on this machine."""

from __future__ import annotations

import argparse
from typing import Any

from nas.cli import output
from nas.cli.parser import Parser, command

EXAMPLE = """
nas cache
nas cache --clear
nas cache --json
"""


def parser() -> Parser:
    """Options of `nas cache`."""
    p = command("cache", "The decoded images that trainings on this machine share; NAS_CACHE says where.", EXAMPLE)
    p.add_argument("--clear", action="store_true", help="remove them; what is needed again is decoded again")
    p.add_argument("--json", action="store_true", help="print JSON")
    return p


def run(options: argparse.Namespace) -> int:
    """List what is kept, or remove it."""
    from nas.data import store

    entries = store.clear() if options.clear else store.entries()
    size = sum(entry.bytes for entry in entries)
    if options.json:
        facts = {"folder": str(store.store_root()), "bytes": size, "removed": options.clear}
        output.print_json(facts | {"entries": [_facts(entry) for entry in entries]})
    elif options.clear:
        print(f"removed {len(entries)} data sets, {_megabytes(size)}, from {store.store_root()}")
    elif not entries:
        print(f"nothing is kept in {store.store_root()}")
    else:
        rows = [
            (entry.name, entry.images, _megabytes(entry.bytes), entry.state, entry.folder.name) for entry in entries
        ]
        output.print_table(("data", "images", "size", "state", "folder"), rows, "lrrll")
        print(f"{_megabytes(size)} in {store.store_root()}; `nas cache --clear` removes them")
    return 0


def _facts(entry: Any) -> dict[str, Any]:
    return {**vars(entry), "folder": str(entry.folder)}


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
