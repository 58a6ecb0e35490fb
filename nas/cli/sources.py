"""What a command line may name: a known network, a file, a study folder, a ready space."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from search_spaces.errors import UserError

if TYPE_CHECKING:
    from search_spaces import Architecture, Space

BLOCKS_HELP = "Python module whose table BLOCKS names further blocks, {name: class}"


def load_architecture(source: str, blocks: str | None = None) -> tuple[str, Architecture]:
    """(name, architecture) from a known network's name, a file, or a study folder (its base).

    Raises:
        UserError: nothing of that name, a study without a base, or a space instead of a network.
    """
    from search_spaces import Architecture, load
    from search_spaces.load import outside_blocks

    value = load(str(_base_file(source)), blocks=outside_blocks(blocks))
    if not isinstance(value, Architecture):
        raise UserError(f"{source} is a space, not a network; `nas spaces {source}` describes it")
    return _display_name(source), value


def load_space(source: str, blocks: str | None = None) -> Space:
    """A space from a ready space's name or a file.

    Raises:
        UserError: nothing of that name, or a network instead of a space.
    """
    from search_spaces import Space, load
    from search_spaces.load import outside_blocks

    value = load(source, blocks=outside_blocks(blocks))
    if not isinstance(value, Space):
        raise UserError(f"{source} is a network, not a space; `nas cost {source}` describes it")
    return value


def latest_base(root: Path = Path("studies")) -> str | None:
    """Folder of the study that finished last under `root`, or None where no study has a base yet."""
    bases = sorted(root.glob("*/base.yaml"), key=lambda path: (path.stat().st_mtime_ns, str(path)))
    return str(bases[-1].parent) if bases else None


def _base_file(source: str) -> str | Path:
    folder = Path(source)
    if not source or not folder.is_dir():
        return source
    base = folder / "base.yaml"
    if not base.is_file():
        raise UserError(f"{source}: a folder without base.yaml: it is no study, or its search has not finished")
    return base


def _display_name(source: str) -> str:
    path = Path(source)
    return path.resolve().name if path.is_dir() else path.stem if path.is_file() else source
