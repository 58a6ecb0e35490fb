"""What a search costs that chooses as well as random search of 100 whole trainings, on real images.

    python benchmarks/north_star.py images JPEGS.npz OUT.npz
    python benchmarks/north_star.py compare POOL FRESH… [--resamples 2000]

``images`` makes the data: 8,000 images of CIFAR-10 for training, 5,000 for validation and 10,000 for the test from
arrays of JPEG bytes (``train_jpeg``, ``train_offsets``, ``train_labels``, ``test_…``). The pool and the fresh runs are
studies of the product:

    nas search --space space.yaml --budget 3MFLOPs --data npz:OUT.npz --epochs 6 --sampler random --pruner none \\
        --trials 130 --final none --retrain 5 --seeds 3 --out POOL
    nas search --space space.yaml --budget 3MFLOPs --data npz:OUT.npz --epochs 6 --trials 16 --final none \\
        --retrain 0 --seed S --out FRESH     # and afterwards the same with --retrain 1 --seeds 3

``compare`` draws 100 of the pool's networks again and again: what random search would choose, and the mean of that
network over three further seeds. Each fresh run is measured by the mean of its base over three further seeds, which the
choice has not seen, and by its cost: all epochs that it trained before they were asked for, in whole trainings.
"""

from __future__ import annotations

import argparse
import io
import random
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from nas.study import Record, Study, open_study
from nas.study.noise import retrained
from nas.study.objectives import ranked

HUNDRED = 100


def images(source: Path, target: Path) -> None:
    """Decode a part of the images into an npz file as ``nas`` reads it."""
    arrays = np.load(source)

    def decoded(part: str, begin: int, end: int) -> tuple[np.ndarray, np.ndarray]:
        data, offsets = arrays[f"{part}_jpeg"], arrays[f"{part}_offsets"]
        files = (bytes(data[offsets[i] : offsets[i + 1]]) for i in range(begin, end))
        return np.stack([np.asarray(Image.open(io.BytesIO(file))) for file in files]), arrays[f"{part}_labels"][
            begin:end
        ]

    parts = {"train": ("train", 0, 8_000), "val": ("train", 8_000, 13_000), "test": ("test", 0, 10_000)}
    named: dict[str, Any] = {"classes": arrays["classes"]}
    for name, where in parts.items():
        named[f"{name}_images"], named[f"{name}_labels"] = decoded(*where)
    np.savez(target, **named)


def whole(study: Study) -> list[Record]:
    """Search trainings that ran to their end."""
    return ranked(study.records, "top1")


def cost(study: Study) -> float:
    """Epochs of the search, in whole trainings."""
    epochs = sum(record.epochs for record in study.records if record.replicate == 0 and record.source is None)
    return epochs / max(record.epochs for record in study.records)


def compare(pool: Study, fresh: Sequence[Study], resamples: int) -> None:
    records, seeds = whole(pool), retrained(pool.records)
    observed = np.array([float(record.top1 or 0) for record in records])
    within = statistics.fmean(statistics.variance(scores) for scores in seeds.values() if len(scores) > 1)
    print(f"pool: {len(records)} networks, top-1 {_spread(observed)}, best {100 * observed.max():.2f} %")
    print(f"seeds: ±{100 * within**0.5:.2f} points, of {len(seeds)} networks")
    rng = random.Random(0)
    chosen = [min(rng.sample(range(len(records)), HUNDRED)) for _ in range(resamples)]  # records are best first
    means = [statistics.fmean(seeds[records[i].trial]) for i in chosen if records[i].trial in seeds]
    print(f"random search of {HUNDRED}: its choice over further seeds {_spread(np.array(means))}")
    print(f"  ({len(means)} of {resamples} resamples; in the others the choice has no further seeds)")
    costs, bases = [], []
    for study in fresh:
        assert study.base is not None
        scores = retrained(study.records)[study.base.trial]
        costs.append(cost(study))
        bases.append(statistics.fmean(scores))
        found = f"{100 * float(study.base.top1 or 0):.2f} % in the search"
        print(f"{study.name}: {costs[-1]:.2f} trainings, {100 * bases[-1]:.2f} % over {len(scores)} seeds, {found}")
    price, error = statistics.fmean(costs), statistics.stdev(bases) / len(bases) ** 0.5
    print(f"fresh: {_spread(np.array(bases))}, standard error {100 * error:.2f}")
    print(f"cost: {price:.2f} trainings ({min(costs):.2f} to {max(costs):.2f})")
    expected = _expected(observed, max(0.0, 1 - within / float(observed.var(ddof=1))))
    for number in (round(price), HUNDRED):
        print(f"random search of {number}, by the pool less its seeds' noise: {100 * expected[number - 1]:.2f} %")
    for errors in (0, -2, 2):
        target = statistics.fmean(bases) + errors * error
        reached = next((n for n, value in enumerate(expected, start=1) if value >= target), len(expected))
        more = "" if expected[-1] >= target else "more than "
        print(
            f"fresh {errors:+} errors: as good as random search of {more}{reached}, {more}{reached / price:.1f} times"
        )


def _expected(observed: np.ndarray, reliable: float) -> list[float]:
    """What the network that random search of n chooses is worth, for n from 1 on: the mean of the best of n, shrunk
    towards the mean of all by the share of the variance that is not the seeds'."""
    ordered, size = np.sort(observed), len(observed)
    shrunk = observed.mean() + reliable * (ordered - observed.mean())
    values = []
    for n in range(1, size + 1):
        logs = np.array([_log_choose(k, n - 1) - _log_choose(size, n) for k in range(size)])
        values.append(float(np.exp(logs) @ shrunk))
    return values


def _log_choose(n: int, k: int) -> float:
    from math import inf, lgamma

    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) if 0 <= k <= n else -inf


def _spread(values: np.ndarray) -> str:
    return f"{100 * values.mean():.2f} ± {100 * values.std(ddof=1):.2f} %"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    made = commands.add_parser("images")
    made.add_argument("source", type=Path)
    made.add_argument("target", type=Path)
    compared = commands.add_parser("compare")
    compared.add_argument("pool", type=Path)
    compared.add_argument("fresh", type=Path, nargs="+")
    compared.add_argument("--resamples", type=int, default=2_000)
    options = parser.parse_args()
    if options.command == "images":
        images(options.source, options.target)
    else:
        compare(open_study(options.pool), [open_study(folder) for folder in options.fresh], options.resamples)


if __name__ == "__main__":
    main()
