"""Candidates: an architecture of the space with what it costs, how it meets the budgets, and its two keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from random import Random

from nas.study.records import Record
from search_spaces import Architecture, Budget, Cost, Space, cost, digest

DRAWS = 100_000  # architectures drawn in search of one that fits, before giving up
KEYS = 2_000  # of these, how many that fit but are known already
ENUMERABLE = 20_000  # spaces up to this size are walked to the end before they are called exhausted


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

    @property
    def fits(self) -> bool:
        return all(violation <= 0 for violation in self.constraints.values())

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
        )
        keys = {"digest": self.digest, "training_key": self.training_key} if self.fits else {}
        return replace(whole, **keys, **fields)  # type: ignore[arg-type]


class Candidates:
    """Draws candidates from a space under budgets; ``training_key`` maps an architecture to its training's
    key."""

    def __init__(self, space: Space, budgets: tuple[Budget, ...], training_key: Callable[[Architecture], str]) -> None:
        self.space = space
        self.budgets = budgets
        self._keys = lru_cache(maxsize=ENUMERABLE)(lambda a: (digest(a), training_key(a)))

    def of(self, architecture: Architecture, origin: str) -> Candidate:
        """The candidate of an architecture."""
        own = cost(architecture)
        constraints = {str(budget): budget.violation(own) for budget in self.budgets}
        return Candidate(architecture, own, constraints, origin, self._keys)

    def decided(self, labels: Mapping[str, str], origin: str) -> Candidate:
        """The candidate of a label for each decision."""
        return self.of(self.space.decide(labels), origin)

    def neighbour(self, of: Candidate, known: Callable[[str], object], rng: Random) -> Candidate | None:
        """An unknown neighbour within the budgets, or None when there is none."""
        near = list(self.space.neighbours(of.architecture))
        rng.shuffle(near)
        return self._first((self.of(a, "neighbour") for a in near), known)

    def uniform(self, origin: str, known: Callable[[str], object], rng: Random) -> Candidate:
        """An unknown candidate, uniform over the decision vectors within the budgets. Raises
        ExhaustedError."""
        small = self.space.size <= ENUMERABLE
        draws = self._drawn(origin, DRAWS // 100 if small else DRAWS, rng)
        found = self._first(draws, known)
        if found is None and small:
            found = self._first((self.of(a, origin) for a in self._walk(rng)), known)
        if found is None:
            looked = f"all {self.space.size:,} of the space" if small else f"{DRAWS:,} draws"
            limits = ", ".join(map(str, self.budgets)) or "the space"
            raise ExhaustedError(f"no untried candidate within {limits} is left ({looked} looked at)")
        return found

    def _drawn(self, origin: str, draws: int, rng: Random) -> Iterator[Candidate]:
        fitting = 0
        for _ in range(draws):
            candidate = self.of(self.space.sample(rng), origin)
            fitting += candidate.fits
            if fitting > KEYS:
                return
            yield candidate

    def _walk(self, rng: Random) -> Iterator[Architecture]:
        """Every architecture of a small space, in random order."""
        for number in rng.sample(range(self.space.size), self.space.size):
            yield self.space.decide(self.space.vector(number))

    @staticmethod
    def _first(candidates: Iterator[Candidate], known: Callable[[str], object]) -> Candidate | None:
        return next((c for c in candidates if c.fits and known(c.training_key) is None), None)
