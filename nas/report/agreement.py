"""What a study tells about its own rankings: of rungs, of search and retrained scores; and which decisions pay."""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import fmean
from typing import TYPE_CHECKING

from nas.proxies.of_study import agreement
from nas.report.beside_random import random_search_lines
from nas.report.words import decision_name
from nas.study import Study
from nas.study.curves import reached, signals
from nas.study.noise import retrained
from nas.study.pruners import PRUNERS
from nas.study.rank_correlation import tau
from nas.study.records import Record
from search_spaces.counting.intervals import Z95
from search_spaces.errors import UserError

if TYPE_CHECKING:
    from nas.study.propose.predictor.effects import Effect

SHOWN = 8  # decisions


def effect_rows(study: Study) -> list[tuple[str, str, str]]:
    """The decisions that pay most surely: the decision, which label over which, and the gain with its interval."""
    unit, factor = (" points", 100.0) if study.definition.evaluator is None else ("", 1.0)
    return [
        (
            decision_name(e.decision),
            f"{e.best} over {e.worst}",
            f"{factor * e.gain:+.2f}{unit} ({factor * e.low:+.2f} to {factor * e.high:+.2f})",
        )
        for e in known_effects(study)[:SHOWN]
    ]


def known_effects(study: Study) -> list[Effect]:
    """The effects of a study's decisions; none where blocks from outside are not here."""
    try:
        return study.effects()
    except UserError:
        return []


def agreement_lines(study: Study) -> list[str]:
    """What a study tells about the agreement of its rankings, and beside random search."""
    lines = [*rung_lines(study), *retrained_line(study), *apart_line(study), *proxy_lines(study)]
    return [*lines, *random_search_lines(study)]


def rung_lines(study: Study) -> list[str]:
    """How many trainings came to each epoch at which some were stopped, and whether such epochs rank alike."""
    pruner = PRUNERS.get(study.question.pruner or "none")
    epochs = sorted({r.epochs for r in study.records if r.replicate == 0 and r.state in ("complete", "pruned")})
    if pruner is None or not pruner.has_rungs or len(epochs) < 2:
        return []
    came = ", ".join(f"{len(reached(study.records, epoch))} to epoch {epoch}" for epoch in epochs)
    lines = [f"trainings came {came}; the best went on"]
    for low, high in pairwise(epochs):
        here = [record for record in reached(study.records, high) if record.state != "running"]
        agreement = tau(signals(here, low), signals(here, high))
        if agreement:
            lines.append(f"epochs {low} and {high} rank those that came to both alike with {agreement}")
    return lines


def retrained_line(study: Study) -> list[str]:
    """Whether the scores of the search rank as those of further seeds do."""
    pairs = _retrained(study)
    agreement = tau([record.top1 or 0.0 for record, _ in pairs], [mean for _, mean in pairs])
    return [f"search scores and means over further seeds rank alike with {agreement}"] if agreement else []


def apart_line(study: Study) -> list[str]:
    """How many seeds it would take to tell the best two of the retrained networks apart."""
    noise, sign = study.noise, study.question.goal.sign
    best = sorted((mean for _, mean in _retrained(study)), key=lambda mean: -sign * mean)[:2]
    if noise is None or not noise.between_seeds or len(best) < 2 or best[0] == best[1]:
        return []
    gap, scale = abs(best[0] - best[1]), study.definition.scale
    seeds = math.ceil(2 * noise.between_seeds * (Z95 / gap) ** 2)
    return [
        f"the best two of the retrained differ by {scale.deviation(gap)}, seeds by "
        f"{scale.spread(noise.between_seeds)}: to tell them apart takes about {seeds:,} seeds of each"
    ]


def proxy_lines(study: Study) -> list[str]:
    """How well proxies would have ranked the networks without training, where they were worked out."""
    return [
        f"without training, {name} ranks networks as their scores with {value}"
        for name, value in agreement(study).items()
    ]


def _retrained(study: Study) -> list[tuple[Record, float]]:
    """Search records with the mean over their further seeds."""
    by_trial = {record.trial: record for record in study.records}
    return [(by_trial[trial], fmean(scores)) for trial, scores in retrained(study.records).items()]
