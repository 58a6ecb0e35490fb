"""What a command line may name: a known network, a file, a folder of a study or a training, a ready space."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nas.storage import layout
from search_spaces.errors import UserError

if TYPE_CHECKING:
    from search_spaces import Architecture, Space

ARCH_HELP = "known network, YAML or JSON file, study folder (its base), or folder of `nas train`"
BLOCKS_HELP = "Python module whose table BLOCKS names further blocks, {name: class}"


def load_architecture(source: str, blocks: str | None = None) -> tuple[str, Architecture]:
    """(name, architecture) from a known network's name, a file, a study folder (its base), or a folder of
    `nas train`.

    Raises:
        UserError: nothing of that name, a study without a base, or a space instead of a network.
    """
    from search_spaces import Architecture, load
    from search_spaces.files.load import outside_blocks

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
    from search_spaces.files.load import outside_blocks

    value = load(source, blocks=outside_blocks(blocks))
    if not isinstance(value, Space):
        raise UserError(f"{source} is a network, not a space; `nas cost {source}` describes it")
    return value


def latest_base(root: Path = Path("studies")) -> str | None:
    """Folder of the study that finished last under `root`, or None where no study has a base yet."""
    bases = sorted(root.glob(f"*/{layout.BASE}"), key=lambda path: (path.stat().st_mtime_ns, str(path)))
    return str(bases[-1].parent) if bases else None


def weights_of(source: str) -> Path | None:
    """The weights that a folder holds: those of a study's base, or of a training; None without any."""
    folder = Path(source)
    if not source or not folder.is_dir():
        return None
    if (folder / layout.NETWORK).is_file():
        return _existing(folder / layout.WEIGHTS)
    from search_spaces.files.codec import read

    provenance = read(folder / layout.BASE).get("provenance") if (folder / layout.BASE).is_file() else None
    named = provenance.get("weights") if isinstance(provenance, dict) else None
    return _existing(folder / named) if isinstance(named, str) else None


def _existing(path: Path) -> Path | None:
    return path if path.is_file() else None


def _base_file(source: str) -> str | Path:
    """The file of the network in a folder; what is no folder stays as it is."""
    folder = Path(source)
    if not source or not folder.is_dir():
        return source
    for name in (layout.BASE, layout.NETWORK):
        if (folder / name).is_file():
            return folder / name
    raise UserError(f"{source}: a folder without {layout.BASE}: it is no study, or its search has not finished")


def _display_name(source: str) -> str:
    path = Path(source)
    return path.resolve().name if path.is_dir() else path.stem if path.is_file() else source
