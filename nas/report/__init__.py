"""Tables, figures and the page of a study; reads the records, never trains."""

from __future__ import annotations

from nas.report.page import write_report

__all__ = ["write_report"]
