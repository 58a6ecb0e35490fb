"""Data sets by name, folder or file."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from nas.data.sets import DATA_SETS, FORMS, load_data

if TYPE_CHECKING:
    from nas.data.dataset import Data
    from nas.data.images import read_image
    from nas.data.splits import Split, StreamedSplit, spread

_WHERE = {
    "Data": "nas.data.dataset",
    "Split": "nas.data.splits",
    "StreamedSplit": "nas.data.splits",
    "read_image": "nas.data.images",
    "spread": "nas.data.splits",
}

__all__ = ["DATA_SETS", "FORMS", "Data", "Split", "StreamedSplit", "load_data", "read_image", "spread"]


def __getattr__(name: str) -> Any:
    """What needs NumPy and Pillow is imported when first asked for."""
    if name not in _WHERE:
        raise AttributeError(f"module 'nas.data' has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)
