"""What an error says, whoever wrote it."""

from __future__ import annotations


def error_text(error: BaseException) -> str:
    """Its text; that of an error which cannot be written as text says so."""
    try:
        return str(error)
    except Exception as second:
        return f"its text cannot be made ({type(second).__name__})"


def value_text(value: object) -> str:
    """A value as Python writes it, or its type where it cannot be written."""
    try:
        return repr(value)
    except Exception:
        return f"a {type(value).__name__} that cannot be written"
