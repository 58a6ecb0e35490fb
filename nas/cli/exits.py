"""Exit codes of ``nas``, and the line on stderr that says why it failed."""

from __future__ import annotations

import sys

from nas.cli.streams import unfailing
from nas.text.visible import one_line

DONE, FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130


def complain(reason: object, code: int = FAILED) -> int:
    """Print why in one line, where somebody still reads, and return the exit code."""
    with unfailing():
        print(f"nas: {one_line(str(reason))}", file=sys.stderr, flush=True)
    return code
