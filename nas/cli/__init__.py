"""The command line: one command a file, heavy imports inside the command that needs them."""

from __future__ import annotations

from nas.cli.app import main
