"""Tables, figures and the page of a study; reads the records, never trains."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nas.report.page import write_report

__all__ = ["write_report"]


def __getattr__(name: str) -> Any:
    """The page is imported when it is first asked for: commands that only round numbers start without it."""
    if name not in __all__:
        raise AttributeError(f"module 'nas.report' has no attribute {name!r}")
    return getattr(import_module("nas.report.page"), name)
