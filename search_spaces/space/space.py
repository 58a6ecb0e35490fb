"""A space: an architecture with choices in it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, product
from math import prod
from typing import Any

from search_spaces.choice import Choice
from search_spaces.errors import UserError
from search_spaces.network.architecture import Architecture
from search_spaces.network.defaults import Defaults
from search_spaces.space.deciding import Mismatch, decided, match_shared, matched, taken
from search_spaces.space.decisions import Decision, check_choices, decisions_in, labels_of, row_lists, shared_choices
from search_spaces.space.ranking import count, unrank

MOST_DECISIONS = 10_000
MOST_SHARED = 1_000
_MOST_REMEMBERED = 100_000


@dataclass(frozen=True)
class Space:
    """The set of architectures that the choices in ``architecture`` leave open.

    Raises UserError, with the path, where options coincide, a shared choice is misused, or nothing is open.
    """

    name: str
    architecture: Architecture

    def __post_init__(self) -> None:
        own = self.architecture.defaults
        check_choices(self.architecture, own if isinstance(own, Defaults) else None)
        if not self.decisions:
            raise UserError(f"the space {self.name!r} leaves nothing open: it needs at least one choice")
        if prod(len(each.options) for each in self.shared.values()) > MOST_SHARED:
            raise UserError(f"shared choices may have {MOST_SHARED} combinations at most")

    @cached_property
    def shared(self) -> dict[str, Choice]:
        """Shared choices by name."""
        return shared_choices(self.architecture)

    @cached_property
    def decisions(self) -> tuple[Decision, ...]:
        """Every decision, parents before children; shared ones come first and are always active."""
        shared = [Decision(name, labels_of(each)) for name, each in self.shared.items()]
        walked = list(islice(decisions_in(self.architecture), MOST_DECISIONS + 1))
        if len(walked) > MOST_DECISIONS:
            raise UserError(f"a space may have {MOST_DECISIONS} decisions at most")
        return (*shared, *(each for each in walked if each.name not in self.shared))

    @cached_property
    def size(self) -> int:
        """Number of decision vectors over active decisions; the number of distinct networks may be less."""
        return sum(count(self.architecture, shared) for shared in self.shared_assignments())

    def shared_assignments(self) -> Iterator[dict[str, str]]:
        """Every combination of the shared decisions, in order; one empty one where there are none."""
        names = list(self.shared)
        for labels in product(*(labels_of(each) for each in self.shared.values())):
            yield dict(zip(names, labels, strict=True))

    def vector(self, number: int) -> dict[str, str]:
        """Labels of the active decisions of vector ``number``, 0 to size - 1, in order."""
        if not 0 <= number < self.size:
            raise UserError(f"the number of a vector must be 0 to {self.size - 1}, got {number}")
        for shared in self.shared_assignments():
            size = count(self.architecture, shared)
            if number < size:
                labels = dict(shared)
                unrank(self.architecture, "", number, shared, labels)
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
        return self.decide({each.name: rng.choice(each.labels) for each in self.decisions})

    def decide(self, labels: Mapping[str, str]) -> Architecture:
        """The architecture of these labels by decision name; labels of inactive decisions are ignored.

        Raises UserError for an unknown or missing decision and for a label that is no option.
        """
        if not self._by_name.keys() >= labels.keys():
            unknown = next(name for name in labels if name not in self._by_name)
            raise UserError(f"{self.name} has no decision {unknown!r}")
        rows: dict[str, Any] = {part: self._rows_of(part, labels) for part in ("stem", "stages")}
        return Architecture(**self._rest(labels), **rows)

    def _rest(self, labels: Mapping[str, str]) -> dict[str, Any]:
        """The decided fields outside the rows, the same objects for the same labels."""
        key = ("", *(labels.get(name) for name in self._names_outside_rows))
        found: dict[str, Any] | None = self._decided.get(key)
        if found is None:
            names = ("image_size", "classes", "in_channels", "head", "aux", "defaults")
            found = {name: decided(getattr(self.architecture, name), name, labels) for name in names}
            self._remember(key, found)
        return found

    def _rows_of(self, part: str, labels: Mapping[str, str]) -> tuple[Any, ...]:
        """The decided rows of the stem or the stages, which may be open as a whole."""
        path, rows = part, getattr(self.architecture, part)
        if isinstance(rows, Choice):
            label, rows = taken(rows, part, labels)
            path = f"{part}.{label}"
        return tuple(self._row(f"{path}.{index}", row, labels) for index, row in enumerate(rows))

    def _row(self, path: str, row: Any, labels: Mapping[str, str]) -> Any:
        """One decided row, the same object for the same labels, so that costs are found by identity."""
        names = self._names_in_rows[path]
        key = (path, *(labels.get(name) for name in names))
        found = self._decided.get(key)
        if found is None:
            found = decided(row, path, labels)
            self._remember(key, found)
        return found

    @cached_property
    def _decided(self) -> dict[tuple[str | None, ...], Any]:
        """Decided parts, by their path and the labels of their decisions."""
        return {}

    def _remember(self, key: tuple[str | None, ...], part: Any) -> None:
        if len(self._decided) > _MOST_REMEMBERED:
            self._decided.clear()
        self._decided[key] = part

    @cached_property
    def _by_name(self) -> dict[str, Decision]:
        return {each.name: each for each in self.decisions}

    @cached_property
    def _names_in_rows(self) -> dict[str, tuple[str, ...]]:
        prefixes = [
            f"{path}.{index}"
            for part in ("stem", "stages")
            for path, rows, _ in row_lists(getattr(self.architecture, part), part)
            for index in range(len(rows))
        ]
        return {
            path: tuple(name for name in self._by_name if name in self.shared or f"{name}.".startswith(f"{path}."))
            for path in prefixes
        }

    @cached_property
    def _names_outside_rows(self) -> tuple[str, ...]:
        inside = {name for names in self._names_in_rows.values() for name in names} - self.shared.keys()
        return tuple(name for name in self._by_name if name not in inside)

    def decisions_of(self, architecture: Architecture) -> dict[str, str]:
        """Labels of the active decisions of the first vector, in order, that gives ``architecture``.

        Raises UserError that names the place where the architecture leaves the space.
        """
        own, defaults = self.architecture, architecture.defaults
        try:
            labels = match_shared(own, architecture, defaults)
            matched(own, architecture, "", defaults, labels)
        except Mismatch as mismatch:
            raise UserError(f"not in the space {self.name}: differs at {mismatch.path or 'the top'}") from None
        return {each.name: labels[each.name] for each in self.decisions if each.active(labels)}

    def labels_of(self, architecture: Architecture) -> dict[str, str]:
        """A label for every decision: inactive ones get their first option."""
        active = self.decisions_of(architecture)
        return {each.name: active.get(each.name, each.labels[0]) for each in self.decisions}

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
        old = self.decisions_of(architecture)
        active = (each for each in self.decisions if each.name in old)
        moves = [(each.name, label) for each in active for label in each.labels if label != old[each.name]]
        if rng is not None:
            rng.shuffle(moves)
        for name, label in moves:
            yield self.decide(self._completed({**old, name: label}, old))

    def _completed(self, labels: dict[str, str], old: Mapping[str, str]) -> dict[str, str]:
        before = {each.place: old[each.name] for each in self.decisions if each.name in old and each.parent}
        new: dict[str, str] = {}
        for each in self.decisions:
            if each.active(new):
                kept = labels.get(each.name, before.get(each.place, ""))
                new[each.name] = kept if kept in each.labels else each.labels[0]
        return new

    def cross(self, one: Architecture, other: Architecture, rng: random.Random) -> Architecture:
        """A child whose every active decision comes from a random parent in which it is active."""
        parents = self.decisions_of(one), self.decisions_of(other)
        new: dict[str, str] = {}
        for each in self.decisions:
            if each.active(new):
                own = [labels[each.name] for labels in parents if each.name in labels]
                new[each.name] = rng.choice(own) if own else each.labels[0]
        return self.decide(new)

    def describe(self) -> str:
        """One line per decision: its name and options."""
        return "\n".join(f"{each.name}: {', '.join(each.labels)}" for each in self.decisions)
