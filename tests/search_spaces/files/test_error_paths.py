"""The same mistake has the same path in Python, YAML and JSON, alone or among the options of a choice."""

from __future__ import annotations

import json

import pytest

from search_spaces import (
    SE,
    Architecture,
    Aux,
    BatchNorm,
    Conv,
    Defaults,
    FlatHead,
    MBConv,
    Parallel,
    Space,
    Stage,
    UserError,
    choice,
)
from search_spaces.files.codec import from_data
from search_spaces.files.strict_yaml import dump, parse

ROW = {"block": {"conv": {}}, "out": 8}
MISTAKES = {  # path: what a file says there, a value that is right there, and the same mistake in Python
    "stages.1.block.mbconv.kernel": (4, 3, lambda: MBConv(kernel=4)),
    "stages.1.block.conv.norm.batch_norm.eps": (0, 1, lambda: Conv(norm=BatchNorm(eps=0))),
    "stages.1.repeats": (0, 1, lambda: Stage(Conv(), repeats=0)),
    "stages.1.out": ("wide", 8, lambda: Stage(Conv(), out="wide")),
    "stages.1.each.conv.groups": (-1, 1, lambda: Stage(each=Conv(groups=-1))),
    "stages.1.block.parallel.branches.0.0.block.conv.act": (
        "swish",
        "silu",
        lambda: Parallel(branches=((Stage(Conv(act="swish")),),)),
    ),
    "stem.1.block.conv.kernel": (0, 1, lambda: Conv(kernel=0)),
    "head.flat.dropout": (1, 0, lambda: FlatHead(dropout=1)),
    "head.flat.hidden.1": (0, 1, lambda: FlatHead(hidden=(8, 0))),
    "defaults.se.gate": ("relu", "sigmoid", lambda: SE(gate="relu")),
    "defaults.act": ("swish", "silu", lambda: Defaults(act="swish")),
    "image_size": (0, 32, lambda: Architecture(image_size=0)),
    "aux.0.after": ("stem.0", "stages.0", lambda: Aux(after="stem.0")),
}


def holding(path, value):
    """Data of a network with ``value`` at ``path``; before it in a list stands something right."""
    first, _, rest = path.partition(".")
    if not path:
        return value
    if not first.isdigit():
        return {first: holding(rest, value)}
    filler = 8 if not rest else [ROW] if rest[0].isdigit() else ROW
    return [*[filler] * int(first), holding(rest, value)]


def path_of(function, *arguments):
    with pytest.raises(UserError) as caught:
        function(*arguments)
    return caught.value.path


@pytest.mark.parametrize("path", MISTAKES)
def test_a_mistake_in_a_file_has_the_path_at_which_it_stands(path):
    wrong, right, _ = MISTAKES[path]
    for value in (wrong, {"choice": [wrong]}, {"choice": [right, wrong]}):
        data = {"schema": 1, **holding(path, value)}
        assert [path_of(from_data, parse(text)) for text in (dump(data), json.dumps(data))] == [path, path]


@pytest.mark.parametrize("path", MISTAKES)
def test_in_python_the_path_begins_at_the_value_that_is_constructed(path):
    python = path_of(MISTAKES[path][2])
    assert python
    assert f".{path}".endswith(f".{python}")


@pytest.mark.parametrize("block", [MBConv(kernel=choice(3, 3)), choice(MBConv(kernel=choice(3, 3)), Conv())])
def test_options_that_coincide_are_refused_at_the_same_path_in_a_space(block):
    network = Architecture(stages=(Stage(block, out=8),))
    assert path_of(Space, "s", network) == "stages.0.block.mbconv.kernel"
