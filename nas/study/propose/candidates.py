"""Candidates: an architecture of the space with what it costs, how it meets the budgets, and its two keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import islice
from random import Random
from typing import TYPE_CHECKING

from nas.study.objectives import Objective
from nas.study.outcome import Measured
from nas.study.propose.latency import Latencies
from nas.study.records import Record
from nas.study.seeds import derive, generator
from nas.study.tiers import Tier
from search_spaces import Architecture, Cost, cost, digest

if TYPE_CHECKING:
    from search_spaces.counting.feasible import Feasible

ALL = Tier()
MAX_DRAWS = 2_000  # draws from within the budgets, all of them known already, before giving up
BATCH = 16
MAX_CHILDREN = 20  # of two parents, in search of one within the budgets
MAX_ENUMERATED = 20_000  # sets of at most this many vectors are walked to the end before they are called exhausted


class ExhaustedError(Exception):
    """No candidate is left within the budgets; the text says how far the search for one went."""


@dataclass(frozen=True)
class Candidate:
    """A proposal. The keys are made on demand: they cost a hundred times the costs."""

    architecture: Architecture
    cost: Cost
    constraints: Mapping[str, float]
    origin: str
    keys: Callable[[Architecture], tuple[str, str]]
    latency: Measured | None = None

    @property
    def fits(self) -> bool:
        return all(violation <= 0 for violation in self.constraints.values())

    @property
    def reason(self) -> str:
        """Why it does not fit."""
        if self.latency is not None and self.latency.disturbance is not None:
            return f"passed over, its latency could not be measured steadily: {self.latency.disturbance}"
        return f"outside {', '.join(name for name, violation in self.constraints.items() if violation > 0)}"

    @cached_property
    def digest(self) -> str:
        return self.keys(self.architecture)[0]

    @cached_property
    def training_key(self) -> str:
        return self.keys(self.architecture)[1]

    def record(self, trial: int, decisions: Mapping[str, str], **fields: object) -> Record:
        """The record of this candidate as a new trial."""
        whole = Record(
            trial=trial,
            state="running",
            params=self.cost.params,
            macs=self.cost.macs,
            activations=self.cost.activations,
            peak_bytes=self.cost.peak_bytes,
            decisions=dict(decisions),
            constraints=dict(self.constraints),
            origin=self.origin,
            latency_ms=self.latency.latency_ms if self.latency else None,
            latency_p95_ms=self.latency.p95_ms if self.latency else None,
        )
        keys = {"digest": self.digest, "training_key": self.training_key} if self.fits else {}
        return replace(whole, **keys, **fields)  # type: ignore[arg-type]


class Candidates:
    """Draws candidates from what lies within the budgets of a ``tier``; ``training_key`` maps an architecture to its
    training's key."""

    def __init__(
        self,
        feasible: Feasible,
        training_key: Callable[[Architecture], str],
        latencies: Latencies | None = None,
        tier: Tier = ALL,
    ) -> None:
        self.feasible = feasible
        self.space = feasible.space
        self.latencies = latencies
        self.tier = tier
        self.budgets = (*feasible.budgets, *(latencies.budgets if latencies else ()))
        self._keys = lru_cache(maxsize=MAX_ENUMERATED)(lambda a: (digest(a), training_key(a)))

    def of(self, architecture: Architecture, origin: str) -> Candidate:
        """The candidate of an architecture, its latency measured where that is limited and all else fits."""
        total, latency = cost(architecture), None
        constraints = {str(budget): budget.violation(total) for budget in self.feasible.budgets}
        if self.latencies is not None and all(violation <= 0 for violation in constraints.values()):
            latency = self.latencies.of(architecture)
            constraints |= {str(budget): latency.violation(budget) for budget in self.latencies.budgets}
        return Candidate(architecture, total, constraints, origin, self._keys, latency)

    def violations(self, record: Record) -> dict[str, float]:
        """How far a record passes each of these budgets (≤ 0: kept), whichever it was proposed for."""
        budgets = {str(budget): budget for budget in self.feasible.budgets}
        counted = {name: b.violation_of(getattr(record, b.metric)) for name, b in budgets.items()}
        measured = (str(budget) for budget in (self.latencies.budgets if self.latencies else ()))
        return counted | {name: record.constraints[name] for name in measured if name in record.constraints}

    def decided(self, labels: Mapping[str, str], origin: str) -> Candidate:
        """The candidate of a label for each decision."""
        return self.of(self.space.decide(labels), origin)

    def neighbour(self, of: Candidate, known: Callable[[str], object], rng: Random) -> Candidate | None:
        """An unknown neighbour within the budgets, or None when there is none."""
        return self.first(self.space.neighbours(of.architecture, rng), "neighbour", known)

    def child(self, one: Candidate, other: Candidate, known: Callable[[str], object], rng: Random) -> Candidate | None:
        """An unknown child of two parents within the budgets, or None where some tries find none."""
        tries = (self.space.cross(one.architecture, other.architecture, rng) for _ in range(MAX_CHILDREN))
        return self.first(tries, "child", known)

    def uniform(self, origin: str, known: Callable[[str], object], rng: Random) -> Candidate:
        """An unknown candidate, uniform over the decision vectors within the budgets. Raises
        ExhaustedError."""
        candidate = self.first(self._drawn(rng), origin, known)
        if candidate is None:
            limits = ", ".join(map(str, self.budgets)) or "the space"
            looked = (
                f"all {self.feasible.count:,} of them"
                if self.feasible.at_most(MAX_ENUMERATED)
                else f"{MAX_DRAWS:,} draws"
            )
            raise ExhaustedError(f"no untried candidate within {limits} is left ({looked} looked at)")
        return candidate

    def _drawn(self, rng: Random) -> Iterator[Architecture]:
        """Every member of a small set in random order, or a bounded number of uniform draws."""
        if self.feasible.at_most(MAX_ENUMERATED):
            order = _shuffled(self.feasible.count, rng)
            while numbers := list(islice(order, BATCH)):
                yield from self.feasible.members(numbers)
            return
        for _ in range(0, MAX_DRAWS, BATCH):
            yield from self.feasible.sample(rng, BATCH)

    def is_within(self, labels: Mapping[str, str]) -> bool:
        """Whether the network of these labels keeps all budgets but those of latency."""
        return self._fits(self.space.decide(labels))

    def _fits(self, architecture: Architecture) -> bool:
        total = cost(architecture)
        return all(budget.fits(total) for budget in self.feasible.budgets)

    def first(
        self, architectures: Iterable[Architecture], origin: str, known: Callable[[str], object]
    ) -> Candidate | None:
        """The first that is unknown and fits, or None; a latency is measured last."""
        for architecture in architectures:
            if self._fits(architecture) and known(self._keys(architecture)[1]) is None:
                candidate = self.of(architecture, origin)
                if candidate.fits:
                    return candidate
        return None


def _shuffled(count: int, rng: Random) -> Iterator[int]:
    """0 to ``count`` - 1 in the order of ``rng.sample(range(count), count)``, only as far as it is asked for."""
    left = list(range(count))
    for size in range(count, 0, -1):
        place = rng.randrange(size)
        yield left[place]
        left[place] = left[size - 1]


@dataclass(frozen=True)
class History:
    """What a sampler proposes from: all records so far in order, the objective, and random numbers that
    depend on the study's ``study_seed``, the ``trial`` to be proposed and their purpose alone.

    ``known`` gives the trial that a training key belongs to, or None; ``sampler`` is the sampler's own name.
    """

    @cached_property
    def within(self) -> Sequence[Record]:
        """The records that fit the budget that a candidate is wanted for."""
        tier = self.candidates.tier
        return self.records if tier == ALL else tier.records(self.records)

    candidates: Candidates
    records: Sequence[Record]
    objective: Objective | str
    known: Callable[[str], object]
    study_seed: int
    trial: int
    sampler: str

    def seed(self, purpose: str) -> int:
        """A random seed for this purpose at this trial."""
        return derive(self.study_seed, purpose, self.trial)

    def rng(self, purpose: str) -> Random:
        """A random generator for this purpose at this trial."""
        return generator(self.study_seed, purpose, self.trial)
