"""Random blocks and networks: values for each field by name, so that a new block is picked up by itself."""

from __future__ import annotations

from dataclasses import fields

from hypothesis import strategies as st

from search_spaces import (
    BLOCKS,
    SE,
    Architecture,
    BatchNorm,
    Block,
    Conv,
    Defaults,
    Head,
    LocalResponseNorm,
    NoNorm,
    Pool,
    Stage,
    WeightStandardization,
)

BRANCHES = (
    ((Stage(Conv(kernel=1), out=4),), (Stage(Conv(kernel=1), out=4), Stage(Conv(kernel=3), out=8, repeats=2))),
    ((Stage(Pool(kernel=3)),), (Stage(blocks=(Conv(kernel=3), Conv(kernel=(1, 3))), out=8),)),
)
# Values by field name. A new block with a field of another name needs its line here.
VALUES = {
    "kernel": (1, 2, 3, 5),
    "groups": (1, 2, 4),
    "dilation": (1, 2),
    "padding": (None, "half", "same"),
    "bias": (None, True, False),
    "act": (None, "relu", "silu", "gelu", "none"),
    "norm": (None, BatchNorm(eps=1e-3), LocalResponseNorm(), NoNorm()),
    "count_include_pad": (False, True),
    "to": (1, 3),
    "reduce_ratio": (None, 0.5),
    "shortcut_kernel": (1, 3),
    "branches": BRANCHES,
    "scale": (1, 0.17),
    "mode": ("max", "avg"),
    "ceil": (False, True),
    "se_ratio": (0, 0.25, 0.5),
    "ratio": (0.25, 0.5),
    "stride_in": ("1x1", "3x3"),
    "expand_ratio": (1, 2, 4.5),
    "widths": (None, (8, 4, 8, 4, 8, 8)),
    "proportions": ((0.15, 0.2, 0.4, 0.05, 0.15),),
    "large": (3, 5),
    "inner": (None, 4, 8, 16),
    "group_size": (2, 4),
    "alpha": (0.2, 1),
    "skip_init": (True, False),
}
ODD = {
    "mbconv": {"kernel": (1, 3, 5)},
    "fused_mbconv": {"kernel": (1, 3, 5)},
    "separable": {"kernel": (1, 3, 5)},
    "conv": {"kernel": (1, 3, 5, (1, 3), (5, 1))},
    "inception_c": {"inner": (4, 8)},
    "norm": {"act": ("none", "relu")},
}
# Widths of the stage where 16 is too narrow, or where the block keeps or sums its own.
OUTS = {"inception": 40, "pool": None, "adaptive_pool": None, "norm": None, "parallel": None, "inception_resnet": None}


def blocks(kind: str) -> st.SearchStrategy[Block]:
    """Random blocks of one kind over all their fields."""
    own = {each.name: ODD.get(kind, {}).get(each.name, VALUES[each.name]) for each in fields(BLOCKS[kind])}
    return st.builds(BLOCKS[kind], **{name: st.sampled_from(values) for name, values in own.items()})


defaults = st.builds(
    Defaults,
    act=st.sampled_from(("relu", "silu")),
    norm=st.sampled_from((BatchNorm(), NoNorm(), LocalResponseNorm(), WeightStandardization(gain_in="act"))),
    padding=st.sampled_from(("half", "same")),
    se=st.builds(SE, place=st.sampled_from(("branch", "inner", "pre", "post", "identity"))),
)


def networks(kind: str) -> st.SearchStrategy[Architecture]:
    """Small networks of a strided stage of one kind of block and a second, unstrided one."""

    def network(block: Block, after: Block, stride: int, repeats: int, size: int, own: Defaults) -> Architecture:
        out, again = (None if getattr(each, "widths", None) else OUTS.get(kind, 16) for each in (block, after))
        return Architecture(
            image_size=size,
            classes=5,
            stem=(Stage(BLOCKS["conv"](), out=16),),
            stages=(Stage(block, out=out, stride=stride, repeats=repeats), Stage(after, out=again)),
            head=Head(out=8),
            defaults=own,
        )

    sizes, numbers = st.integers(11, 16), st.integers(1, 2)
    return st.builds(network, blocks(kind), blocks(kind), numbers, numbers, sizes, defaults)
