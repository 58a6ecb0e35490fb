"""Downloads that end in one sentence where they fail."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from search_spaces.errors import UserError

TIMEOUT = 60.0  # seconds without an answer, after which a download fails


@contextmanager
def downloading(problem: str) -> Iterator[None]:
    """Whatever stops a download becomes a UserError that says ``problem``; a silent server is given a minute."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(TIMEOUT)
    try:
        yield
    except (OSError, RuntimeError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise UserError(f"{problem} ({reason})") from None
    finally:
        socket.setdefaulttimeout(before)
