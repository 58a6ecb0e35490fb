"""A scaled network as a file that says where it came from, and how to train it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scaling.scale import Scaled
from search_spaces import Architecture, digest, save


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
    about: Mapping[str, Any] = {
        **({"base": base_name} if base_name else {}),
        "base_digest": digest(base),
        **scaled.provenance(),
    }
    return save(scaled.architecture, path, provenance=about, recipe=recipe)
