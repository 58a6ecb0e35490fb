"""What must hold for every block, by itself for a new one: the table of blocks is the list of cases."""

from __future__ import annotations

from dataclasses import dataclass, fields

import pytest
from contract import CHECKS, check_block, check_counts, examples_of, random_network
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from search_spaces import (
    BLOCKS,
    Architecture,
    Block,
    Conv,
    Defaults,
    FlatHead,
    Stage,
    UserError,
    an_integer,
    load,
    ruled,
)
from search_spaces.files.outside import outside_blocks
from search_spaces.network import activations, ops
from search_spaces.network.cost import forget_costs
from search_spaces.network.defaults import NORMS, SE
from search_spaces.network.heads import HEADS, Aux

few = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
many = settings(few, max_examples=10 * few.max_examples)


def pytest_generate_tests(metafunc):
    """Every block by every check; with `--blocks MODULE` those of its table, too."""
    if "check" in metafunc.fixturenames:
        blocks = {**BLOCKS, **(outside_blocks(metafunc.config.getoption("blocks")) or {})}
        cases = [
            pytest.param(block, check, id=f"{kind}-{check.__name__}")
            for kind, block in blocks.items()
            for check in CHECKS
        ]
        metafunc.parametrize(("block", "check"), cases)


def holds(block, check, rng):
    """The check on a random network; fields that do not fit together are drawn again."""
    try:
        network = random_network(block, rng)
    except UserError:
        assume(False)
    check(network)


@few
@given(rng=st.randoms(use_true_random=False))
def test_random_networks(block, check, rng):
    holds(block, check, rng)


@pytest.mark.long
@many
@given(rng=st.randoms(use_true_random=False))
def test_many_random_networks(block, check, rng):
    holds(block, check, rng)


PARTS = (
    *({"defaults": Defaults(act=act)} for act in (*activations.ACTS, activations.NO_ACT)),
    *({"defaults": Defaults(norm=norm())} for norm in NORMS.values()),
    *({"head": FlatHead(hidden=(6,), pool=3) if head is FlatHead else head()} for head in HEADS.values()),
)


@pytest.mark.parametrize("part", PARTS, ids=str)
def test_every_activation_norm_and_head_holds_to_the_contract(part):
    network = Architecture(image_size=12, classes=5, stages=(Stage(Conv(), out=8, repeats=2),), **part)
    for check in CHECKS:
        check(network)


@pytest.mark.parametrize("kind", [*BLOCKS.values(), *HEADS.values(), *NORMS.values(), Defaults, SE, Aux])
def test_a_field_takes_its_examples(kind):
    for field in fields(kind):
        examples = examples_of(field)
        assert examples, field.name
        assert [field.metadata["check"](example) for example in examples] == list(examples), field.name


def test_a_wrong_count_is_noticed(monkeypatch):
    """The comparison with fvcore can fail: a convolution that forgets its groups is caught."""

    def ungrouped(self, out, *inputs):
        return out[0] * out[1] * out[2] * inputs[0][0] * self.kernel[0] * self.kernel[1]

    network = load("efficientnet-b0").at(32, 10)
    check_counts(network)
    with monkeypatch.context() as patch:
        patch.setattr(ops.Conv, "macs", ungrouped)
        forget_costs()
        with pytest.raises(AssertionError, match=r"^multiply-adds: "):
            check_counts(network)
    forget_costs()


class Broken(Block):
    """Base of blocks that break one rule each."""

    def trace(self, g, x, out, stride, at):
        return g.conv(x, out, 3, stride=stride)


@dataclass(frozen=True)
class SizeDependent(Broken):
    kind = "size_dependent"

    def trace(self, g, x, out, stride, at):
        return g.act(super().trace(g, x, out, stride, at), "relu" if x.shape[1] > 20 else "silu")


@dataclass(frozen=True)
class Silent(Broken):
    kind = "silent"

    def trace(self, g, x, out, stride, at):
        h = super().trace(g, x, out, stride, at)
        return g.add(h, g.scale(g.conv(h, out, 1), 0.0))


@dataclass(frozen=True)
class Grouped(Broken):
    groups: int = ruled(an_integer(), 16, examples=(16,))

    kind = "grouped"

    def trace(self, g, x, out, stride, at):
        return g.conv(x, out, 1, stride=stride, groups=self.groups)


@dataclass(frozen=True)
class Exampleless(Broken):
    floors: int = ruled(int)

    kind = "exampleless"


@pytest.mark.parametrize(
    ("block", "error", "message"),
    [
        (Exampleless, LookupError, r"^exampleless\.floors has no examples to try it with"),
        (SizeDependent, AssertionError, r"^nodes at 24 px: "),
        (Silent, AssertionError, r"^parameters without a gradient: "),
        (Grouped, UserError, r"groups must divide the channels"),
    ],
)
def test_a_block_that_breaks_a_rule_is_caught(block, error, message):
    with pytest.raises(error, match=message):
        check_block(block)
