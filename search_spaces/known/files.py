"""Known networks and spaces that are written as files of the language, beside the code that names them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from search_spaces.files.codec import load_file


@cache
def written(kind: str, name: str) -> Any:
    """The value in ``<kind>/<name>.yaml``, where ``kind`` is networks or spaces."""
    return load_file(Path(__file__).parent / kind / f"{name}.yaml")
