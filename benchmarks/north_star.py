"""What a search costs that chooses as well as random search of 100 whole trainings, on real images.

    python benchmarks/north_star.py images JPEGS.npz OUT.npz
    python benchmarks/north_star.py compare POOL FRESH… [--resamples 2000] [--cut CUT.csv]
    python benchmarks/north_star.py cut FRESH… --at 5 --out CUT.csv

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
With ``--cut`` each fresh run is taken as if it had ended after so many trainings' worth of epochs, by its log: ``cut``
trains again, with three further seeds, what it would have chosen then, where the study has not done so. It is called
where the study's data lie, and goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import csv
import io
import random
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from PIL import Image

from nas.storage import layout
from nas.study import Record, Study, open_study
from nas.study.job import task_of
from nas.study.log import read_log
from nas.study.noise import retrained
from nas.study.objectives import ranked
from nas.study.seeds import derive
from nas.study.trainer import train

if TYPE_CHECKING:
    from nas.study.executors.worker import Report

HUNDRED, SEEDS = 100, 3
COLUMNS = ("at", "run", "trial", "replicate", "top1")


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


def chosen_at(study: Study, trainings: float) -> int:
    """The trial with the best score among the whole trainings that the search had made of so many trainings' worth of
    epochs, by the order of its log."""
    searched = {record.trial: record for record in study.records if record.replicate == 0 and record.source is None}
    whole_epochs, seen = max(record.epochs for record in study.records), set()
    scores: dict[int, float] = {}
    for event in read_log(study.folder / layout.LOG).events:
        if event["event"] != "epoch" or event["trial"] not in searched:
            continue
        seen.add((event["trial"], event["epoch"]))
        if len(seen) > trainings * whole_epochs:
            break
        if event["epoch"] == whole_epochs:
            scores[event["trial"]] = searched[event["trial"]].top1 or 0.0
    return max(scores, key=scores.__getitem__)


def cut(fresh: Sequence[Study], trainings: float, out: Path) -> None:
    """Train what each run would have chosen, as the study's own retrainings are made."""
    rows, silent = read_cut(out), cast("Report", _Silent())
    for study in fresh:
        trial = chosen_at(study, trainings)
        known = further(study, trial, rows)
        record = next(record for record in study.records if record.trial == trial)
        for replicate in range(len(known) + 1, SEEDS + 1):
            seed = derive(study.definition.question.seed, record.training_key, replicate)
            described: Any = study  # of a plan its definition is enough
            architecture = study.space().decide(record.decisions)
            task = task_of(described, study.definition)(architecture, replicate, record.accumulate)
            checkpoint = out.with_suffix(f".{study.name}-{trial}-{replicate}.ckpt")
            top1 = train(task, seed, str(checkpoint), silent)["top1"]
            with out.open("a", newline="") as file:
                writer = csv.writer(file)
                if file.tell() == 0:
                    writer.writerow(COLUMNS)
                writer.writerow((trainings, study.name, trial, replicate, top1))
            for path in out.parent.glob(f"{checkpoint.name}*"):
                path.unlink()
        print(f"{study.name}: trial {trial}, trained again {len(known)} times before", flush=True)


class _Silent:
    """A trainer's report that nobody reads."""

    def __call__(self, epoch: int, metrics: dict[str, Any]) -> bool:
        return True

    def alive(self) -> None:
        """No one waits for a sign."""


def read_cut(path: Path) -> dict[tuple[str, int], list[float]]:
    """Scores by run and trial."""
    scores: dict[tuple[str, int], list[float]] = {}
    if path.exists():
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                scores.setdefault((row["run"], int(row["trial"])), []).append(float(row["top1"]))
    return scores


def further(study: Study, trial: int, rows: dict[tuple[str, int], list[float]]) -> list[float]:
    """Scores of a trial over further seeds: of the study's own retrainings, then those of ``cut``."""
    return [*retrained(study.records).get(trial, []), *rows.get((study.name, trial), [])]


def ends(fresh: Sequence[Study], path: Path | None) -> list[tuple[Record, list[float], float]]:
    """What each run chose, its scores over further seeds, and what the run had cost then."""
    if path is None:
        bases = [study.base for study in fresh]
        return [(b, retrained(s.records)[b.trial], cost(s)) for s, b in zip(fresh, bases, strict=True) if b is not None]
    with path.open(newline="") as file:
        trainings = {float(row["at"]) for row in csv.DictReader(file)}
    (at,), rows, chosen = trainings, read_cut(path), []
    for study in fresh:
        trial = chosen_at(study, at)
        record = next(record for record in study.records if record.trial == trial)
        chosen.append((record, further(study, trial, rows), min(at, cost(study))))
    return chosen


def compare(pool: Study, fresh: Sequence[Study], resamples: int, path: Path | None) -> None:
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
    for study, (record, scores, trainings) in zip(fresh, ends(fresh, path), strict=True):
        costs.append(trainings)
        bases.append(statistics.fmean(scores))
        found = f"{100 * float(record.top1 or 0):.2f} % in the search"
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
    compared.add_argument("--cut", type=Path)
    ended = commands.add_parser("cut")
    ended.add_argument("fresh", type=Path, nargs="+")
    ended.add_argument("--at", type=float, required=True)
    ended.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    if options.command == "images":
        images(options.source, options.target)
        return
    fresh = [open_study(folder) for folder in options.fresh]
    if options.command == "cut":
        cut(fresh, options.at, options.out)
    else:
        compare(open_study(options.pool), fresh, options.resamples, options.cut)


if __name__ == "__main__":
    main()
