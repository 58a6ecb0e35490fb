"""The layers of a chain: each a decision with the ways through it from every shape that may enter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from search_spaces.errors import UserError
from search_spaces.network.block import Block
from search_spaces.network.cost import Sums, block_cost, head_cost, stage_cost
from search_spaces.network.defaults import Defaults
from search_spaces.network.graph import Position
from search_spaces.space.node import Labels, Node
from search_spaces.space.tree import EachRow, Row
from search_spaces.values import parts

MAX_OPTIONS = 20_000
MAX_EDGES = 2_000_000  # ways through single layers, counted once where layers are alike
NOTHING: Sums = (0, 0, 0, 0)

State = tuple[Any, ...]
"""What the layers ahead must know: the shape, the number of blocks in the stage before where they look at it,
and inside a row its width, stride and repeats."""

Step = Callable[[State], Iterator[tuple[int, Sums, State]]]
"""The ways that leave a state: number of the option, sums, the next state."""


class TooLargeError(UserError):
    """The space has too many combinations to be laid out as chains."""


class Option(NamedTuple):
    """One way to decide a layer: the value, and the labels of the layer's active decisions."""

    value: Any
    labels: Labels


class Edge(NamedTuple):
    """A way through a layer, from state to state (by number) under one of the layer's options; -1: under none."""

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


class RowFrame(NamedTuple):
    """What the blocks of a row share."""

    out: int | None
    stride: int
    repeats: int


@dataclass
class Memo:
    """Options of nodes and ways through layers that are known already, by what they depend on."""

    options: dict[Any, tuple[Option, ...]] = field(default_factory=dict)
    ways: dict[Any, tuple[tuple[Edge, ...], list[State]]] = field(default_factory=dict)
    edges: int = 0

    def options_of(self, node: Node, shared: Labels) -> tuple[Option, ...]:
        """Every way to decide a node. Raises TooLargeError for over 20,000."""
        key = (node, tuple(map(shared.get, node.shared_names)))
        if key not in self.options:
            size = node.size(shared)
            if size > MAX_OPTIONS:
                raise TooLargeError(f"one row may have {MAX_OPTIONS} options at most, got {size}", node.place.path)
            self.options[key] = tuple(Option(value, labels) for labels, value in node.every(shared))
        return self.options[key]

    def ways_from(self, states: list[State], depends_on: Any, step: Step) -> tuple[tuple[Edge, ...], list[State]]:
        """The edges that leave these states, and the states they lead to."""
        key = (depends_on, tuple(states))
        if key not in self.ways:
            targets: dict[State, int] = {}
            edges = []
            for source, state in enumerate(states):
                for option, sums, end in step(state):
                    edges.append(Edge(source, targets.setdefault(end, len(targets)), option, sums))
                    self.edges += 1
                    if self.edges > MAX_EDGES:
                        raise TooLargeError(f"the rows of the space have over {MAX_EDGES:,} options at their shapes")
            self.ways[key] = tuple(edges), list(targets)
        return self.ways[key]


class Layers:
    """Layers under construction, and the states that leave the last one."""

    def __init__(self, defaults: Defaults, shared: Labels, memo: Memo, states: list[State]) -> None:
        self.defaults = defaults
        self.shared = shared
        self.memo = memo
        self.states = states
        self.layers: list[Layer] = []

    def add_rows(self, rows: Node, part: str) -> None:
        """Append the layers of the stem or the stages; errors say the row as ``part`` names it."""
        self.states = list(dict.fromkeys((state[0], 0) for state in self.states))
        nodes = rows.children
        for index, node in enumerate(nodes):
            look_back = part == "stages" and any(
                looks_at_position(later.value) for later in nodes[index + 1 : index + 2]
            )
            try:
                if isinstance(node, EachRow) or (isinstance(node, Row) and node.fields["blocks"].open):
                    self._add_blocks(node, look_back)
                else:
                    self._add_row(node, look_back)
            except TooLargeError:
                raise
            except UserError as error:
                raise error.under(f"{part}.{index}") from None

    def add_end(self, head: Node, aux: Node, classes: int) -> None:
        """Append the head, and the auxiliary classifiers where these are open: they cost nothing."""
        options = self._options(head)

        def step(state: State) -> Iterator[tuple[int, Sums, State]]:
            for index, option in enumerate(options):
                yield index, head_cost(option.value, state[0], self.defaults, classes), ()

        self._add(head, options, ("head", classes), step)
        if aux.open:
            free = [(index, NOTHING, ()) for index in range(len(self._options(aux)))]
            self._add(aux, self._options(aux), ("aux",), lambda state: iter(free))

    def _options(self, node: Node) -> tuple[Option, ...]:
        return self.memo.options_of(node, self.shared)

    def _add(self, node: Node, options: tuple[Option, ...], depends_on: tuple[Any, ...], step: Step) -> None:
        """Append the layer that decides ``node``; ``depends_on``: what else its ways depend on, beside the states."""
        shared = tuple((name, self.shared[name]) for name in node.shared_names)
        key = (node.value, depends_on, shared, self.defaults)
        edges, self.states = self.memo.ways_from(self.states, key, step)
        self.layers.append(Layer(node.place.path, options, edges, len(self.states)))

    def _add_row(self, row: Node, look_back: bool) -> None:
        """Append a row as one layer; ``look_back``: the next row looks at the number of blocks of this one."""
        options = self._options(row)

        def step(state: State) -> Iterator[tuple[int, Sums, State]]:
            shape, previous = state
            for index, (stage, _) in enumerate(options):
                sums, end = stage_cost(stage, shape, self.defaults, previous if stage.positional else 0)
                yield index, sums, (end, stage.count if look_back else 0)

        self._add(row, options, ("row", look_back), step)

    def _add_blocks(self, row: Row, look_back: bool) -> None:
        """Append a row whose blocks decide by themselves: a layer for what they share, then one for each block."""
        frames = self._frames(row)

        def enter(state: State) -> Iterator[tuple[int, Sums, State]]:
            for index, (frame, _) in enumerate(frames):
                yield index, NOTHING, (*state, frame)

        self._add(row, frames, ("frame",), enter)
        blocks = row.blocks if isinstance(row, EachRow) else row.fields["blocks"].children
        repeats = max(frame.value.repeats for frame in frames)
        for index, block in enumerate(blocks[:repeats]):
            self._add_block(block, index, index + 1 == repeats, look_back)

    def _frames(self, row: Row) -> tuple[Option, ...]:
        outs, strides = self._options(row.fields["out"]), self._options(row.fields["stride"])
        return tuple(
            Option(RowFrame(out.value, stride.value, repeats.value), out.labels | repeats.labels | stride.labels)
            for out in outs
            for repeats in self._options(row.fields["repeats"])
            for stride in strides
        )

    def _add_block(self, block: Node, index: int, last: bool, look_back: bool) -> None:
        options = self._options(block)

        def step(state: State) -> Iterator[tuple[int, Sums, State]]:
            shape, previous, frame = state
            rest: State = (frame.repeats if look_back else 0,) if last else (previous, frame)
            if index >= frame.repeats:
                yield -1, NOTHING, (shape, *rest)
                return
            position, stride = Position(index, frame.repeats, previous), frame.stride if index == 0 else 1
            for number, (value, _) in enumerate(options):
                seen = position if value.uses_position else Position()
                sums, end = block_cost(value, shape, frame.out, stride, seen, self.defaults)
                yield number, sums, (end, *rest)

        self._add(block, options, ("block", index, last, look_back), step)


def looks_at_position(value: Any) -> bool:
    """Whether any block in an open value looks at its position."""
    return (isinstance(value, Block) and value.uses_position) or any(map(looks_at_position, parts(value)))
