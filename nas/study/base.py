"""The base: which candidate is chosen to scale, and the file that says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from statistics import fmean

from nas.study.noise import retrained
from nas.study.objectives import Objective, ranked, value
from nas.study.outcome import BaseChoice
from nas.study.records import Record


def choose(records: Mapping[int, Record], objective: Objective | str) -> BaseChoice | None:
    """Best objective at the mean score over seeds among the retrained candidates, else best objective; ties to fewer
    MACs. None without any."""
    candidates = ranked(records.values(), objective)
    if not candidates:
        return None
    scores = retrained(records.values())
    choices = [_choice(record, scores[record.trial]) for record in candidates if record.trial in scores]

    def rank(choice: BaseChoice) -> tuple[float, int, int]:
        record = records[choice.trial]
        return -value(objective, replace(record, top1=choice.mean)), record.macs, choice.trial

    return min(choices, key=rank) if choices else _choice(candidates[0], [])


def _choice(record: Record, scores: list[float]) -> BaseChoice:
    rule = "best mean over seeds among the retrained" if scores else "best objective"
    return BaseChoice(
        trial=record.trial,
        digest=record.digest,
        top1=record.top1,
        mean=fmean([record.top1, *scores]) if record.top1 is not None else None,
        fresh=fmean(scores) if scores else None,
        replicates=len(scores),
        rule=f"{rule}; ties to fewer MACs",
    )
