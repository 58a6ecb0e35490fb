"""Memory that a process has freed."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

TWICE = """
import resource, sys, torch
from nas.module.memory import keep_freed, reset_peak
if sys.argv[1] == "kept":
    keep_freed()
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.ones(8 * 2**20)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
first, second = faults(), faults()
print(first, second, reset_peak("cpu"))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of glibc")
def test_memory_that_was_freed_is_used_again_without_asking_the_system_and_can_be_given_back():
    """32 MiB are 8,192 pages of 4 KiB, each asked for by a page fault."""

    def run(mode):
        command = [sys.executable, "-c", TWICE, mode]
        return map(int, subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())

    first, again, left = run("given back")
    kept_first, kept_again, kept_left = run("kept")
    assert min(first, again, kept_first) > 8_000 > 100 * kept_again
    assert abs(kept_left - left) < 32 * 2**20
