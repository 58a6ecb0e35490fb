"""What the gain of a network's first weights adds to what the predictor knows.

    python benchmarks/proxies.py STUDY [--runs 40]

STUDY is a finished study whose candidates were all trained to their end. Some of its networks are drawn, the Gaussian
process of the predictor is fitted to their scores, and ranks the others: Kendall's tau with their scores, with and
without the gain among the features; mean ± standard error over the runs.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

import numpy as np
from scipy.stats import kendalltau

from nas.study import open_study
from nas.study.objectives import ranked
from nas.study.propose.predictor.features import Features, Floats
from nas.study.propose.predictor.gaussian_process import fit
from nas.study.propose.predictor.sampler import active_labels

TRAINED = (6, 10, 20, 40)


def tau(rows: Floats, scores: Floats, trained: np.ndarray, others: np.ndarray) -> float:
    """Kendall's tau over ``others`` of a model of those ``trained``."""
    means, _ = fit(rows[trained], scores[trained], np.zeros(len(trained))).at(rows[others])
    return float(kendalltau(means, scores[others]).statistic)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("--runs", type=int, default=40)
    options = parser.parse_args()
    study = open_study(options.study)
    space, records = study.space(), ranked(study.records, study.question.goal)
    whole = Features(space).matrix([active_labels(space, record) for record in records])
    scores = np.array([study.question.goal.value(record) for record in records])
    for count in TRAINED:
        rng = np.random.default_rng(0)
        orders = [rng.permutation(len(records)) for _ in range(options.runs)]
        for name, rows in (("without the gain", whole[:, :-1]), ("with it", whole)):
            taus = [tau(rows, scores, order[:count], order[count:]) for order in orders]
            error = statistics.stdev(taus) / len(taus) ** 0.5
            print(f"{count} trained, {name}: tau {statistics.fmean(taus):.3f} ± {error:.3f}")


if __name__ == "__main__":
    main()
