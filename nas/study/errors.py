"""What ends a study other than its user's mistake (which is a ``search_spaces.UserError``)."""

from __future__ import annotations


class StudyError(RuntimeError):
    """A study cannot go on: too many failures, or nothing finished. One line; the log is consistent."""
