"""The base: which candidate is chosen to scale, and the file that says so."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

from nas.storage import layout
from nas.study import checkpoints
from nas.study.definition import Definition
from nas.study.noise import retrained
from nas.study.objectives import Objective, ranked, value
from nas.study.outcome import BaseChoice, Measured
from nas.study.records import Record
from nas.study.study import Study
from nas.study.tiers import Tier
from search_spaces import Space, UserError, save
from search_spaces.files.codec import read, to_data


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


@dataclass(frozen=True)
class BaseFile:
    """What the file of the base of a ``tier`` in a study's ``folder`` says: which ``record`` was chosen how, where its
    ``weights`` lie, if they are there, and its ``latency``, if it was measured."""

    folder: Path
    definition: Definition
    tier: Tier
    choice: BaseChoice
    record: Record
    weights: Path
    latency: Measured | None

    @staticmethod
    def all_of(study: Study) -> list[BaseFile]:
        """Those of a study as it lies on the disk."""
        records = {record.trial: record for record in study.records}
        choices = {str(tier.budget): study.smaller_bases.get(str(tier.budget)) for tier in study.question.tiers}
        choices[str(None)] = study.choice
        files = []
        for tier in study.question.tiers:
            choice = choices[str(tier.budget)]
            if choice is None or choice.trial not in records:
                continue
            record, final = records[choice.trial], study.finals.get(choice.trial)
            trained = study.folder / final.folder / layout.WEIGHTS if final else None
            weights = trained or checkpoints.path_of(study.folder, record)
            latency = study.latencies.get(str(record.digest))
            files.append(BaseFile(study.folder, study.definition, tier, choice, record, weights, latency))
        return files

    def provenance(self) -> dict[str, Any]:
        """Where the network is from."""
        definition, record, weights = self.definition, self.record, self.weights
        is_there = weights.is_relative_to(self.folder) and weights.exists()
        measured = {} if self.latency is None else {n: v for n, v in asdict(self.latency).items() if v is not None}
        return {
            "study": self.folder.name,
            "definition": definition.digest,
            **definition.scale.named(asdict(self.choice)),
            "macs": record.macs,
            "params": record.params,
            "image_size": definition.image_size,
            "search_size": definition.settings.get("image_size"),
            "budgets": [*definition.budgets, *([str(self.tier.budget)] if self.tier.budget else [])],
            "weights": str(weights.relative_to(self.folder)) if is_there else None,
            **({"latency": measured} if measured else {}),
        }

    def write(self, space: Space) -> None:
        """Write the file."""
        save(space.decide(self.record.decisions), self.folder / self.tier.base_file, self.provenance())

    def is_written(self, space: Space) -> bool:
        """Whether the file is there and holds just this."""
        wanted = to_data(space.decide(self.record.decisions), self.provenance())
        try:
            return bool(read(self.folder / self.tier.base_file) == json.loads(json.dumps(wanted)))
        except UserError:
            return False
