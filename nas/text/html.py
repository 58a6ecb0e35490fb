"""Elements of HTML. Whatever is not HTML already is escaped here, control characters too, and nowhere else."""

from __future__ import annotations

import html
from collections.abc import Iterable

from nas.text.visible import visible

VOID = ("input", "meta")


class Html(str):
    """Text that is HTML already."""


def element(name: str, /, *content: object, **attributes: object) -> Html:
    """``<name …>content</name>``; attributes that are None or False are left out, ``_`` in their names is ``-``, and a
    trailing one is dropped (``class_``)."""
    shown = [
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{html.escape(visible(str(value)))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    ]
    opening = f"<{name}{''.join(shown)}>"
    return Html(opening if name in VOID else f"{opening}{joined(content)}</{name}>")


def joined(parts: Iterable[object]) -> Html:
    """The parts one after another, escaped where they are no HTML."""
    return Html("".join(part if isinstance(part, Html) else html.escape(visible(str(part))) for part in parts))
