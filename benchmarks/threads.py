"""Seconds of a training step with one thread and with two, by size of the network and by how idle threads wait.

    python benchmarks/threads.py [--busy 1] [--rounds 15] [--threads 2]

Each row is a process of its own: OpenMP's threads wait for work in a loop (`ACTIVE`, what libgomp does by itself for a
moment) or asleep (`PASSIVE`, what `import nas` chooses). Steps with one and with several threads alternate; medians of
wall time. `--busy N` runs N loops beside it. The last column is what the choice of `nas train` comes to.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

CASES = (("mobilenet-v2", 16, 32), ("efficientnet-b0", 32, 32), ("resnet-18", 32, 64), ("resnet-18", 128, 16))
POLICIES = ("ACTIVE", "PASSIVE")


@contextmanager
def busy(loops: int) -> Iterator[None]:
    """Within, so many processes count."""
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(loops)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()


def row(name: str, side: int, batch: int, threads: int, rounds: int) -> str:
    """Measure one network at ``side`` pixels in this process."""
    from nas.module.threads import threads as using
    from nas.training.threads import faster_threads, training_step
    from search_spaces import cost, load

    network = load(name).at(side, 10)
    step, seconds = training_step(network, batch), {1: [], threads: []}
    for _ in range(rounds):
        for count, times in seconds.items():
            with using(count):
                start = time.perf_counter()
                step()
                times.append(time.perf_counter() - start)
    one, several = (1e3 * statistics.median(times[2:]) for times in seconds.values())
    start = time.perf_counter()
    chosen = faster_threads(network, batch, threads)
    took = time.perf_counter() - start
    size = cost(network).macs * batch / 1e6
    policy = os.environ["OMP_WAIT_POLICY"]
    return (
        f"{name} {side} px, batch {batch} ({size:,.0f} M MACs) {policy:<7}  1 thread {one:.1f} ms, {threads} threads "
        f"{several:.1f} ms; {several / one:.2f} times; chosen {chosen} in {took:.2f} s"
    )


def main() -> None:
    """Measure every case under every policy."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for option, value in (("busy", 0), ("rounds", 15), ("threads", 2)):
        parser.add_argument(f"--{option}", type=int, default=value)
    parser.add_argument("--case", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case is not None:
        print(row(*CASES[options.case], options.threads, options.rounds), flush=True)
        return
    with busy(options.busy):
        for case in range(len(CASES)):
            for policy in POLICIES:
                command = [sys.executable, *sys.argv, "--case", str(case)]
                subprocess.run(command, env=os.environ | {"OMP_WAIT_POLICY": policy}, check=True)


if __name__ == "__main__":
    main()
