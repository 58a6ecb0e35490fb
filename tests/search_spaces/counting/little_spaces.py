"""Spaces small enough to enumerate, one for each way in which choices may stand."""

from __future__ import annotations

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
    NFBlock,
    Parallel,
    Pool,
    Space,
    Stage,
    WeightStandardization,
    choice,
)

STEM = (Stage(Conv(kernel=3), out=8, stride=2),)


def _space(name, stages, head=None, stem=STEM, **fields) -> Space:
    return Space(name, Architecture(image_size=16, classes=4, stem=stem, stages=stages, head=head or Head(), **fields))


def nested() -> Space:
    block = choice(MBConv(kernel=choice(3, 5), expand_ratio=choice(2, 3)), Conv(kernel=choice(1, 3)), Bottleneck())
    return _space(
        "nested",
        (
            Stage(block, out=choice(8, 16), repeats=choice(1, 2), stride=2),
            Stage(choice(Inception(), Conv(kernel=choice(1, 3))), out=choice(40, 48)),
        ),
        head=choice(Head(out=choice(16, 32)), Head(hidden=(8,))),
    )


def shared() -> Space:
    kernel, act = choice(1, 3, name="k"), choice("relu", "silu", name="a")
    row = Stage(Conv(kernel=kernel, act=act), out=choice(8, 16), repeats=choice(1, 2))
    return _space("shared", (row, Stage(MBConv(expand_ratio=choice(1, 2), act=act), out=8), row))


def each() -> Space:
    layer = choice(Identity(), Conv(kernel=choice(1, 3)), MBConv(expand_ratio=2))
    return _space(
        "each",
        (
            Stage(each=layer, out=choice(8, 16), repeats=choice(1, 2, 3), stride=choice(1, 2)),
            Stage(each=choice(Conv(kernel=1), Conv(kernel=3)), out=16, repeats=2),
        ),
    )


def positional() -> Space:
    nf = NFBlock(group_size=8, ratio=choice(0.5, 1))
    return _space(
        "positional",
        (
            Stage(choice(nf, Conv(kernel=3)), out=choice(16, 32), repeats=choice(1, 2, 3), stride=2),
            Stage(each=choice(NFBlock(group_size=8), NFBlock(group_size=16)), out=32, repeats=choice(1, 2)),
        ),
        defaults=Defaults(act="silu"),
    )


def branches() -> Space:
    nf = Stage(NFBlock(group_size=choice(8, 16)), out=32, repeats=choice(1, 2))
    inner = Parallel(branches=((Stage(Conv(kernel=choice(1, 3)), out=choice(4, 8)),), (Stage(Pool()), nf)))
    return _space(
        "branches",
        (
            Stage(inner, repeats=choice(1, 2), stride=choice(1, 2)),
            choice(Stage(Parallel(branches=((Stage(Identity()),), (Stage(Conv(), out=4),)))), Stage(Conv(), out=36)),
            Stage(NFBlock(group_size=8), out=32, repeats=choice(1, 2)),
        ),
        defaults=Defaults(act="silu", norm=WeightStandardization(gain_in=choice("act", "weight"))),
    )


def named_rows() -> Space:
    short, long = (Stage(Conv(), out=8),), (Stage(Conv(), out=8, repeats=2), Stage(Conv(), out=16))
    return _space("named", choice(short, long, name="depth"), head=Head(out=choice(None, 16)), stem=())


def open_frames() -> Space:
    rows = (Stage(Conv(), out=choice(8, 16)),), (Stage(Conv(), out=16), Stage(choice(Conv(), MBConv()), out=16))
    return _space(
        "frames",
        choice(*rows),
        stem=choice((Stage(Conv(), out=8),), (Stage(Conv(kernel=5), out=8), Stage(Conv(), out=8, stride=2))),
        head=Head(out=choice(None, 16)),
        aux=choice((), (Aux(after="stages.0", rows=(Stage(Conv(), out=choice(8, 16)),)),)),
        defaults=Defaults(bias=choice(None, True)),
    )


LITTLE = {make.__name__: make for make in (nested, shared, each, positional, branches, named_rows, open_frames)}
