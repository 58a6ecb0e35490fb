"""Memory that a process has freed."""

from __future__ import annotations

import json
import platform
import subprocess
import sys

import pytest

AGAIN_AND_AGAIN = """
import json, resource, sys, torch
from nas.module.memory import keep_freed, reset_peak
if sys.argv[1] == "kept":
    keep_freed()
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.ones(8 * 2**20)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
print(json.dumps([[faults() for _ in range(10)], reset_peak("cpu")]))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of glibc")
def test_memory_that_was_freed_is_used_again_without_asking_the_system_and_can_be_given_back():
    """32 MiB are 8,192 pages of 4 KiB, each asked for by a page fault; where small blocks lie between, once more."""

    def run(mode):
        command = [sys.executable, "-c", AGAIN_AND_AGAIN, mode]
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    given_back, left = run("given back")
    kept, left_of_kept = run("kept")
    assert min(given_back) > 8_000
    assert sum(kept) < 3 * 8_200 < sum(given_back) / 3
    assert abs(left_of_kept - left) < 32 * 2**20
