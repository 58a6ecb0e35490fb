from __future__ import annotations

import random
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search_spaces import (
    Architecture,
    Aux,
    Bottleneck,
    Conv,
    Defaults,
    Head,
    Identity,
    Inception,
    MBConv,
    Space,
    Stage,
    UserError,
    choice,
    cost,
    digest,
    greatest,
    least,
    load,
)
from search_spaces.files.codec import from_data, to_data
from search_spaces.files.strict_yaml import dump, parse
from search_spaces.known.spaces import names, space

GOLDEN_SIZES = {
    "vgg": 15_925_248,
    "inception": 1_358_954_496,
    "resnet": 11_337_408,
    "se": 327_680,
    "mbconv": 11_284_439_629_824,
    "mobile-small": 3 * (2**4 * 3 * 2) * (2 * 4 * 2 * 3 * 3) * (2 * 4 * 2 * 4 * 4) ** 2 * 4,
    "nf": 5_308_416,
    "mixed": 9_447_840_000_000,
    "nas-bench-macro": 6_561,
}


def small_space() -> Space:
    """Nested, shared and per-repeat choices, small enough to enumerate."""
    act = choice("relu", "silu", name="act")
    return Space(
        "small",
        Architecture(
            image_size=16,
            classes=4,
            stem=(Stage(Conv(act=act), out=8),),
            stages=(
                Stage(choice(MBConv(kernel=choice(3, 5), expand_ratio=2, act=act), Conv(kernel=3)), out=choice(8, 16)),
                Stage(each=choice(Identity(), Conv(kernel=choice(1, 3))), out=16, repeats=choice(1, 2), stride=2),
            ),
            head=Head(dropout=0.1),
        ),
    )


def sketch_space() -> Space:
    return Space(
        "sketch",
        Architecture(
            stem=(Stage(Conv(kernel=3), out=32, stride=2),),
            stages=(
                Stage(MBConv(kernel=choice(3, 5), expand_ratio=1, se_ratio=choice(0, 0.25)), out=16),
                Stage(
                    choice(MBConv(expand_ratio=6), Bottleneck(), Inception()), out=choice(40, 48), repeats=2, stride=2
                ),
                Stage(each=choice(MBConv(kernel=3), MBConv(kernel=5), Identity()), out=80, repeats=4, stride=2),
            ),
            head=Head(out=1280),
            defaults=Defaults(act="silu"),
        ),
    )


SPACES = {"small": small_space, "sketch": sketch_space, **{name: lambda name=name: space(name) for name in names()}}


@pytest.mark.parametrize("name", names())
def test_sizes_of_the_ready_spaces(name):
    assert space(name).size == GOLDEN_SIZES[name]


def test_size_counts_active_decisions():
    # shared act 2; stage 0: (2 kernels + 1) x 2 widths; stage 1: 3 layers once or twice.
    assert small_space().size == 2 * (2 + 1) * 2 * (3 + 3**2)
    assert sketch_space().size == (2 * 2) * (3 * 2) * 3**4


@pytest.mark.parametrize("make", [small_space, sketch_space], ids=["small", "sketch"])
def test_enumeration_has_the_size_and_every_vector_once(make):
    open_space = make()
    vectors = [tuple(sorted(open_space.vector(number).items())) for number in range(open_space.size)]
    assert len(set(vectors)) == open_space.size
    assert len(set(open_space)) == open_space.size


def test_a_brute_force_walk_over_all_labels_finds_the_same_set():
    from itertools import product

    open_space = small_space()
    every = product(*([(decision.name, label) for label in decision.labels] for decision in open_space.decisions))
    assert {open_space.decide(dict(labels)) for labels in every} == set(open_space)


def test_names_of_decisions():
    assert [decision.name for decision in small_space().decisions] == [
        "act",
        "stages.0.block",
        "stages.0.block.mbconv.kernel",
        "stages.0.out",
        "stages.1.repeats",
        "stages.1.blocks.0",
        "stages.1.blocks.0.conv.kernel",
        "stages.1.blocks.1",
        "stages.1.blocks.1.conv.kernel",
    ]


@pytest.mark.parametrize("name", SPACES)
@settings(max_examples=25)
@given(seed=st.integers(0, 10**6))
def test_samples_neighbours_and_children_stay_inside(name, seed):
    open_space, rng = SPACES[name](), random.Random(seed)
    one, other = open_space.sample(rng), open_space.sample(rng, uniform="branches")
    assert one in open_space
    assert other in open_space
    assert open_space.decide(open_space.decisions_of(one)) == one
    assert open_space.decide(open_space.labels_of(one)) == one
    assert repr(from_data(to_data(one))) == repr(one)  # every value is in its normal form
    assert open_space.cross(one, other, rng) in open_space
    for near in islice(open_space.neighbours(one), 8):
        assert near in open_space
        assert near != one
    for labels in islice(open_space.neighbour_labels(open_space.decisions_of(one)), 8):
        assert list(labels) == [decision.name for decision in open_space.decisions if decision.active(labels)]


def test_a_neighbour_keeps_equally_named_values_of_the_old_branch():
    open_space = Space(
        "branches",
        Architecture(
            image_size=8,
            stages=(Stage(choice(Conv(kernel=choice(1, 3, 5)), MBConv(kernel=choice(3, 5, 7))), out=8),),
        ),
    )
    five = open_space.decide({"stages.0.block": "conv", "stages.0.block.conv.kernel": "5"})
    one = open_space.decide({"stages.0.block": "conv", "stages.0.block.conv.kernel": "1"})
    assert [a.stages[0].block for a in open_space.neighbours(five) if isinstance(a.stages[0].block, MBConv)] == [
        MBConv(kernel=5)
    ]
    assert [a.stages[0].block for a in open_space.neighbours(one) if isinstance(a.stages[0].block, MBConv)] == [
        MBConv(kernel=3)
    ]


def test_decisions_of_is_the_first_vector_that_gives_the_architecture():
    open_space = Space(
        "twice",
        Architecture(
            image_size=8,
            stages=(Stage(choice(MBConv(kernel=3, se_ratio=0), MBConv(kernel=choice(3, 5), se_ratio=0)), out=8),),
        ),
    )
    assert open_space.size == 3
    assert open_space.decisions_of(open_space.decide(open_space.vector(1))) == open_space.vector(0)


def test_efficientnet_b0_is_in_mbconv_and_resnet_is_not():
    assert load("efficientnet-b0") in space("mbconv")
    with pytest.raises(UserError, match=r"^not in the space mbconv: differs at stem"):
        space("mbconv").decisions_of(load("resnet-50"))


def test_a_default_and_its_value_are_the_same_architecture():
    filled = Space("filled", Architecture(image_size=8, stages=(Stage(Conv(act=choice("relu", "silu")), out=8),)))
    assert Architecture(image_size=8, stages=(Stage(Conv(), out=8),)) in filled


@pytest.mark.parametrize("metric", ["macs", "params", "activations", "peak_bytes"])
def test_least_and_greatest_equal_enumeration(metric):
    open_space = small_space()
    costs = [getattr(cost(a), metric) for a in open_space]
    assert getattr(cost(least(open_space, metric)), metric) == min(costs)
    assert getattr(cost(greatest(open_space, metric)), metric) == max(costs)
    assert least(open_space, metric) in open_space


def test_identities_of_nas_bench_macro_commute():
    open_space = space("nas-bench-macro")
    one, other = (open_space.decide(open_space.vector(int(code, 3))) for code in ("00101000", "00110000"))
    assert one != other
    assert digest(one) == digest(other)


def test_nas_bench_macro_counts_equal_its_table(macro_rows):
    open_space = space("nas-bench-macro")
    for code, (params, macs) in macro_rows.items():
        counted = cost(open_space.decide(open_space.vector(int(code, 3))))
        assert (counted.params, counted.macs) == (params, macs), code


def test_nas_bench_macro_has_3969_networks():
    assert len({digest(architecture) for architecture in space("nas-bench-macro")}) == 3_969


@pytest.mark.parametrize("name", SPACES)
def test_spaces_survive_their_files(name):
    open_space = SPACES[name]()
    assert from_data(parse(dump(to_data(open_space)))) == open_space


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Space("closed", load("resnet-18")), r"leaves nothing open"),
        (
            lambda: _one(Conv(kernel=choice(3, 3.0))),
            r"^stages\.0\.block\.conv\.kernel: options must differ, got 3 twice$",
        ),
        (
            lambda: _one(Conv(act=choice("relu", None))),
            r"^stages\.0\.block\.conv\.act: options must differ, got None twice$",
        ),
        (
            lambda: _one(choice(Conv(), Conv(act="relu"))),
            r"^stages\.0\.block: options must differ",
        ),
        (
            lambda: _one(choice(Conv(kernel=choice(1, 3, name="k")), MBConv())),
            r"^the shared choice 'k' must stand at least once outside every branch$",
        ),
        (
            lambda: _one(choice(Conv(kernel=choice(1, 3)), MBConv(), name="b")),
            r"the shared choice 'b' cannot have choices inside its options$",
        ),
        (lambda: _one(Conv(kernel=choice(1, choice(3, 5)))), r"an option of a choice cannot be a choice itself"),
    ],
)
def test_wrong_spaces_are_refused(make, message):
    with pytest.raises(UserError, match=message):
        make()


def _one(block) -> Space:
    return Space("one", Architecture(image_size=8, stages=(Stage(block, out=8),)))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ({"stages.9.block": "conv"}, r"^small has no decision 'stages\.9\.block'$"),
        ({"act": "relu"}, r": this decision is missing$"),
        ({"act": "tanh"}, r"^act: must be one of relu, silu, got 'tanh'$"),
    ],
)
def test_wrong_labels_are_refused(labels, message):
    with pytest.raises(UserError, match=message):
        small_space().decide(labels)


def test_sampling_is_uniform_over_vectors():
    open_space, rng = small_space(), random.Random(1)
    draws = 7_200
    counts: dict[Architecture, int] = {}
    for _ in range(draws):
        one = open_space.sample(rng)
        counts[one] = counts.get(one, 0) + 1
    expected = draws / open_space.size
    chi2 = sum((counts.get(one, 0) - expected) ** 2 / expected for one in open_space)
    assert chi2 < 234  # 143 degrees of freedom: a false alarm in 10 million (seeded, so it never comes by chance)


def test_uniform_over_branches_draws_branches_evenly():
    open_space, rng = small_space(), random.Random(2)
    conv = sum(isinstance(open_space.sample(rng, uniform="branches").stages[0].block, Conv) for _ in range(2_000))
    assert 900 < conv < 1_100
    conv = sum(isinstance(open_space.sample(rng).stages[0].block, Conv) for _ in range(2_000))
    assert 560 < conv < 780


def test_whole_lists_of_rows_and_auxiliary_heads_may_be_open():
    rows = (Stage(Conv(), out=8),), (Stage(Conv(), out=16), Stage(choice(Conv(), MBConv()), out=16))
    open_space = Space(
        "rows", Architecture(image_size=8, classes=2, stages=choice(*rows), aux=choice((), (Aux(after="stages.0"),)))
    )
    assert open_space.size == (1 + 2) * 2
    assert len(set(open_space)) == open_space.size
    assert all(open_space.decide(open_space.decisions_of(a)) == a for a in open_space)
    costs = [cost(a).macs for a in open_space]
    assert (cost(least(open_space)).macs, cost(greatest(open_space)).macs) == (min(costs), max(costs))


def test_an_open_default_may_be_none():
    open_space = Space(
        "bias",
        Architecture(image_size=8, stages=(Stage(Conv(), out=8),), defaults=Defaults(bias=choice(None, True, False))),
    )
    assert all(open_space.decide(open_space.decisions_of(a)) == a for a in open_space)
    assert len(list(open_space.neighbours(open_space.decide(open_space.vector(0))))) == 2


def test_a_shared_choice_may_have_none_among_its_options():
    act = choice(None, "silu", name="act")
    open_space = Space(
        "none", Architecture(image_size=8, stages=(Stage(Conv(act=act), out=8), Stage(MBConv(act=act), out=8)))
    )
    assert open_space.size == 2
    assert all(open_space.decide(open_space.decisions_of(a)) == a for a in open_space)


def test_choices_inside_lists_survive_their_files():
    open_space = Space(
        "hidden", Architecture(image_size=8, stages=(Stage(Conv(), out=8),), head=Head(hidden=(choice(8, 16), 4)))
    )
    assert from_data(parse(dump(to_data(open_space)))) == open_space
    assert open_space.size == 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: choice(*range(1001)), r"^a choice may have 1000 options at most, got 1001$"),
        (lambda: _one(Conv(kernel=choice(1, 3, name="head"))), r"^a shared choice cannot be named 'head'"),
    ],
)
def test_worst_cases_end_with_an_error(make, message):
    with pytest.raises(UserError, match=message):
        make()


def test_a_long_wide_space_has_a_least_cost():
    """288 options in each of 20 rows, at 12 shapes: the ways through equal rows are laid out once."""
    open_space = _many_rows()
    smallest = cost(least(open_space))
    assert all(smallest.macs <= cost(open_space.sample(random.Random(seed))).macs for seed in range(20))


def test_a_row_with_too_many_options_is_refused():
    block = Conv(kernel=choice(*range(1, 60, 2)), dilation=choice(*range(1, 30)))
    with pytest.raises(UserError, match=r"^stages\.0: one row may have 20000 options at most, got 26100$"):
        least(Space("wide", Architecture(stages=(Stage(block, out=choice(*range(8, 248, 8))),))))


def _many_rows() -> Space:
    widths = tuple(range(8, 200, 16))
    row = Stage(Conv(kernel=choice(1, 3, 5, 7), dilation=choice(1, 2)), out=choice(*widths), repeats=choice(1, 2, 3))
    return Space("many", Architecture(image_size=64, stages=(row,) * 20))
