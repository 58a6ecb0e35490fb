"""Warm architecture costs per second on one core, beside one fvcore count with its build.

    python benchmarks/architecture_costs.py [--space mbconv] [--count 20000]

Every architecture is a new sample of the space; "warm" means that its stages were seen before, as in a search.
The memo of whole architectures is bypassed, so each cost is put together from its stages. Times are CPU seconds.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time

from search_spaces import Budget, cost, load


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--space", default="mbconv")
    parser.add_argument("--count", type=int, default=20_000)
    options = parser.parse_args()
    space, rng = load(options.space), random.Random(0)
    samples = [space.sample(rng) for _ in range(options.count)]
    for architecture in samples:
        cost.__wrapped__(architecture)
    rates = []
    for _ in range(5):
        start = time.process_time()
        for architecture in samples:
            cost.__wrapped__(architecture)
        rates.append(len(samples) / (time.process_time() - start))
    print(f"{options.space}: {statistics.median(rates):,.0f} costs/s (of 5: {min(rates):,.0f} to {max(rates):,.0f})")

    budget = Budget.parse("400MFLOPs")
    start = time.process_time()
    share = sum(budget.fits(cost(architecture)) for architecture in samples) / len(samples)
    print(f"{share:.1%} of the samples within {budget}, checked in {time.process_time() - start:.2f} s")

    import torch

    from nas.module.fvcore import fvcore_macs

    torch.set_num_threads(1)
    start = time.process_time()
    for architecture in samples[:5]:
        if fvcore_macs(architecture).macs != cost(architecture).macs:
            raise SystemExit("fvcore counts otherwise")
    print(f"fvcore with building: {5 / (time.process_time() - start):.1f} architectures/s, equal to the digit")


if __name__ == "__main__":
    main()
