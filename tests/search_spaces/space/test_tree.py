"""The tree of decisions: what its nodes promise to those who ask a part of a space."""

from __future__ import annotations

import pytest

from search_spaces import Architecture, Conv, MBConv, Space, Stage, choice
from search_spaces.space.tree import compiled

EACH = Stage(each=choice(Conv(kernel=1), MBConv(kernel=choice(3, 5))), out=choice(8, 16), repeats=choice(1, 2))


def test_every_way_to_decide_a_node_comes_once_with_the_labels_that_give_it():
    node = compiled(EACH)
    ways = list(node.every({}))
    assert len(ways) == node.size({}) == 2 * (3 + 3**2)
    assert len({stage for _, stage in ways}) == len(ways)
    assert all(node.decide(labels) is stage for labels, stage in ways)


def test_equal_labels_give_the_same_row_so_that_its_cost_is_found_by_identity():
    space = Space("each", Architecture(image_size=8, classes=2, stages=(EACH, EACH)))
    first, second = (space.decide(space.vector(number)) for number in (5, 6))
    assert first.stages[0] is second.stages[0]
    assert first.stages[1] is not second.stages[1]
    assert space.decide(space.vector(5)).stages[1] is first.stages[1]


def test_a_shared_choice_counts_once_and_decides_everywhere():
    kernel = choice(1, 3, name="kernel")
    space = Space("shared", Architecture(image_size=8, stages=(Stage(Conv(kernel=kernel), out=8),) * 2))
    assert [decision.name for decision in space.decisions] == ["kernel"]
    assert [stage.block.kernel for stage in space.decide({"kernel": "3"}).stages] == [3, 3]
    mixed = Architecture(image_size=8, stages=(Stage(Conv(kernel=1), out=8), Stage(Conv(kernel=3), out=8)))
    assert mixed not in space


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (Stage(Conv(kernel=1), out=8, repeats=3), "repeats"),
        (Stage(Conv(kernel=1), out=9), "out"),
        (Stage(blocks=(Conv(kernel=1), Conv(kernel=3)), out=8), "blocks.1"),
    ],
)
def test_what_does_not_match_is_named_by_its_place(target, path):
    architecture = Architecture()
    differing = compiled(EACH).match(target, architecture.defaults, {})
    assert differing is not None
    assert differing.place.path == path


@pytest.mark.parametrize(
    "target",
    [
        Stage(Conv(kernel=1), out=8, repeats=2),
        Stage(blocks=(Conv(kernel=1), Conv(kernel=1)), out=8),
        Stage(each=Conv(kernel=1), out=8, repeats=2),
    ],
)
def test_a_row_matches_however_its_blocks_are_spelled(target):
    labels: dict[str, str] = {}
    assert compiled(EACH).match(target, Architecture().defaults, labels) is None
    assert (labels["repeats"], labels["blocks.0"], labels["blocks.1"]) == ("2", "conv", "conv")
