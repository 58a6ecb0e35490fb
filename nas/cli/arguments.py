"""Arguments that several commands share."""

from __future__ import annotations

from pathlib import Path

from nas.cli.parser import Parser
from search_spaces.files.outside import BLOCKS_HELP

ARCH_HELP = "known network, YAML or JSON file, study folder (its base), or folder of `nas train`"


def add_network(p: Parser) -> None:
    """``ARCH`` and ``--blocks``."""
    p.add_argument("network", metavar="ARCH", help=ARCH_HELP)
    add_blocks(p)


def add_blocks(p: Parser) -> None:
    """``--blocks``."""
    p.add_argument("--blocks", metavar="MODULE", help=BLOCKS_HELP)


def add_weights(p: Parser) -> None:
    """``--weights``."""
    p.add_argument(
        "--weights", type=Path, metavar="FILE", help="safetensors or checkpoint; by default those in the folder ARCH"
    )


def add_device(p: Parser) -> None:
    """``--device``."""
    p.add_argument("--device", default="auto", metavar="D", help="cpu, cuda, cuda:N, or auto: a GPU if there is one")


def add_json(p: Parser) -> None:
    """``--json``."""
    p.add_argument("--json", action="store_true", help="print JSON")
