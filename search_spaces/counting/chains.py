"""A space as chains: layers of decisions, each with the ways through it from every shape that may enter.

The cost of a row depends on its own decisions and on the shape that enters it. What lies outside the rows (open
defaults, whole lists of rows, shared decisions) is enumerated: each combination is a chain of its own. A row whose
repeats decide by themselves is a layer for its width, stride and repeats, then one for each block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, NamedTuple

from search_spaces.choice import Choice
from search_spaces.errors import UserError
from search_spaces.network.architecture import Architecture
from search_spaces.network.blocks import Block, Stage
from search_spaces.network.cost import Sums, block_cost, head_cost, stage_cost
from search_spaces.network.defaults import Defaults
from search_spaces.network.graph import Position
from search_spaces.network.heads import Head
from search_spaces.space.deciding import decided
from search_spaces.space.decisions import row_lists
from search_spaces.space.ranking import Labels, children, count, unrank
from search_spaces.space.space import Space

MOST_CHAINS = 1_000
MOST_OPTIONS = 20_000
MOST_EDGES = 2_000_000  # ways through single layers, counted once where layers are alike
NOTHING: Sums = (0, 0, 0, 0)

State = tuple[Any, ...]
"""What the layers ahead must know: the shape, the number of blocks in the stage before where they look at it,
and inside a row its width, stride and repeats."""


class TooLargeError(UserError):
    """The space has too many combinations to be laid out as chains."""


class Option(NamedTuple):
    """One way to decide a layer: the value, and the labels of the layer's active decisions."""

    value: Any
    labels: Labels


class Edge(NamedTuple):
    """A way through a layer, from state to state (by number) under one of the layer's options."""

    source: int
    target: int
    option: int
    sums: Sums


@dataclass(frozen=True)
class Layer:
    """One step of a chain; ``states`` is the number of states that leave it."""

    path: str
    options: tuple[Option, ...]
    edges: tuple[Edge, ...]
    states: int


@dataclass(frozen=True)
class Chain:
    """The part of a space that lies under one combination of the decisions outside the layers.

    Every vector of decisions is one path through the layers from state 0 and the other way round.
    """

    labels: Labels
    layers: tuple[Layer, ...]


def chains(space: Space) -> Iterator[Chain]:
    """The chains that make up the space, in order.

    Raises UserError, with its path, for a combination of decisions that does not fit together, and
    :class:`TooLargeError` where there are over 1,000 chains, 20,000 options of a layer or 2,000,000 ways.
    """
    memo = _Memo()
    number = 0
    for variant in _variants(space.architecture):
        for frame, labels, shared in _frames(space, variant.architecture):
            if any(shared.get(name, label) != label for name, label in variant.labels.items()):
                continue
            number += 1
            if number > MOST_CHAINS:
                raise TooLargeError(f"decisions outside the rows may have {MOST_CHAINS} combinations at most")
            yield _chain(variant, frame, {**labels, **variant.labels}, shared, memo)


class _Variant(NamedTuple):
    """The space with its tuples of rows decided, where these are open as a whole; the parts' paths."""

    architecture: Architecture
    aux: Any
    paths: dict[str, str]
    labels: Labels


def _variants(architecture: Architecture) -> Iterator[_Variant]:
    stems, stages = (row_lists(getattr(architecture, part), part) for part in ("stem", "stages"))
    for stem_path, stem, stem_labels in stems:
        for stages_path, rows, labels in stages:
            bare = replace(architecture, stem=stem, stages=rows, aux=())
            yield _Variant(
                bare, architecture.aux, {"stem": stem_path, "stages": stages_path}, {**stem_labels, **labels}
            )


def _frames(space: Space, architecture: Architecture) -> Iterator[tuple[Architecture, Labels, Labels]]:
    """Everything outside the layers decided, all its labels, and those of the shared decisions."""
    rest = replace(architecture, stem=(), stages=(), aux=(), head=Head())
    for shared in space.shared_assignments():
        for index in range(count(rest, shared)):
            labels = dict(shared)
            unrank(rest, "", index, shared, labels)
            yield decided(rest, "", labels), labels, shared


@dataclass
class _Memo:
    """Ways through layers found before, by what they depend on; and how many there are."""

    found: dict[Any, tuple[tuple[Edge, ...], list[State]]] = field(default_factory=dict)
    options: dict[Any, tuple[Option, ...]] = field(default_factory=dict)
    edges: int = 0

    def ways(
        self, key: Any, states: list[State], step: Callable[[State], Iterator[tuple[int, Sums, State]]]
    ) -> tuple[tuple[Edge, ...], list[State]]:
        whole = (key, tuple(states))
        if whole not in self.found:
            self.found[whole] = self._new(states, step)
        return self.found[whole]

    def _new(
        self, states: list[State], step: Callable[[State], Iterator[tuple[int, Sums, State]]]
    ) -> tuple[tuple[Edge, ...], list[State]]:
        targets: dict[State, int] = {}
        edges = []
        for source, state in enumerate(states):
            for option, sums, end in step(state):
                edges.append(Edge(source, targets.setdefault(end, len(targets)), option, sums))
                self.edges += 1
                if self.edges > MOST_EDGES:
                    raise TooLargeError(f"the rows of the space have over {MOST_EDGES:,} options at their shapes")
        return tuple(edges), list(targets)


def _chain(variant: _Variant, frame: Architecture, labels: Labels, shared: Labels, memo: _Memo) -> Chain:
    own = _Layers(frame.defaults, shared, memo, [((frame.in_channels, frame.image_size, frame.image_size), 0)])
    for part in ("stem", "stages"):
        rows = getattr(variant.architecture, part)
        own.states = list(dict.fromkeys((state[0], 0) for state in own.states))
        for index, row in enumerate(rows):
            after = index + 1 < len(rows) and part == "stages" and looks_at_position(rows[index + 1])
            own.add_row(row, f"{variant.paths[part]}.{index}", f"{part}.{index}", after)
    own.add_end(variant.architecture.head, frame.classes, variant.aux)
    return Chain(labels, tuple(own.layers))


class _Layers:
    """Layers under construction, and the states that leave the last one."""

    def __init__(self, defaults: Defaults, shared: Labels, memo: _Memo, states: list[State]) -> None:
        self.defaults = defaults
        self.shared = shared
        self.memo = memo
        self.states = states
        self.layers: list[Layer] = []

    def add_row(self, row: Any, path: str, name: str, after: bool) -> None:
        """Append a row's layers; ``after`` says whether the next row looks at this one's number of blocks."""
        try:
            if isinstance(row, Stage) and (row.each is not None or _any_inside(row.blocks)):
                self._add_each(row, path, after)
            else:
                self._add_whole(row, path, after)
        except TooLargeError:
            raise
        except UserError as error:
            raise error.under(name) from None

    def add_end(self, head: Any, classes: int, aux: Any) -> None:
        """Append the head, and the auxiliary classifiers where these are open: they cost nothing."""
        options = self._options(head, "head")

        def step(state: State) -> Iterator[tuple[int, Sums, State]]:
            for index, option in enumerate(options):
                yield index, head_cost(option.value, state[0], self.defaults, classes), ()

        self._add("head", options, head, ("head", classes), step)
        auxiliary = self._options(aux, "aux")
        free = [(index, NOTHING, ()) for index in range(len(auxiliary))]
        if len(auxiliary) > 1 or auxiliary[0].labels:
            self._add("aux", auxiliary, aux, ("aux",), lambda state: iter(free))

    def _fixed(self, value: Any) -> tuple[tuple[str, str], ...]:
        """The shared decisions that a value has in it, with their labels."""
        return tuple((name, self.shared[name]) for name in sorted(shared_names(value)))

    def _options(self, value: Any, path: str) -> tuple[Option, ...]:
        key = (path, self._fixed(value))
        if key not in self.memo.options:
            self.memo.options[key] = _options(value, path, self.shared)
        return self.memo.options[key]

    def _add(self, path: str, options: tuple[Option, ...], value: Any, how: Any, step: Any) -> None:
        """Append the layer that decides ``value``; ``how``: what else its ways depend on, beside the states."""
        edges, self.states = self.memo.ways((value, how, self._fixed(value), self.defaults), self.states, step)
        self.layers.append(Layer(path, options, edges, len(self.states)))

    def _add_whole(self, row: Any, path: str, after: bool) -> None:
        options = self._options(row, path)

        def step(state: State) -> Iterator[tuple[int, Sums, State]]:
            shape, previous = state
            for index, (stage, _) in enumerate(options):
                sums, end = stage_cost(stage, shape, self.defaults, previous if stage.positional else 0)
                yield index, sums, (end, stage.count if after else 0)

        self._add(path, options, row, ("row", after), step)

    def _add_each(self, row: Stage, path: str, after: bool) -> None:
        frames = _row_frames(row, path, self.shared)

        def enter(state: State) -> Iterator[tuple[int, Sums, State]]:
            for index, (frame, _) in enumerate(frames):
                yield index, NOTHING, (*state, frame)

        self._add(path, frames, row, ("frame",), enter)
        most = max(frame.repeats for frame, _ in frames)
        for index in range(most):
            block = row.each if row.blocks is None else row.blocks[index]
            self._add_block(block, f"{path}.blocks.{index}", index, index + 1 == most, after)

    def _add_block(self, block: Any, path: str, index: int, last: bool, after: bool) -> None:
        options = self._options(block, path)

        def step(state: State) -> Iterator[tuple[int, Sums, State]]:
            shape, previous, frame = state
            leave: tuple[Any, ...] = (frame.repeats if after else 0,) if last else (previous, frame)
            if index >= frame.repeats:
                yield -1, NOTHING, (shape, *leave)
                return
            at, stride = Position(index, frame.repeats, previous), frame.stride if index == 0 else 1
            for number, (own, _) in enumerate(options):
                where = at if own.uses_position else Position()
                sums, end = block_cost(own, shape, frame.out, stride, where, self.defaults)
                yield number, sums, (end, *leave)

        self._add(path, options, block, ("block", index, last, after), step)


class RowFrame(NamedTuple):
    """What the blocks of a row share."""

    out: int | None
    stride: int
    repeats: int


def _row_frames(row: Stage, path: str, shared: Labels) -> tuple[Option, ...]:
    found = []
    for out in _options(row.out, f"{path}.out", shared):
        for repeats in _options(len(row.blocks) if row.blocks else row.repeats, f"{path}.repeats", shared):
            for stride in _options(row.stride, f"{path}.stride", shared):
                labels = {**out.labels, **repeats.labels, **stride.labels}
                found.append(Option(RowFrame(out.value, stride.value, repeats.value), labels))
    return tuple(found)


def _options(value: Any, path: str, shared: Labels) -> tuple[Option, ...]:
    """Every way to decide ``value``, without the labels of the shared decisions."""
    total = count(value, shared)
    if total > MOST_OPTIONS:
        raise TooLargeError(f"one row may have {MOST_OPTIONS} options at most, got {total}", path)
    found = []
    for number in range(total):
        labels = dict(shared)
        unrank(value, path, number, shared, labels)
        own = {name: label for name, label in labels.items() if name not in shared}
        found.append(Option(decided(value, path, labels), own))
    return tuple(found)


def decided_all(value: Any, path: str, shared: Labels) -> Iterator[Any]:
    """Every way to decide ``value``; raises UserError where there are over 20,000."""
    return (option.value for option in _options(value, path, shared))


@lru_cache(maxsize=4096)
def shared_names(value: Any) -> frozenset[str]:
    """Names of the shared choices in an open value."""
    own = {value.name} if isinstance(value, Choice) and value.name else set()
    inside = value.options if isinstance(value, Choice) else [child for _, child in children(value)]
    return frozenset(own).union(*(shared_names(each) for each in inside))


def looks_at_position(value: Any) -> bool:
    """Whether any block in an open value looks at its position."""
    if isinstance(value, Block) and value.uses_position:
        return True
    inside = value.options if isinstance(value, Choice) else [child for _, child in children(value)]
    return any(looks_at_position(each) for each in inside)


def _any_inside(blocks: Any) -> bool:
    """Whether a list of blocks, itself given, holds choices."""
    return isinstance(blocks, tuple) and any(_any_open(each) for each in blocks)


def _any_open(value: Any) -> bool:
    return isinstance(value, Choice) or any(_any_open(child) for _, child in children(value))
