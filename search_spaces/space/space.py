"""A space: an architecture with choices in it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, product
from math import prod

from search_spaces.choice import Choice
from search_spaces.errors import UserError
from search_spaces.network.architecture import Architecture
from search_spaces.network.defaults import Defaults
from search_spaces.space.decisions import Decision, check_choices, labels_of, shared_choices
from search_spaces.space.node import Labels
from search_spaces.space.tree import TOP, Fields

MAX_DECISIONS = 10_000
MAX_SHARED = 1_000


@dataclass(frozen=True)
class Space:
    """The set of architectures that the choices in ``architecture`` leave open.

    Raises UserError, with the path, where options coincide, a shared choice is misused, or nothing is open.
    """

    name: str
    architecture: Architecture

    def __post_init__(self) -> None:
        defaults = self.architecture.defaults
        check_choices(self.architecture, defaults if isinstance(defaults, Defaults) else None)
        if not self.decisions:
            raise UserError(f"the space {self.name!r} leaves nothing open: it needs at least one choice")
        if prod(len(choice.options) for choice in self.shared.values()) > MAX_SHARED:
            raise UserError(f"shared choices may have {MAX_SHARED} combinations at most")

    @cached_property
    def tree(self) -> Fields:
        """The architecture as a tree of decisions."""
        return Fields(self.architecture, TOP)

    @cached_property
    def shared(self) -> dict[str, Choice]:
        """Shared choices by name."""
        return shared_choices(self.architecture)

    @cached_property
    def decisions(self) -> tuple[Decision, ...]:
        """Every decision, parents before children; shared ones come first and are always active."""
        shared = [Decision(name, labels_of(choice)) for name, choice in self.shared.items()]
        walked = list(islice(self.tree.decisions(), MAX_DECISIONS + 1))
        if len(walked) > MAX_DECISIONS:
            raise UserError(f"a space may have {MAX_DECISIONS} decisions at most")
        return (*shared, *(decision for decision in walked if decision.name not in self.shared))

    @cached_property
    def size(self) -> int:
        """Number of decision vectors over active decisions; the number of distinct networks may be less."""
        return sum(self.tree.size(shared) for shared in self.shared_assignments())

    def shared_assignments(self) -> Iterator[dict[str, str]]:
        """Every combination of the shared decisions, in order; one empty one where there are none."""
        names = list(self.shared)
        for labels in product(*(labels_of(choice) for choice in self.shared.values())):
            yield dict(zip(names, labels, strict=True))

    def vector(self, number: int) -> dict[str, str]:
        """Labels of the active decisions of vector ``number``, 0 to size - 1, in order."""
        if not 0 <= number < self.size:
            raise UserError(f"the number of a vector must be 0 to {self.size - 1}, got {number}")
        for shared in self.shared_assignments():
            size = self.tree.size(shared)
            if number < size:
                labels = dict(shared)
                self.tree.write(number, shared, labels)
                return labels
            number -= size
        raise IndexError("number of a vector beyond the size")

    def __iter__(self) -> Iterator[Architecture]:
        """Every decision vector's architecture, in order."""
        return (self.decide(self.vector(number)) for number in range(self.size))

    def sample(self, rng: random.Random, uniform: str = "vectors") -> Architecture:
        """A random architecture: uniform over decision vectors, or ``uniform="branches"`` over the options of
        each active decision, whatever lies inside them."""
        if uniform == "vectors":
            return self.decide(self.vector(rng.randrange(self.size)))
        if uniform != "branches":
            raise UserError(f"uniform must be vectors or branches, got {uniform!r}")
        return self.decide({decision.name: rng.choice(decision.labels) for decision in self.decisions})

    def decide(self, labels: Mapping[str, str]) -> Architecture:
        """The architecture of these labels by decision name; labels of inactive decisions are ignored.

        Raises UserError for an unknown or missing decision and for a label that is no option.
        """
        if not self._by_name.keys() >= labels.keys():
            unknown = next(name for name in labels if name not in self._by_name)
            raise UserError(f"{self.name} has no decision {unknown!r}")
        architecture: Architecture = self.tree.build(labels)
        return architecture

    @cached_property
    def _by_name(self) -> dict[str, Decision]:
        return {decision.name: decision for decision in self.decisions}

    def decisions_of(self, architecture: Architecture) -> dict[str, str]:
        """Labels of the active decisions of the first vector, in order, that gives ``architecture``.

        Raises UserError that names the place where the architecture leaves the space.
        """
        labels: Labels = {}
        self.tree.match_shared(architecture, architecture.defaults, labels)
        differing = self.tree.match(architecture, architecture.defaults, labels)
        if differing is not None:
            raise UserError(f"not in the space {self.name}: differs at {differing.place.path or 'the top'}")
        return {decision.name: labels[decision.name] for decision in self.decisions if decision.active(labels)}

    def labels_of(self, architecture: Architecture) -> dict[str, str]:
        """A label for every decision: inactive ones get their first option."""
        active = self.decisions_of(architecture)
        return {decision.name: active.get(decision.name, decision.labels[0]) for decision in self.decisions}

    def __contains__(self, architecture: object) -> bool:
        if not isinstance(architecture, Architecture):
            return False
        try:
            self.decisions_of(architecture)
        except UserError:
            return False
        return True

    def neighbours(self, architecture: Architecture, rng: random.Random | None = None) -> Iterator[Architecture]:
        """Architectures that differ in one active decision, in order, or in random order by ``rng``.

        Decisions that the change activates keep the equally named value of the old branch where it is
        allowed, else take their first option.
        """
        return map(self.decide, self.neighbour_labels(self.decisions_of(architecture), rng))

    def neighbour_labels(self, labels: Mapping[str, str], rng: random.Random | None = None) -> Iterator[Labels]:
        """As :meth:`neighbours`, from and to the labels of active decisions."""
        active = (decision for decision in self.decisions if decision.name in labels)
        moves = [(d.name, label) for d in active for label in d.labels if label != labels[d.name]]
        if rng is not None:
            rng.shuffle(moves)
        before = self._by_place(labels)
        for name, label in moves:
            yield self._changed(labels, name, label, before)

    def changed(self, labels: Mapping[str, str], name: str, label: str) -> Labels:
        """The labels of active decisions with another one for the active decision ``name``, completed as neighbours
        are."""
        return self._changed(labels, name, label, self._by_place(labels))

    def _changed(self, old: Mapping[str, str], name: str, label: str, before: Mapping[tuple[str, str], str]) -> Labels:
        labels = {**old, name: label}
        if name not in self._parents:
            return labels  # no other decision depends on it
        new: Labels = {}
        for decision in self.decisions:
            if decision.active(new):
                kept = labels.get(decision.name, before.get(decision.place, ""))
                new[decision.name] = kept if kept in decision.labels else decision.labels[0]
        return new

    @cached_property
    def _parents(self) -> frozenset[str]:
        """The decisions under whose labels others are active or not."""
        return frozenset(name for decision in self.decisions for name, _ in decision.conditions)

    def _by_place(self, labels: Mapping[str, str]) -> dict[tuple[str, str], str]:
        """The labels within branches by the places of their decisions."""
        return {d.place: labels[d.name] for d in self.decisions if d.parent and d.name in labels}

    def cross(self, one: Architecture, other: Architecture, rng: random.Random) -> Architecture:
        """A child whose every active decision comes from a random parent in which it is active."""
        return self.decide(self.child_labels(self.decisions_of(one), self.decisions_of(other), rng))

    def child_labels(self, one: Mapping[str, str], other: Mapping[str, str], rng: random.Random) -> Labels:
        """As :meth:`cross`, from and to the labels of active decisions."""
        child: Labels = {}
        for decision in self.decisions:
            if decision.active(child):
                inherited = [labels[decision.name] for labels in (one, other) if decision.name in labels]
                child[decision.name] = rng.choice(inherited) if inherited else decision.labels[0]
        return child
