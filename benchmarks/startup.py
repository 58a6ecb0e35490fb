"""How long commands take from the shell: median of several runs on a warm disk, Python's own start included.

Run `python benchmarks/startup.py`; it exits with 1 where a limit is passed.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

RUNS = 15
LIMITS = {  # seconds; None: shown only
    "--help": 0.1,
    "cost efficientnet-b7": 0.3,
    "cost senet-154 --layers": 1.0,
    "cost efficientnet-l2": 1.0,
    "search --help": None,
    "scale efficientnet-b0 --phi 3": None,
    "networks": None,
    "spaces": None,
}
ENTRY = "import sys; from nas.cli import main; sys.exit(main(sys.argv[1:]))"


def seconds(words: list[str]) -> float:
    """Wall time of one command."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", ENTRY, *words], check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> int:
    """Measure every command and compare with its limit."""
    passed = True
    for command, limit in LIMITS.items():
        runs = sorted(seconds(command.split()) for _ in range(RUNS + 1))[:RUNS]  # the first warms the disk
        median = statistics.median(runs)
        passed = passed and (limit is None or median <= limit)
        shown = "" if limit is None else f"  (limit {limit:.1f} s)"
        print(f"nas {command:<32} median {median:.3f} s, slowest {runs[-1]:.3f} s{shown}")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
