"""The least and the greatest cost of a space, exactly, by a table over its rows.

The cost of a row depends on its own decisions and on the shape that enters it, so the best way to reach each
shape is enough to go on from. Decisions outside the rows, and shared ones, are enumerated.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from search_spaces.architecture import Architecture
from search_spaces.blocks.stage import Stage
from search_spaces.choice import Choice
from search_spaces.cost import Sums, block_cost, head_cost, stage_cost
from search_spaces.deciding import decided
from search_spaces.decisions import labels_of
from search_spaces.defaults import Defaults
from search_spaces.errors import UserError
from search_spaces.graph import Position
from search_spaces.ops import Shape
from search_spaces.ranking import count, unrank

if TYPE_CHECKING:
    from search_spaces.space import Space

MOST_FRAMES = 1_000
MOST_ROW_OPTIONS = 20_000
MOST_STEPS = 100_000
PLACES = {"params": 0, "bytes": 0, "macs": 1, "activations": 2, "peak_bytes": 3}

State = tuple[Shape, int]
"""Shape that leaves a row, and the row's number of blocks."""


class Way(NamedTuple):
    """The best way to a state: its cost so far, and the rows decided on it."""

    cost: int
    rows: tuple[Stage, ...]


def extreme(space: Space, metric: str, sign: int) -> Architecture:
    """The architecture of least (``sign`` 1) or greatest (-1) cost; ties go to the first in order.

    Raises UserError for an unknown metric, for a combination of decisions that does not fit together (with
    its path), and for a space with too many options in one row.
    """
    if metric not in PLACES:
        raise UserError(f"the metric must be one of {', '.join(PLACES)}, got {metric!r}")
    steps = _Steps()
    found = [
        _of_frame(frame, variant, metric, sign, steps)
        for variant in _variants(space.architecture)
        for frame in _frames(space, variant)
    ]
    return min(found, key=lambda each: sign * each[0])[1]


class _Steps:
    """Counts the costs looked up, so that a space too large for this ends with an error."""

    left = MOST_STEPS

    def take(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise UserError(f"the space is too large to find its least cost: over {MOST_STEPS:,} ways through its rows")


class Variant(NamedTuple):
    """The space with its tuples of rows decided, where these are open as a whole; the parts' paths."""

    architecture: Architecture
    paths: dict[str, str]


def _variants(architecture: Architecture) -> Iterator[Variant]:
    stems, stages = (_tuples(getattr(architecture, part), part) for part in ("stem", "stages"))
    for stem_path, stem in stems:
        for stages_path, rows in stages:
            bare = replace(architecture, stem=stem, stages=rows, aux=())
            yield Variant(replace(bare, aux=architecture.aux), {"stem": stem_path, "stages": stages_path})


def _tuples(rows: Any, part: str) -> list[tuple[str, Any]]:
    if not isinstance(rows, Choice):
        return [(part, rows)]
    return [(f"{part}.{label}", option) for label, option in zip(labels_of(rows), rows.options, strict=True)]


def _frames(space: Space, variant: Variant) -> Iterator[tuple[Architecture, dict[str, str]]]:
    """The space with everything outside its rows decided, and the shared decisions used."""
    rest = replace(variant.architecture, stem=(), stages=(), aux=())
    number = 0
    for shared in space.shared_assignments():
        for index in range(count(rest, shared)):
            number += 1
            if number > MOST_FRAMES:
                raise UserError(f"decisions outside the rows may have {MOST_FRAMES} combinations at most")
            labels = dict(shared)
            unrank(rest, "", index, shared, labels)
            yield decided(rest, "", labels), shared


def _of_frame(
    frame: tuple[Architecture, dict[str, str]], variant: Variant, metric: str, sign: int, steps: _Steps
) -> tuple[int, Architecture]:
    rest, shared = frame
    place = PLACES[metric]
    size = rest.image_size
    start: State = ((rest.in_channels, size, size), 0)
    ways = {start: Way(0, ())}
    for part in ("stem", "stages"):
        ways = _least_per_state({(shape, 0): way for (shape, _), way in ways.items()}.items(), sign)
        for index, row in enumerate(getattr(variant.architecture, part)):
            options = list(_frame_rows(row, f"{variant.paths[part]}.{index}", shared))
            steps.take(len(ways) * sum(1 if chain is None else sum(map(len, chain)) for _, chain in options))
            ways = _through(options, f"{part}.{index}", ways, rest.defaults, place, sign)
    ends = [
        (_plus(way.cost, head_cost(rest.head, shape, rest.defaults, rest.classes)[place], place), way)
        for (shape, _), way in ways.items()
    ]
    cost, best = min(ends, key=lambda each: sign * each[0])
    stem = len(variant.architecture.stem)
    labels = dict(shared)
    unrank(variant.architecture.aux, "aux", 0, shared, labels)
    aux = decided(variant.architecture.aux, "aux", labels)
    return cost, replace(rest, stem=best.rows[:stem], stages=best.rows[stem:], aux=aux)


def _through(
    options: list[tuple[Stage, Chain]],
    path: str,
    ways: dict[State, Way],
    defaults: Defaults,
    place: int,
    sign: int,
) -> dict[State, Way]:
    """The best ways to each state after one row."""
    reached = []
    for (shape, previous), way in ways.items():
        for stage, chain in options:
            try:
                ends = _ends(stage, chain, shape, previous, defaults, place, sign)
            except UserError as error:
                raise error.under(path) from None
            for end, sum_, own in ends:
                reached.append(((end, own.count), Way(_plus(way.cost, sum_, place), (*way.rows, own))))
    return _least_per_state(reached, sign)


def _least_per_state(reached: Any, sign: int) -> dict[State, Way]:
    best: dict[State, Way] = {}
    for state, way in reached:
        if state not in best or sign * way.cost < sign * best[state].cost:
            best[state] = way
    return best


def _plus(total: int, more: int, place: int) -> int:
    """Costs add up; of peaks the largest counts."""
    return max(total, more) if place == PLACES["peak_bytes"] else total + more


Chain = tuple[tuple[Any, ...], ...] | None


def _frame_rows(row: Any, path: str, shared: dict[str, str]) -> Iterator[tuple[Stage, Chain]]:
    """Decided rows; where every repeat decides by itself, a row with the options of each of its blocks."""
    if isinstance(row, Stage) and (row.each is not None or _any_open(row.blocks)):
        yield from _chained_rows(row, path, shared)
        return
    for value in decided_all(row, path, shared):
        yield value, None


def _chained_rows(row: Stage, path: str, shared: dict[str, str]) -> Iterator[tuple[Stage, Chain]]:
    own = tuple(
        tuple(decided_all(block, f"{path}.blocks.{index}", shared)) for index, block in enumerate(row.blocks or ())
    )
    for out in decided_all(row.out, f"{path}.out", shared):
        for stride in decided_all(row.stride, f"{path}.stride", shared):
            for number in decided_all(row.repeats, f"{path}.repeats", shared):
                chain = own or (tuple(decided_all(row.each, f"{path}.blocks.0", shared)),) * number
                yield Stage(out=out, stride=stride, blocks=tuple(each[0] for each in chain)), chain


def decided_all(value: Any, path: str, shared: dict[str, str]) -> Iterator[Any]:
    """Every way to decide ``value``; raises UserError where there are over 20,000."""
    total = count(value, shared)
    if total > MOST_ROW_OPTIONS:
        raise UserError(f"one row may have {MOST_ROW_OPTIONS} options at most, got {total}", path)
    for number in range(total):
        labels = dict(shared)
        unrank(value, path, number, shared, labels)
        yield decided(value, path, labels)


def _any_open(value: Any) -> bool:
    if isinstance(value, Choice):
        return True
    if isinstance(value, tuple):
        return any(_any_open(each) for each in value)
    return hasattr(value, "kind") and any(_any_open(getattr(value, each.name)) for each in fields(value))


def _ends(
    stage: Stage, chain: Chain, shape: Shape, previous: int, defaults: Defaults, place: int, sign: int
) -> list[tuple[Shape, int, Stage]]:
    """Shapes that the row can end in, each with the best cost and the decided row."""
    if chain is None:
        sums, end = stage_cost(stage, shape, defaults, previous if stage.positional else 0)
        return [(end, sums[place], stage)]
    best: dict[Shape, tuple[int, tuple[Any, ...]]] = {shape: (0, ())}
    for index, options in enumerate(chain):
        stride = stage.stride if index == 0 else 1
        at = Position(index, len(chain), previous)
        best = _block_ends(best, options, stage.out, stride, at, defaults, place, sign)
    return [(end, sum_, replace(stage, blocks=blocks)) for end, (sum_, blocks) in best.items()]


def _block_ends(
    ways: dict[Shape, tuple[int, tuple[Any, ...]]],
    options: tuple[Any, ...],
    out: int | None,
    stride: int,
    at: Position,
    defaults: Defaults,
    place: int,
    sign: int,
) -> dict[Shape, tuple[int, tuple[Any, ...]]]:
    best: dict[Shape, tuple[int, tuple[Any, ...]]] = {}
    for shape, (cost, blocks) in ways.items():
        for block in options:
            own: tuple[Sums, Shape] = block_cost(
                block, shape, out, stride, at if block.uses_position else Position(), defaults
            )
            total = _plus(cost, own[0][place], place)
            if own[1] not in best or sign * total < sign * best[own[1]][0]:
                best[own[1]] = (total, (*blocks, block))
    return best
