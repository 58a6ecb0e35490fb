"""Data sets by name or folder."""

from __future__ import annotations

from pathlib import Path

from nas.data.dataset import Data, Split
from search_spaces.errors import UserError

FORMS = "digits, or folder:PATH"

__all__ = ["FORMS", "Data", "Split", "load_data"]


def load_data(spec: str, seed: int = 0) -> Data:
    """The data set named by ``spec``: ``digits`` or ``folder:PATH``; ``seed`` makes the splits.

    Raises UserError for another spec and for images that cannot be used.
    """
    if spec == "digits":
        from nas.data.digits import digits

        return digits(seed)
    kind, _, path = spec.partition(":")
    if kind == "folder" and path:
        from nas.data.folder import folder

        return folder(Path(path), seed)
    raise UserError(f"data must be {FORMS}; got {spec!r}")
