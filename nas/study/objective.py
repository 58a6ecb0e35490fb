"""What a study maximises."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from nas.study.records import Record

OBJECTIVES: dict[str, Callable[[Record], float]] = {
    "top1": lambda record: record.top1 if record.top1 is not None else float("-inf"),
}


def value(objective: str, record: Record) -> float:
    """The number to maximise of a trained record."""
    return OBJECTIVES[objective](record)


def ranked(records: Iterable[Record], objective: str) -> list[Record]:
    """Completed search trials, best first; ties to fewer MACs, then to the earlier trial."""
    complete = (r for r in records if r.state == "complete" and r.replicate == 0)
    return sorted(complete, key=lambda r: (-value(objective, r), r.macs, r.trial))
