"""What samplers find on tables of trained networks, beside random search: regret after so many trainings.

    python benchmarks/search_regret.py macro FILE [--budget median|none] [--samplers predictor,random] [--seeds 50]
    python benchmarks/search_regret.py accel FILE [--trainings 50]

``macro`` is NAS-Bench-Macro's JSON table (CIFAR-10, three seeds a network; a training draws one of them), searched by
the real driver. ``accel`` is Accel-NASBench as CSV (ImageNet top-1, one training a network), searched as a pool: the
sampler proposes from its networks alone. Regret in percent: *visited* of the best true mean among what was trained,
*chosen* of the network with the best observed score. All samplers see the same seeds; mean ± standard error.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from nas import search
from nas.study.objectives import MAXIMIZE, Objective
from nas.study.propose.candidates import Candidates, History
from nas.study.propose.samplers import SAMPLERS
from nas.study.records import Record
from search_spaces import Architecture, Conv, Defaults, Head, MBConv, Space, Stage, choice, cost, digest, load
from search_spaces.counting.feasible import Feasible

MARKS = (10, 20, 30, 50, 100)

Run = Callable[[str, int, int], "Trainings"]
"""(sampler, trainings, seed) to what was trained."""


class Trainings(NamedTuple):
    """True and observed score of each training, in order, and the CPU seconds of a training's proposal and record."""

    true: list[float]
    observed: list[float]
    seconds: float


def macro(file: Path, budget: str) -> tuple[float, Run]:
    """The best true mean within the budget, and the search of NAS-Bench-Macro."""
    table = json.loads(file.read_text())
    space = _of_space("nas-bench-macro")
    decisions = space.decisions
    entries = {
        digest(space.decide({d.name: d.labels[int(digit)] for d, digit in zip(decisions, code, strict=True)})): entry
        for code, entry in table.items()
    }
    limit = statistics.median(entry["flops"] for entry in table.values())
    budgets = [f"{limit / 1e6}MFLOPs"] if budget == "median" else []
    best = max(e["mean_acc"] for e in entries.values() if not budgets or e["flops"] <= limit)

    def evaluate(architecture: Architecture, seed: int, report: object) -> float:
        return float(entries[digest(architecture)]["test_acc"][seed % 3])

    def run(sampler: str, trainings: int, seed: int) -> Trainings:
        with tempfile.TemporaryDirectory() as folder:
            began = time.process_time()
            study = search(
                space, budgets, evaluate=evaluate, evaluator_name="table", sampler=sampler, seed=seed, retrain=0,
                trials=trainings, out=Path(folder) / "study",
            )  # fmt: skip
            seconds = (time.process_time() - began) / trainings
        records = [record for record in study.records if record.counted]
        true = [entries[str(record.digest)]["mean_acc"] for record in records]
        return Trainings(true, [float(record.top1 or 0) for record in records], seconds)

    return best, run


def _of_space(name: str) -> Space:
    space = load(name)
    assert isinstance(space, Space)
    return space


class Pool(Feasible):
    """The networks of a table, in the place of all that lie within budgets."""

    def __init__(self, space: Space, vectors: Sequence[dict[str, str]]) -> None:
        super().__init__(space, ())
        self._vectors = list(vectors)

    def vectors(self, rng: random.Random, n: int) -> list[dict[str, str]]:
        return [rng.choice(self._vectors) for _ in range(n)]

    def at_most(self, limit: int) -> bool:
        return False


class OfPool(Candidates):
    """Candidates that are in the table."""

    def __init__(self, pool: Pool, entries: dict[Architecture, float]) -> None:
        super().__init__(pool, digest)
        self._entries = entries

    def _fits(self, architecture: Architecture) -> bool:
        return architecture in self._entries


def accel(file: Path) -> tuple[float, Run]:
    """The best score, and the search of Accel-NASBench."""
    with gzip.open(file, "rt") as lines:
        rows = list(csv.DictReader(lines))
    space = _skeleton()
    vectors = [_vector(row) for row in rows]
    architectures = [space.decide(labels) for labels in vectors]
    for row, architecture in zip(rows, architectures, strict=True):
        if round(cost(architecture).params / 1e6, 5) != round(float(row["params_m"]), 5):
            raise SystemExit(
                f"network {row['id']} has {cost(architecture).params} parameters, the table says {row['params_m']} M"
            )
    entries = {a: float(row["val_top1"]) for a, row in zip(architectures, rows, strict=True)}
    pool = Pool(space, vectors)

    def run(sampler: str, trainings: int, seed: int) -> Trainings:
        candidates = OfPool(pool, entries)
        records: list[Record] = []
        began = time.process_time()
        while len(records) < trainings:
            keys = {record.training_key: record.trial for record in records}
            history = History(candidates, records, Objective("score", MAXIMIZE), keys.get, seed, len(records), sampler)
            uniform = len(records) < SAMPLERS[sampler].start
            candidate = None if uniform else SAMPLERS[sampler].propose(history)
            if candidate is None or candidate.architecture not in entries or candidate.training_key in keys:
                candidate = candidates.uniform("uniform", keys.get, history.rng("uniform"))
            record = candidate.record(len(records), space.labels_of(candidate.architecture))
            records.append(_ended(record, entries[candidate.architecture]))
        seconds = (time.process_time() - began) / trainings
        scores = [float(record.top1 or 0) for record in records]
        return Trainings(scores, scores, seconds)

    return max(entries.values()), run


def _ended(record: Record, score: float) -> Record:
    return Record(**{**record.__dict__, "state": "complete", "top1": score})


def _skeleton() -> Space:
    """B0's stem, head and seven rows; expand ratio, kernel, repeats and SE of each are open."""
    rows = ((16, 1, 3), (24, 2, 3), (40, 2, 3), (80, 2, 3), (112, 1, 3), (192, 2, 4), (320, 1, 3))
    block = MBConv(kernel=choice(3, 5), expand_ratio=choice(1, 4, 6), se_ratio=choice(0, 0.25))
    stages = tuple(
        Stage(block, out=out, repeats=choice(*range(1, most + 1)), stride=stride) for out, stride, most in rows
    )
    return Space(
        "accel",
        Architecture(
            stem=(Stage(Conv(), out=32, stride=2),), stages=stages, head=Head(out=1280), defaults=Defaults(act="silu")
        ),
    )


def _vector(row: dict[str, str]) -> dict[str, str]:
    labels: dict[str, str] = {}
    for stage in range(7):
        at = f"stages.{stage}"
        labels |= {
            f"{at}.block.{name}": row[f"{column}{stage}"] for name, column in (("kernel", "k"), ("expand_ratio", "e"))
        }
        labels |= {
            f"{at}.block.se_ratio": "0.25" if row[f"se{stage}"] == "1" else "0",
            f"{at}.repeats": row[f"l{stage}"],
        }
    return labels


def regrets(best: float, trainings: Trainings, marks: Sequence[int]) -> Iterator[tuple[float, float]]:
    """Visited and chosen regret at each mark."""
    for mark in marks:
        true, observed = trainings.true[:mark], trainings.observed[:mark]
        yield best - max(true), best - true[observed.index(max(observed))]


def _summary(values: Sequence[float]) -> str:
    error = statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else float("nan")
    return f"{statistics.fmean(values):.3f} ± {error:.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", choices=("macro", "accel"))
    parser.add_argument("file", type=Path)
    parser.add_argument("--budget", choices=("median", "none"), default="median", help="of macro")
    parser.add_argument("--samplers", default=",".join(SAMPLERS))
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--trainings", type=int, default=50)
    options = parser.parse_args()
    best, run = macro(options.file, options.budget) if options.table == "macro" else accel(options.file)
    marks = [mark for mark in MARKS if mark <= options.trainings]
    results: dict[str, list[Any]] = {name: [] for name in options.samplers.split(",")}
    for seed in range(options.seeds):
        for name, runs in results.items():
            trainings = run(name, options.trainings, seed)
            runs.append((list(regrets(best, trainings, marks)), trainings.seconds))
    print(f"{'sampler':10} {'':8}" + "".join(f"{mark:>17}" for mark in marks) + "   CPU ms a training")
    for name, runs in results.items():
        for kind, index in (("visited", 0), ("chosen", 1)):
            cells = [_summary([regret[place][index] for regret, _ in runs]) for place in range(len(marks))]
            speed = f"{1e3 * statistics.fmean(seconds for _, seconds in runs):8.1f}" if index == 0 else ""
            print(f"{name:10} {kind:8}" + "".join(f"{cell:>17}" for cell in cells) + f"   {speed}")


if __name__ == "__main__":
    main()
