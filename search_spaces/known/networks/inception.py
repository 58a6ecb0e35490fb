"""Inception-v3, Inception-v4 and Inception-ResNet-v2: modules as branches of rows."""

from __future__ import annotations

from search_spaces.network.architecture import Architecture
from search_spaces.network.blocks import Conv, InceptionResNet, Parallel, Pool, Stage
from search_spaces.network.defaults import BatchNorm, Defaults
from search_spaces.network.heads import Aux, Head

IMAGE_SIZE = 299
DEFAULTS = Defaults(act="relu", norm=BatchNorm(eps=1e-3))
ROW, COLUMN = (1, 7), (7, 1)
ROW_3, COLUMN_3 = (1, 3), (3, 1)
MAX = Stage(Pool(kernel=3, padding="valid"))

Step = tuple[int | tuple[int, int], int]
"""Kernel and width of one convolution of a branch."""


def inception_v3() -> Architecture:
    """``inception-v3`` (Szegedy et al. 2015, table 1), as torchvision has it."""
    return Architecture(
        image_size=IMAGE_SIZE,
        stem=_stem_v3(),
        stages=(
            *(Stage(_module_a(64, (48, 64, 5), (64, 96), project, pad=True)) for project in (32, 64, 64)),
            _reduction_a(384, 64, 96, 96),
            *(Stage(_module_b(192, (n, n, 192), (n, n, n, n, 192), 192, pad=True)) for n in (128, 160, 160, 192)),
            _reduction_b((192, 320), (192, 192, 192, 192)),
            Stage(_module_c(320, 384, ((1, 448), (3, 384)), 384, 192, pad=True), repeats=2),
        ),
        head=Head(dropout=0.5),
        aux=(
            Aux(
                after="stages.7",
                rows=(
                    Stage(Pool(mode="avg", kernel=5, padding="valid"), stride=3),
                    Stage(Conv(kernel=1), out=128),
                    Stage(Conv(kernel=5, padding="valid"), out=768),
                ),
                head=Head(),
            ),
        ),
        defaults=DEFAULTS,
    )


def inception_v4() -> Architecture:
    """``inception-v4`` (Szegedy et al. 2016, fig. 3 to 9), as timm has it."""
    return Architecture(
        image_size=IMAGE_SIZE,
        stem=_stem_v4(),
        stages=(
            Stage(_module_a(96, (64, 96, 3), (64, 96), 96), repeats=4),
            _reduction_a(384, 192, 224, 256),
            Stage(_module_b(384, (192, 224, 256), (192, 192, 224, 224, 256), 128), repeats=7),
            _reduction_b((192, 192), (256, 256, 320, 320)),
            Stage(_module_c(256, 384, ((1, 384), (COLUMN_3, 448), (ROW_3, 512)), 256, 256), repeats=3),
        ),
        head=Head(dropout=0.2),
        defaults=DEFAULTS,
    )


def inception_resnet_v2() -> Architecture:
    """``inception-resnet-v2`` (Szegedy et al. 2016): the authors' released network, as timm has it. The paper's
    figures differ in the stem, in widths and in the number of modules (5, 10, 5)."""
    return Architecture(
        image_size=IMAGE_SIZE,
        stem=_stem_v3(),
        stages=(
            Stage(_module_a(96, (48, 64, 5), (64, 96), 64)),
            Stage(_residual(0.17, ((1, 32),), ((1, 32), (3, 32)), ((1, 32), (3, 48), (3, 64))), repeats=10),
            _reduction_a(384, 256, 256, 384),
            Stage(_residual(0.1, ((1, 192),), ((1, 128), (ROW, 160), (COLUMN, 192))), repeats=20),
            _reduction(_chain((1, 256), (3, 384)), _chain((1, 256), (3, 288)), _chain((1, 256), (3, 288), (3, 320))),
            Stage(_residual(0.2, *BLOCK_8), repeats=9),
            Stage(_residual(1, *BLOCK_8, act="none")),
            Stage(Conv(kernel=1), out=1536),
        ),
        head=Head(dropout=0.2),
        defaults=DEFAULTS,
    )


BLOCK_8: tuple[tuple[Step, ...], ...] = (((1, 192),), ((1, 192), (ROW_3, 224), (COLUMN_3, 256)))


def _stem_v3() -> tuple[Stage, ...]:
    return (
        Stage(Conv(kernel=3, padding="valid"), out=32, stride=2),
        Stage(Conv(kernel=3, padding="valid"), out=32),
        Stage(Conv(kernel=3), out=64),
        Stage(Pool(kernel=3, padding="valid"), stride=2),
        Stage(Conv(kernel=1), out=80),
        Stage(Conv(kernel=3, padding="valid"), out=192),
        Stage(Pool(kernel=3, padding="valid"), stride=2),
    )


def _stem_v4() -> tuple[Stage, ...]:
    """Fig. 3: three convolutions, then three pairs of branches."""
    thin = Stage(Conv(kernel=3, padding="valid"), out=96)
    return (
        *_stem_v3()[:3],
        _reduced((MAX,), (thin,)),
        Stage(_branches((*_chain((1, 64)), thin), (*_chain((1, 64), (ROW, 64), (COLUMN, 64)), thin))),
        _reduced((Stage(Conv(kernel=3, padding="valid"), out=192),), (MAX,)),
    )


def _module_a(
    one: int, large: tuple[int, int, int], double: tuple[int, int], project: int, pad: bool = False
) -> Parallel:
    """35×35: 1×1 | 1×1, 5×5 (or 3×3) | 1×1, 3×3, 3×3 | pool, 1×1."""
    reduce, wide, kernel = large
    inner, end = double
    return _branches(
        _chain((1, one)),
        _chain((1, reduce), (kernel, wide)),
        _chain((1, inner), (3, end), (3, end)),
        _pooled(project, pad),
    )


def _module_b(
    one: int, seven: tuple[int, int, int], double: tuple[int, int, int, int, int], project: int, pad: bool = False
) -> Parallel:
    """17×17: 1×1 | 1×1, 1×7, 7×1 | 1×1, 7×1, 1×7, 7×1, 1×7 | pool, 1×1."""
    a, b, c = seven
    d, e, f, g, h = double
    return _branches(
        _chain((1, one)),
        _chain((1, a), (ROW, b), (COLUMN, c)),
        _chain((1, d), (COLUMN, e), (ROW, f), (COLUMN, g), (ROW, h)),
        _pooled(project, pad),
    )


def _module_c(one: int, reduce: int, long: tuple[Step, ...], split: int, project: int, pad: bool = False) -> Parallel:
    """8×8: 1×1 | 1×1, then 1×3 and 3×1 | ``long``, then 1×3 and 3×1 | pool, 1×1."""
    fork = Stage(_branches(_chain((ROW_3, split)), _chain((COLUMN_3, split))))
    return _branches(
        _chain((1, one)),
        (*_chain((1, reduce)), fork),
        (*_chain(*long), fork),
        _pooled(project, pad),
    )


def _reduction_a(n: int, k: int, l: int, m: int) -> Stage:  # noqa: E741  # the paper's letters
    """35×35 to 17×17: 3×3 | 1×1, 3×3, 3×3 | max pool (Szegedy et al. 2016, fig. 7, table 1)."""
    return _reduction(_chain((3, n)), _chain((1, k), (3, l), (3, m)))


def _reduction_b(three: tuple[int, int], seven: tuple[int, int, int, int]) -> Stage:
    """17×17 to 8×8: 1×1, 3×3 | 1×1, 1×7, 7×1, 3×3 | max pool."""
    a, b = three
    c, d, e, f = seven
    return _reduction(_chain((1, a), (3, b)), _chain((1, c), (ROW, d), (COLUMN, e), (3, f)))


def _reduction(*branches: tuple[Stage, ...]) -> Stage:
    """A reduction: the last convolution of each branch strides without padding, beside a max pool."""
    unpadded = [(*rows[:-1], Stage(Conv(kernel=3, padding="valid"), out=rows[-1].out)) for rows in branches]
    return _reduced(*unpadded, (MAX,))


def _reduced(*branches: tuple[Stage, ...]) -> Stage:
    return Stage(_branches(*branches), stride=2)


def _branches(*branches: tuple[Stage, ...]) -> Parallel:
    return Parallel(branches=branches)


def _residual(scale: float, *branches: tuple[Step, ...], act: str | None = None) -> InceptionResNet:
    return InceptionResNet(branches=tuple(_chain(*steps) for steps in branches), scale=scale, act=act)


def _pooled(project: int, pad: bool) -> tuple[Stage, ...]:
    """Average pooling, then 1×1; torchvision's counts the padding."""
    return (Stage(Pool(mode="avg", kernel=3, count_include_pad=pad)), *_chain((1, project)))


def _chain(*steps: Step) -> tuple[Stage, ...]:
    return tuple(_row(*step) for step in steps)


def _row(kernel: int | tuple[int, int], width: int) -> Stage:
    return Stage(Conv(kernel=kernel), out=width)
