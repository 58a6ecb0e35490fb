"""GoogLeNet (Szegedy et al. 2014, table 1): as torchvision has it, and as the paper does."""

from __future__ import annotations

from search_spaces.network.architecture import Architecture
from search_spaces.network.blocks import Conv, Inception, Norm, Pool, Stage
from search_spaces.network.defaults import BatchNorm, Defaults, LocalResponseNorm, NoNorm
from search_spaces.network.heads import Aux, FlatHead, Head

# Columns of table 1: 1×1, 3×3 reduce, 3×3, 5×5 reduce, 5×5, pool projection; None is a max pool.
MODULES = (
    (64, 96, 128, 16, 32, 32),
    (128, 128, 192, 32, 96, 64),
    None,
    (192, 96, 208, 16, 48, 64),
    (160, 112, 224, 24, 64, 64),
    (128, 128, 256, 24, 64, 64),
    (112, 144, 288, 32, 64, 64),
    (256, 160, 320, 32, 128, 128),
    None,
    (256, 160, 320, 32, 128, 128),
    (384, 192, 384, 48, 128, 128),
)
POOLS = (3, 2)  # torchvision's kernels; the paper has 3 in both places
AUX_AFTER = ("stages.3", "stages.6")  # modules 4a and 4d
NORM = BatchNorm(eps=1e-3)


def googlenet() -> Architecture:
    """``googlenet``: batch norm, 3×3 in place of 5×5, a second pool of 2×2; 6,624,904 parameters without the
    auxiliary classifiers, which train it only."""
    return Architecture(
        stem=stem(),
        stages=_stages(POOLS, large=3),
        head=Head(dropout=0.2),
        aux=tuple(Aux(after=after) for after in AUX_AFTER),
        defaults=Defaults(act="relu", norm=NORM),
    )


def googlenet_2014() -> Architecture:
    """``googlenet-2014``: the winner of 2014: 5×5 convolutions, biases, local response normalisation in the
    stem. 6,998,552 parameters and 1.58 G multiply-adds; table 1 adds up to 6.8 M and 1.5 G."""
    return Architecture(
        stem=stem(Stage(Norm(norm=LocalResponseNorm()))),
        stages=_stages((3, 3), large=5),
        head=Head(dropout=0.4),
        aux=aux_2014(),
        defaults=Defaults(act="relu", norm=NoNorm()),
    )


def stem(*normalised: Stage) -> tuple[Stage, ...]:
    """Convolution, pool, two convolutions, pool; ``normalised`` are rows after the first and before the second
    pool."""
    return (
        Stage(Conv(kernel=7), out=64, stride=2),
        pool(3),
        *normalised,
        Stage(Conv(kernel=1), out=64),
        Stage(Conv(kernel=3), out=192),
        *normalised,
        pool(3),
    )


def aux_2014() -> tuple[Aux, ...]:
    """The paper's auxiliary classifiers (sec. 5): average pooling 5×5 with stride 3 before the convolution."""
    rows = (Stage(Pool(mode="avg", kernel=5, padding="valid"), stride=3), Stage(Conv(kernel=1), out=128))
    return tuple(Aux(after=after, rows=rows, head=FlatHead(hidden=(1024,), dropout=0.7)) for after in AUX_AFTER)


def _stages(pools: tuple[int, ...], large: int) -> tuple[Stage, ...]:
    kernels = iter(pools)
    return tuple(
        pool(next(kernels)) if widths is None else Stage(Inception(widths=widths, large=large)) for widths in MODULES
    )


def pool(kernel: int) -> Stage:
    """Max pooling with stride 2 that rounds up."""
    return Stage(Pool(kernel=kernel, padding="valid", ceil=True), stride=2)
