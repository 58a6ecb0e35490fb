"""Arguments that several commands share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas.cli.parser import Parser
from search_spaces.errors import UserError
from search_spaces.files.outside import BLOCKS_HELP
from search_spaces.files.plain_json import parse_json

if TYPE_CHECKING:
    from nas.training.recipe import Recipe

ARCH_HELP = "known network, YAML or JSON file, study folder (its base), or folder of `nas train`"
CLASSIFIER_HELP = f"{ARCH_HELP}; or an ONNX file of `nas export`"
WEIGHTS_HELP = "safetensors or checkpoint, folder of a study or a training, torchvision or timm"
FLAGS = {"yes": True, "on": True, "true": True, "no": False, "off": False, "false": False}


def add_network(p: Parser, help_text: str = ARCH_HELP) -> None:
    """``ARCH`` and ``--blocks``."""
    p.add_argument("network", metavar="ARCH", help=help_text)
    add_blocks(p)


def add_blocks(p: Parser) -> None:
    """``--blocks``."""
    p.add_argument("--blocks", metavar="MODULE", help=BLOCKS_HELP)


def add_weights(p: Parser) -> None:
    """``--weights``."""
    p.add_argument("--weights", type=Path, metavar="W", help=f"{WEIGHTS_HELP}; by default those in the folder ARCH")


def add_device(p: Parser) -> None:
    """``--device``."""
    p.add_argument("--device", default="auto", metavar="D", help="cpu, cuda, cuda:N, or auto: a GPU if there is one")


def add_tta(p: Any) -> None:
    """``--tta``."""
    from nas.training.tables import NO_TTA, TTA

    help_text = (
        "test-time augmentation: mirror takes the mean over each image and its mirror image, shifts also over "
        "both shifted by a pixel along the diagonals (none)"
    )
    p.add_argument("--tta", choices=tuple(TTA), default=NO_TTA, help=help_text)


def add_recipe_values(group: Any) -> None:
    """``--set``."""
    help_text = "another value in the recipe, such as flip=false; may be repeated"
    group.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE", help=help_text)


def recipe_with(recipe: str | Recipe, values: Sequence[str]) -> Recipe:
    """The recipe, by name or file, with the values of ``--set``. Raises UserError for an unknown recipe, an unknown
    field, and a value that it cannot have."""
    from nas.training.recipe import Recipe
    from nas.training.recipes import recipe_of

    flags = {f.name for f in fields(Recipe) if isinstance(f.default, bool)}
    changes: dict[str, Any] = {}
    for text in values:
        name, equals, value = text.partition("=")
        if not equals:
            raise UserError(f"--set must be FIELD=VALUE, got {text!r}")
        try:
            changes[name] = parse_json(value)
        except ValueError:
            changes[name] = FLAGS.get(value.lower(), value) if name in flags else value
    return recipe_of(recipe).changed(changes)


def add_json(p: Parser) -> None:
    """``--json``."""
    p.add_argument("--json", action="store_true", help="print JSON")
