"""What was published of the known networks: year, result on ImageNet, source, and how the figure was had."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from search_spaces.files.codec import read

PROVENANCE = {
    "verified": "read in the source",
    "memory": "quoted from memory, not checked",
    "lecture": "from lecture notes, not checked",
}


class Result(NamedTuple):
    """One published result in per cent, as printed: ``top1`` and ``top5`` are errors where ``error``, else
    accuracies; ``where`` says of what (one crop, an ensemble, test server)."""

    top1: float | None
    top5: float | None
    error: bool
    where: str
    source: str
    provenance: str


class Published(NamedTuple):
    """Year of a network's first description, its results, and what does not agree with the paper."""

    year: int
    results: tuple[Result, ...] = ()
    note: str = ""


def _result(kind: str, *, top1: float | None = None, top5: float | None = None, **about: str) -> Result:
    return Result(top1, top5, kind == "error", **about)


PUBLISHED: dict[str, Published] = {
    name: Published(facts["year"], tuple(_result(**result) for result in facts["results"]), facts.get("note", ""))
    for name, facts in read(Path(__file__).with_suffix(".yaml")).items()
}

FUSION = (
    "Trimps-Soushen won ILSVRC-2016 with the fused scores of inception-v3, inception-v4, inception-resnet-v2, "
    "preact-resnet-200 and WRN-68-3: 2.99 % top-5 error on the test server (lecture). What was published of "
    "WRN-68-3 does not suffice to rebuild it."
)
