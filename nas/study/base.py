"""The base: which candidate is chosen to scale, and the file that says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from nas.storage import layout
from nas.study.noise import retrained
from nas.study.objective import ranked
from nas.study.records import Record
from search_spaces import Architecture, save


@dataclass(frozen=True)
class Choice:
    """The chosen search trial. ``mean`` is over its search score and ``replicates`` further seeds;
    ``fresh`` over the further seeds alone, which the selection has not touched (None without any).
    Fractions.
    """

    trial: int
    digest: str | None
    top1: float | None
    mean: float | None
    fresh: float | None
    replicates: int
    rule: str

    def to_data(self) -> dict[str, Any]:
        return asdict(self)


def choose(records: Mapping[int, Record], objective: str) -> Choice | None:
    """Best mean score among the retrained candidates, else best objective; ties to fewer MACs. None
    without any."""
    candidates = ranked(records.values(), objective)
    if not candidates:
        return None
    again = retrained(records.values())
    several = [_choice(r, again[r.trial]) for r in candidates if r.trial in again]
    if not several:
        return _choice(candidates[0], [])
    return min(several, key=lambda c: (-(c.mean or 0.0), records[c.trial].macs, c.trial))


def _choice(record: Record, scores: list[float]) -> Choice:
    rule = "best mean over seeds among the retrained" if scores else "best objective"
    return Choice(
        trial=record.trial,
        digest=record.digest,
        top1=record.top1,
        mean=fmean([record.top1, *scores]) if record.top1 is not None else None,
        fresh=fmean(scores) if scores else None,
        replicates=len(scores),
        rule=f"{rule}; ties to fewer MACs",
    )


def write_base(folder: Path, architecture: Architecture, provenance: Mapping[str, Any]) -> None:
    """Write ``base.yaml``."""
    save(architecture, folder / layout.BASE, provenance=provenance)
