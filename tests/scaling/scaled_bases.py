"""Bases to scale: networks of every ready space, of a few known families, and one whose widths are no multiples."""

from __future__ import annotations

from random import Random

from hypothesis import strategies as st

from search_spaces import Architecture, Conv, Head, MBConv, Stage, load
from search_spaces.known.spaces import SPACES

ODD = Architecture(
    image_size=31,
    classes=7,
    stem=(Stage(Conv(), out=13, stride=2),),
    stages=(Stage(MBConv(expand_ratio=3), out=19, repeats=2), Stage(MBConv(), out=27, stride=2)),
    head=Head(out=101, dropout=0.1234567),
)
KNOWN = ("efficientnet-b0", "resnet-50", "mobilenet-v2", "googlenet", "vgg-11", "nfnet-f0", "efficientnetv2-s")


def drawn(name: str, seed: int, image_size: int = 64) -> Architecture:
    """A network of a ready space, drawn at random."""
    return load(name).sample(Random(seed)).at(image_size)


bases = st.one_of(
    st.just(ODD),
    st.sampled_from(KNOWN).map(load),
    st.builds(drawn, st.sampled_from(tuple(SPACES)), st.integers(0, 1000)),
)
