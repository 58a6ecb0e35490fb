"""What a busy machine does to the time of a forward pass: its spread, and the share of a core that it had.

    python benchmarks/latency_spread.py [--busy 2] [--rounds 12] [--runs 30]

Prints each of `--rounds` measurements of one thread, the fastest first; `--busy N` runs N loops beside it. Under
`chrt -f 50` (real-time priority) other processes hardly count, which stands for a quiet machine.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

from nas.module.latency import latency
from search_spaces import load

CASES = (("mobilenet-v2", 32), ("mobilenet-v2", 224), ("resnet-18", 224))


def main() -> None:
    """Measure each case so often."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for option, value in (("busy", 0), ("rounds", 12), ("runs", 30)):
        parser.add_argument(f"--{option}", type=int, default=value)
    options = parser.parse_args()
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(options.busy)]
    try:
        for name, side in CASES:
            network = load(name).at(side)
            measured = [latency(network, runs=options.runs, threads=1, steady=False) for _ in range(options.rounds)]
            print(f"{name} {side} px: median ms, 95 % by median, share of a core")
            for m in sorted(measured, key=lambda m: m.median_ms):
                print(f"  {m.median_ms:7.1f} {m.p95_ms / m.median_ms:5.2f} {m.core_share:5.2f}", flush=True)
    finally:
        for process in loops:
            process.kill()


if __name__ == "__main__":
    main()
