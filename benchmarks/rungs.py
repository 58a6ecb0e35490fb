"""What rungs save: the quality of the chosen network by its cost, in whole trainings.

    python benchmarks/rungs.py study DIR [--samplers random,predictor] [--pruners none,median,halving,pasha] [--runs 20]
    python benchmarks/rungs.py oncenas FILE [--runs 200]

``study`` searches the networks of a finished study whose candidates were all trained to their end (``--pruner none``)
as a pool, with the product's own samplers and pruners: each epoch that the search would train is read from the study,
and costs its share of a whole training. It also prints Kendall's tau between each epoch and the end. ``oncenas`` is
the table of OnceNAS-Bench (545 DARTS networks on CIFAR-10, 10 and 50 epochs): rungs after 10 and 50 epochs, by training
and by validation accuracy, beside random search of 100 whole trainings. Mean ± standard error over the runs.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import random
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from scipy.stats import kendalltau
from search_regret import Pool

from nas.study import Record, Study, open_study, rungs
from nas.study.curves import signals
from nas.study.objectives import MAXIMIZE, Objective, ranked
from nas.study.propose.candidates import Candidates, History
from nas.study.propose.samplers import SAMPLERS
from nas.study.pruners import PRUNERS
from search_spaces import Architecture, Space
from search_spaces.files.codec import from_data

COSTS = (2, 3, 4, 5, 6, 8, 10)  # whole trainings after which the choice is looked at
TOP1 = Objective("top1", MAXIMIZE)


class OfStudy(Candidates):
    """Candidates that a study has trained."""

    def __init__(self, space: Space, trained: dict[Architecture, Record]) -> None:
        super().__init__(Pool(space, [space.decisions_of(a) for a in trained]), lambda a: str(trained[a].training_key))
        self._trained = trained

    def _fits(self, architecture: Architecture) -> bool:
        return architecture in self._trained


class Search:
    """One search of the pool."""

    def __init__(self, candidates: OfStudy, trained: dict[Architecture, Record], sampler: str, pruner: str, seed: int):
        self.candidates, self.trained = candidates, trained
        self.sampler, self.pruner, self.seed = SAMPLERS[sampler], PRUNERS[pruner], seed
        self.name = sampler
        self.epochs = max(record.epochs for record in trained.values())
        self.records: list[Record] = []

    def run(self, limit: float) -> Iterator[tuple[float, Record]]:
        """Cost so far, in whole trainings, and the network that would be chosen then."""
        cost = 0.0
        while cost < limit and len(self.records) < len(self.trained):
            record = self.pruner.next_up(self.records, self.epochs) or self._proposed()
            cost += self._train(record) / self.epochs
            yield cost, self._chosen()

    def _proposed(self) -> Record:
        keys = {str(record.training_key): record.trial for record in self.records}
        trial = len(self.records)
        history = History(self.candidates, self.records, TOP1, keys.get, self.seed, trial, self.name)
        candidate = None if trial < self.sampler.start else self.sampler.propose(history)
        candidate = candidate or self.candidates.uniform("uniform", keys.get, history.rng("uniform"))
        record = replace(self.trained[candidate.architecture].until(0), trial=trial, state="running", top1=None)
        self.records.append(record)
        return record

    def _train(self, record: Record) -> int:
        """Train until the pruner or the end stops it; the epochs that it took."""
        whole = self.trained[self.candidates.space.decide(record.decisions)]
        trial, begun = record.trial, record.epochs
        for epoch in range(begun + 1, self.epochs + 1):
            top1 = whole.top1_by_epoch[epoch - 1]
            running = replace(whole.until(epoch), trial=trial, state="running", continued=begun, top1=top1)
            self.records[trial] = running
            if self.pruner.should_stop(self.records, running, self.epochs):
                self.records[trial] = replace(running, state="pruned")
                return epoch - begun
        self.records[trial] = replace(self.records[trial], state="complete")
        return self.epochs - begun

    def _chosen(self) -> Record:
        """The best whole training, or before there is one the best of the highest rung."""
        steps = range(self.epochs, 0, -1)
        whole = ranked(self.records, TOP1)
        return whole[0] if whole else next(best[0] for e in steps if (best := rungs.best_at(self.records, e)))


def of_study(study: Study, samplers: Sequence[str], pruners: Sequence[str], runs: int) -> None:
    space = from_data(study.definition.space)
    assert isinstance(space, Space)
    trained = {space.decide(r.decisions): r for r in study.records if r.state == "complete" and r.replicate == 0}
    records = list(trained.values())
    last = [float(record.top1 or 0) for record in records]
    print(f"{len(records)} networks, top-1 {100 * statistics.fmean(last):.2f} ± {100 * statistics.stdev(last):.2f} %")
    for epoch in range(1, max(record.epochs for record in records) + 1):
        by_loss = kendalltau(signals(records, epoch), last).statistic
        by_top1 = kendalltau([record.top1_by_epoch[epoch - 1] for record in records], last).statistic
        print(
            f"epoch {epoch}: tau with the last top-1 {by_loss:.2f} by training loss, {by_top1:.2f} by validation top-1"
        )
    candidates = OfStudy(space, trained)
    print(f"{'top-1 in % of the choice, by cost':34}" + "".join(f"{cost:>15}" for cost in COSTS))
    for sampler in samplers:
        for pruner in pruners:
            reached: dict[int, list[float]] = {cost: [] for cost in COSTS}
            for seed in range(runs):
                path = list(Search(candidates, trained, sampler, pruner, seed).run(max(COSTS)))
                for cost in COSTS:
                    chosen = [record for spent, record in path if spent <= cost + 1e-9]
                    top1 = trained[space.decide(chosen[-1].decisions)].top1 if chosen else 0.0
                    reached[cost].append(100 * float(top1 or 0))
            print(f"{sampler:14}{pruner:20}" + "".join(f"{_summary(values):>15}" for values in reached.values()))


def of_oncenas(file: Path, runs: int) -> None:
    with gzip.open(file, "rt") as lines:
        rows = list(csv.DictReader(lines))
    best = max(float(row["test_acc50"]) for row in rows)
    regrets: dict[str, list[float]] = {name: [] for name in ("random", "train_acc10", "valid_acc10")}
    costs: dict[str, list[float]] = {name: [] for name in regrets}
    for seed in range(runs):
        drawn = random.Random(seed).sample(rows, 100)
        for name in regrets:
            whole = drawn if name == "random" else sorted(drawn, key=lambda row: -float(row[name]))[:5]
            chosen = max(whole, key=lambda row: float(row["valid_acc50"]))
            regrets[name].append(best - float(chosen["test_acc50"]))
            costs[name].append(100 if name == "random" else 100 * 0.2 + len(whole) * 0.8)
    for name, values in regrets.items():
        print(f"{name:12} regret {_summary(values)} for {statistics.fmean(costs[name]):.0f} whole trainings")


def _summary(values: Sequence[float]) -> str:
    error = statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else float("nan")
    return f"{statistics.fmean(values):.2f} ± {error:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("study", "oncenas"))
    parser.add_argument("path", type=Path)
    parser.add_argument("--samplers", default="random,predictor")
    parser.add_argument("--pruners", default=",".join(PRUNERS))
    parser.add_argument("--runs", type=int, default=20)
    options = parser.parse_args()
    if options.what == "oncenas":
        of_oncenas(options.path, options.runs)
    else:
        of_study(open_study(options.path), options.samplers.split(","), options.pruners.split(","), options.runs)


if __name__ == "__main__":
    main()
