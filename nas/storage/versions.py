"""Versions of what a result may depend on."""

from __future__ import annotations

from importlib import metadata

PACKAGES = ("torch", "torchvision", "optuna", "numpy", "scikit-learn")


def installed_versions() -> dict[str, str]:
    """Versions of the packages that a result may depend on, without importing them."""
    return {name: metadata.version(name) for name in PACKAGES}
