from __future__ import annotations

import pickle

import numpy as np
import pytest

from search_spaces import (
    Architecture,
    Conv,
    FlatHead,
    Head,
    Inception,
    MBConv,
    NoNorm,
    Pool,
    Stage,
    UserError,
    a_flag,
    a_number,
    a_padding,
    a_pair,
    a_value,
    an_integer,
    choice,
    cost,
    one_of,
    some,
)
from search_spaces.network.rounding import round_filters, round_repeats


def test_equal_numbers_have_one_form():
    block = MBConv(expand_ratio=6.0, kernel=np.int64(3))
    assert block == MBConv(expand_ratio=6, kernel=3)
    assert type(block.expand_ratio) is int
    assert type(block.kernel) is int


RULES = (
    *(an_integer(), an_integer(least=0), an_integer(least=4, odd=True), an_integer(least=7, most=7)),
    *(a_number(), a_number(above=0), a_number(least=0, most=0.1), a_number(above=-3, most=-2), a_number(most=-5)),
    *(
        one_of("a", "b"),
        a_flag,
        a_pair(an_integer()),
        a_padding,
        some(an_integer()),
        some(a_number(), 6),
        a_value(NoNorm),
    ),
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.words)
def test_a_rule_takes_its_examples_and_refuses_nonsense_in_its_words(rule):
    assert [rule(example) for example in rule.examples] == list(rule.examples)
    assert rule.examples
    for nonsense in (object(), None, float("nan"), {"choice": [1]}, np.arange(3)):
        with pytest.raises(UserError, match=r"^must be "):
            rule(nonsense)


def test_true_is_not_a_number():
    with pytest.raises(UserError, match=r"mbconv\.expand_ratio: must be a number at least 1, got True"):
        MBConv(expand_ratio=True)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MBConv(expand_ratio=-1), r"^mbconv\.expand_ratio: must be a number at least 1, got -1$"),
        (lambda: Stage(Conv(), out=10**400), r"^out: must be an integer of at least 1 below 2\^63, got 1000"),
        (lambda: MBConv(se_ratio=10**400), r"^mbconv\.se_ratio: must be a number at least 0 and at most 1"),
        (lambda: MBConv(kernel=4), r"^mbconv\.kernel: must be an odd integer of at least 1, got 4$"),
        (lambda: MBConv(kernel=choice(3, 4)), r"^mbconv\.kernel: must be an odd integer of at least 1, got 4$"),
        (lambda: MBConv(act="swish"), r"^mbconv\.act: must be one of relu, .*got 'swish'$"),
        (lambda: MBConv(se_ratio=float("nan")), r"^mbconv\.se_ratio: must be a number .*got nan$"),
        (lambda: choice(), r"^a choice needs at least one option, got none$"),
        (lambda: Stage(), r"^needs one of block, each, blocks; got none$"),
        (lambda: Stage(Conv(), repeats=0), r"^repeats: must be an integer of at least 1 and at most 1000, got 0$"),
        (lambda: Stage(Conv(), repeats=10**9), r"^repeats: must be an integer of .* at most 1000, got 1000000000$"),
        (
            lambda: Stage(each=choice(Conv(), Pool()), repeats=10**9),
            r"^repeats: must be .* at most 1000, got 1000000000$",
        ),
        (lambda: Stage(blocks=choice((Conv(),), (Pool(),))), r"^blocks: must be a list; its items may be choices$"),
        (lambda: Stage(blocks=(Conv(), Pool()), repeats=3), r"^repeats: must be the number of blocks, 2, or left out"),
        (
            lambda: Architecture(image_size=10**9),
            r"^image_size: must be an integer of .* at most 65536, got 1000000000$",
        ),
        (
            lambda: Architecture(stages=(Stage(Conv()),) * 20_000),
            r"^stages: must have at most 1,000 entries, got 20,000$",
        ),
        (lambda: Inception(widths=(1, 2)), r"^inception\.widths: must have 6 entries, got 2$"),
    ],
)
def test_wrong_fields_fail_where_they_are_written(make, message):
    with pytest.raises(UserError, match=message):
        make()


@pytest.mark.parametrize(
    ("stages", "size", "message"),
    [
        ((Stage(Conv(groups=3), out=16),), 32, r"^stages\.0\.0\.conv: groups must divide the channels 3 -> 16, got 3$"),
        ((Stage(Conv(kernel=5, padding="valid"), out=8),), 4, r"^stages\.0\.0\.conv: a kernel of 5 with padding 0 "),
        ((Stage(Conv()),), 32, r"^stages\.0\.0: a stage of conv must say its width: out is missing$"),
        (
            (Stage(Inception(), out=16),),
            32,
            r"^stages\.0\.0: inception .*: out must be 33 or more, got out 16$",
        ),
    ],
)
def test_what_does_not_fit_names_its_row(stages, size, message):
    with pytest.raises(UserError, match=message):
        cost(Architecture(image_size=size, stages=stages))


def test_a_head_that_flattens_binds_the_image_size():
    network = Architecture(image_size=32, classes=10, stages=(Stage(Conv(), out=8),), head=FlatHead(hidden=(16,)))
    assert cost(network).params == 3 * 8 * 9 + 2 * 8 + 8 * 32 * 32 * 16 + 16 + 16 * 10 + 10
    with pytest.raises(UserError, match=r"^image_size: a flat head without pool binds the image size 32 .*, got 64$"):
        network.at(image_size=64)
    assert network.at(classes=5).classes == 5


def test_values_survive_pickling_between_hash_seeds():
    stage = Stage(MBConv(), out=16)
    hash(stage)
    assert "_hash" not in pickle.loads(pickle.dumps(stage)).__dict__
    assert pickle.loads(pickle.dumps(stage)) == stage


@pytest.mark.parametrize(
    ("width", "rounded"), [(32 * 1.1, 32), (16 * 1.2, 24), (10, 16), (8.8, 8), (1, 8), (40 * 1.4, 56)]
)
def test_round_filters(width, rounded):
    assert round_filters(width) == rounded
    assert rounded >= 0.9 * width


def test_round_repeats_rounds_up():
    assert [round_repeats(n, 1.1) for n in (1, 2, 2, 3, 3, 4, 1)] == [2, 3, 3, 4, 4, 5, 2]
    assert round_repeats(10, 1.1) == 11  # 11.000000000000002 in floating point


def test_heads_with_hidden_layers():
    network = Architecture(image_size=8, classes=3, stages=(Stage(Conv(), out=8),), head=Head(hidden=(5,)))
    assert cost(network).params == 3 * 8 * 9 + 16 + (8 * 5 + 5) + (5 * 3 + 3)
