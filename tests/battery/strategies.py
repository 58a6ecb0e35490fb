"""Random blocks and networks: values for each field by name, so that a new block is picked up by itself."""

from __future__ import annotations

from dataclasses import fields

from hypothesis import strategies as st

from search_spaces import BLOCKS, Architecture, BatchNorm, Block, Defaults, Head, NoNorm, Stage

# Values by field name. A new block with a field of another name needs its line here.
VALUES = {
    "kernel": (1, 2, 3, 5),
    "groups": (1, 2, 4),
    "dilation": (1, 2),
    "padding": (None, "half", "same"),
    "bias": (None, True, False),
    "act": (None, "relu", "silu", "gelu"),
    "mode": ("max", "avg"),
    "ceil": (False, True),
    "se_ratio": (0, 0.25, 0.5),
    "ratio": (0.25, 0.5),
    "stride_in": ("1x1", "3x3"),
    "expand_ratio": (1, 2, 4.5),
    "widths": (None, (8, 4, 8, 4, 8, 8)),
    "proportions": ((0.15, 0.2, 0.4, 0.05, 0.15),),
    "large": (3, 5),
    "inner": (4, 8),
    "group_size": (2, 4),
    "alpha": (0.2, 1),
    "skip_init": (True, False),
}
ODD = {"mbconv": {"kernel": (1, 3, 5)}, "conv": {"kernel": (1, 3, 5, (1, 3), (5, 1))}}
OUTS = {"inception": 40}


def blocks(kind: str) -> st.SearchStrategy[Block]:
    """Random blocks of one kind over all their fields."""
    own = {each.name: ODD.get(kind, {}).get(each.name, VALUES[each.name]) for each in fields(BLOCKS[kind])}
    return st.builds(BLOCKS[kind], **{name: st.sampled_from(values) for name, values in own.items()})


defaults = st.builds(
    Defaults,
    act=st.sampled_from(("relu", "silu")),
    norm=st.sampled_from((BatchNorm(), NoNorm())),
    padding=st.sampled_from(("half", "same")),
)


def networks(kind: str) -> st.SearchStrategy[Architecture]:
    """Small networks of a strided stage of one kind of block and a second, unstrided one."""

    def network(block: Block, after: Block, stride: int, repeats: int, size: int, own: Defaults) -> Architecture:
        out = None if getattr(block, "widths", None) or kind == "pool" else OUTS.get(kind, 16)
        again = None if getattr(after, "widths", None) or kind == "pool" else OUTS.get(kind, 16)
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
