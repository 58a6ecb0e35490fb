"""What a page takes from the files of a training, held to its types: they may be damaged, or another's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nas.study.outcome import is_integer, is_number
from nas.training.tables import NO_TTA
from search_spaces.errors import UserError
from search_spaces.files.plain_json import parse_json


@dataclass(frozen=True)
class Rule:
    """What a value must be, in words and as a test."""

    words: str
    holds: Callable[[Any], bool]


TEXT = Rule("a text", lambda value: isinstance(value, str))
NUMBER = Rule("a number", is_number)
SHARE = Rule("a number from 0 to 1", lambda value: is_number(value) and 0 <= value <= 1)
INTEGER = Rule("an integer of at least 0", lambda value: is_integer(value) and value >= 0)
COUNT = Rule("an integer of at least 1", lambda value: is_integer(value) and value >= 1)

EVALUATION = {
    "top1": SHARE,
    "images": COUNT,
    "per_class": [{"top1": SHARE, "images": INTEGER}],
    "confusion?": [[INTEGER]],
}
SUMMARY = {
    **{"data": TEXT, "recipe": TEXT, "epochs": COUNT, "image_size": COUNT, "params": COUNT, "macs": COUNT},
    **{"seconds": NUMBER, "tta?": TEXT, "val?": EVALUATION, "test?": EVALUATION},
}
EPOCH = {"top1?": NUMBER}
SETTINGS = {
    **{"epochs?": COUNT, "batch?": COUNT, "threads?": COUNT, "processes?": COUNT, "image_size?": COUNT},
    **{"device?": TEXT, "dtype?": TEXT},
}
DEFINITION = {
    "name": TEXT,
    "data": {
        **{"name": TEXT, "digest?": TEXT, "classes?": [TEXT]},
        "images?": {"train?": INTEGER, "val?": INTEGER, "test?": INTEGER},
    },
    "recipe": {"name?": TEXT, "epochs?": COUNT},
    "settings": SETTINGS,
    "seed": INTEGER,
    "weights?": TEXT,
    "weights_name?": TEXT,
}
"""Shapes: a rule; a list of the one thing that all items are; keys with what they hold, those with a ? may be null or
not there, and others that are not named may hold anything."""


def check_shape(value: Any, shape: Any, place: str) -> None:
    """Raise UserError that names the place, the rule and the value where it is not of this shape."""
    if isinstance(shape, Rule):
        if not shape.holds(value):
            raise UserError(f"must be {shape.words}, got {value!r}", place)
    elif isinstance(shape, list):
        if not isinstance(value, list):
            raise UserError(f"must be a list, got {value!r}", place)
        for index, item in enumerate(value):
            check_shape(item, shape[0], f"{place}.{index}")
    else:
        if not isinstance(value, Mapping):
            raise UserError(f"must hold keys and values, got {value!r}", place)
        for key, inner in shape.items():
            name = key.removesuffix("?")
            if name in value and not (value[name] is None and key != name):
                check_shape(value[name], inner, f"{place}.{name}")
            elif key == name:
                raise UserError(f"{name} is missing", place)


def stored_summary(path: Path) -> dict[str, Any]:
    """The summary of a training. Raises UserError where it is damaged."""
    try:
        summary = parse_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{path} is damaged: {error}") from None
    check_shape(summary, SUMMARY, str(path))
    return dict(summary)


def augmented(summary: Mapping[str, Any]) -> str:
    """Which test-time augmentation the scores of a summary are with, after a comma; empty without one."""
    tta = summary.get("tta") or NO_TTA
    return "" if tta == NO_TTA else f", test-time augmentation {tta}"
