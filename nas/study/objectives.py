"""What a study maximises. Everything that ranks (base, samplers, progress, retraining) asks here."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from nas.study.records import Record


def top1(record: Record) -> float:
    """Validation top-1 after the last epoch."""
    return record.top1 if record.top1 is not None else float("-inf")


OBJECTIVES: dict[str, Callable[[Record], float]] = {
    "top1": top1,
}
"""Name to a pure function of a trained record, to be maximised. A new objective is one function and one line."""


def value(objective: str, record: Record) -> float:
    """The number to maximise of a trained record."""
    return OBJECTIVES[objective](record)


def ranked(records: Iterable[Record], objective: str) -> list[Record]:
    """Completed search trials, best first; ties to fewer MACs, then to the earlier trial."""
    complete = (r for r in records if r.state == "complete" and r.replicate == 0)
    return sorted(complete, key=lambda r: (-value(objective, r), r.macs, r.trial))
