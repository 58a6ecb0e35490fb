"""AlexNet and ZFNet: the first two winners by convolution."""

from __future__ import annotations

from search_spaces.network.architecture import Architecture
from search_spaces.network.blocks import Conv, Norm, Pool, Stage
from search_spaces.network.defaults import Defaults, LocalResponseNorm, NoNorm
from search_spaces.network.heads import FlatHead

HIDDEN = (4096, 4096)


def alexnet() -> Architecture:
    """``alexnet``: one column without local response normalisation (Krizhevsky 2014, "One weird trick", as
    torchvision has it). 61,100,840 parameters."""
    return Architecture(
        stem=(Stage(Conv(kernel=11, padding=2), out=64, stride=4), _pool()),
        stages=(
            Stage(Conv(kernel=5), out=192),
            _pool(),
            Stage(Conv(), out=384),
            Stage(Conv(), out=256, repeats=2),
            _pool(),
        ),
        head=FlatHead(hidden=HIDDEN, pool=6, dropout=0.5, dropout_first=True),
        defaults=Defaults(act="relu", norm=NoNorm()),
    )


def alexnet_2012() -> Architecture:
    """``alexnet-2012``: the winner of 2012, its two columns as groups (Krizhevsky et al. 2012, fig. 2).

    The paper says 224 px; its arithmetic needs 227. The stride-2 pools overlap (sec. 3.4)."""
    return Architecture(
        image_size=227,
        stem=(Stage(Conv(kernel=11, padding=0, norm=LocalResponseNorm()), out=96, stride=4), _pool()),
        stages=(
            Stage(Conv(kernel=5, groups=2, norm=LocalResponseNorm()), out=256),
            _pool(),
            Stage(Conv(), out=384),
            Stage(Conv(groups=2), out=384),
            Stage(Conv(groups=2), out=256),
            _pool(),
        ),
        head=FlatHead(hidden=HIDDEN, dropout=0.5),
        defaults=Defaults(act="relu", norm=NoNorm()),
    )


def zfnet() -> Architecture:
    """``zfnet``: AlexNet with a smaller and slower first convolution (Zeiler & Fergus 2013, fig. 3); its maps
    are 110, 55, 26, 13, 13, 13, 6 pixels wide. The pools' responses are normalised."""
    return Architecture(
        stem=(Stage(Conv(kernel=7, padding=1), out=96, stride=2), _pool(ceil=True), _normalised()),
        stages=(
            Stage(Conv(kernel=5, padding=0), out=256, stride=2),
            _pool(ceil=True),
            _normalised(),
            Stage(Conv(), out=384, repeats=2),
            Stage(Conv(), out=256),
            _pool(),
        ),
        head=FlatHead(hidden=HIDDEN, dropout=0.5),
        defaults=Defaults(act="relu", norm=NoNorm()),
    )


def _pool(ceil: bool = False) -> Stage:
    return Stage(Pool(kernel=3, padding="valid", ceil=ceil), stride=2)


def _normalised() -> Stage:
    return Stage(Norm(norm=LocalResponseNorm()))
