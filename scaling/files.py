"""A scaled network as a file that says where it came from, and how to train it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scaling.scale import Scaled
from search_spaces import Architecture, UserError, digest, save
from search_spaces.files.codec import read, to_data


def save_scaled(
    scaled: Scaled,
    path: Path | str,
    base: Architecture,
    base_name: str = "",
    recipe: Mapping[str, Any] | None = None,
) -> Path:
    """Write the network as YAML or JSON with the digest of its base, the rule and the coefficients, and the fields of a
    ``recipe`` to train it by.

    The file loads like any architecture. Raises UserError where it cannot be written.
    """
    return save(scaled.architecture, path, _provenance(scaled, base, base_name), recipe)


def holds(
    path: Path, scaled: Scaled, base: Architecture, base_name: str = "", recipe: Mapping[str, Any] | None = None
) -> bool:
    """Whether the file is what :func:`save_scaled` would write."""
    wanted = to_data(scaled.architecture, _provenance(scaled, base, base_name), recipe)
    try:
        return path.is_file() and read(path) == json.loads(json.dumps(wanted))
    except UserError:  # damaged, or something else altogether
        return False


def _provenance(scaled: Scaled, base: Architecture, base_name: str) -> dict[str, Any]:
    named = {"base": base_name} if base_name else {}
    return {**named, "base_digest": digest(base), **scaled.provenance()}
