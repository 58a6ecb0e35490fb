"""The references of the language and of recipes as Markdown, made from the tables and the classes themselves.

``python docs/reference.py docs/language.md`` (or ``docs/training.md``) writes it anew into the page, below its marker.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import MISSING, Field, fields
from inspect import cleandoc
from pathlib import Path
from typing import Any

from nas.training.recipe import described_fields
from search_spaces.files.codec import plain_data
from search_spaces.files.strict_yaml import flow
from search_spaces.network.architecture import Architecture
from search_spaces.network.blocks import BLOCKS, Stage
from search_spaces.network.defaults import NORMS, SE, Defaults
from search_spaces.network.heads import HEADS, Aux
from search_spaces.values import Value

MARKER = "<!-- Below: python docs/reference.py docs/{}.md -->\n"


def reference() -> str:
    """Every value of the language with its fields, their defaults and what they may be."""
    return "\n".join(
        (
            _section("Network and rows", (Architecture, Stage)),
            _section("Blocks", BLOCKS.values()),
            _section("Heads", (*HEADS.values(), Aux)),
            _section("Defaults", (Defaults, *NORMS.values(), SE)),
        )
    )


def recipe_fields() -> str:
    """Every field of a recipe with its default, what it may be and what it means."""
    rows = [f"| {' | '.join((f'`{name}`', *texts))} |" for name, *texts in described_fields()]
    return "\n".join(("| field | default | may be | meaning |", "|---|---|---|---|", *rows)) + "\n"


REFERENCES = {"language": reference, "training": recipe_fields}


def rewrite(page: str, name: str = "language") -> str:
    """The page of that name with the reference of today below its marker."""
    marker = MARKER.format(name)
    return page[: page.index(marker) + len(marker)] + "\n" + REFERENCES[name]()


def _section(title: str, kinds: Iterable[type[Value]]) -> str:
    return "\n".join((f"### {title}\n", *map(_entry, kinds)))


def _entry(kind: type[Value]) -> str:
    rows = [f"| `{field.name}` | {_default(kind, field)} | {_words(field)} |" for field in fields(kind)]
    table = (
        "\n".join(("| field | default | may be |", "|---|---|---|", *rows)) + "\n" if rows else "It has no fields.\n"
    )
    name = f"`{kind.kind}`, in Python `{kind.__name__}`" if kind.tagged else f"`{kind.__name__}`"
    return f"#### {name}\n\n{cleandoc(kind.__doc__ or '')}\n\n{table}"


def _default(kind: type[Value], field: Field[Any]) -> str:
    if field.default is MISSING:
        return "must be given"
    if field.default is not None:
        return f"`{flow(plain_data(field.default))}`"
    filled = kind.tagged and field.name in {default.name for default in fields(Defaults)}
    return "the network's" if filled else "left out"


def _words(field: Field[Any]) -> str:
    return str(getattr(field.metadata.get("rule"), "words", "")).replace("|", "\\|")


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(rewrite(page.read_text(encoding="utf-8"), page.stem), encoding="utf-8")
