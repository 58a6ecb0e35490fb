"""Known networks by the names that people use: families as functions, the others as files of the language."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from search_spaces.errors import UserError, did_you_mean
from search_spaces.known.files import written
from search_spaces.known.networks.efficientnet import COEFFICIENTS, efficientnet
from search_spaces.known.networks.inception import inception_resnet_v2, inception_v3, inception_v4
from search_spaces.known.networks.nfnet import VARIANTS, nfnet
from search_spaces.known.networks.resnet import REDUCTION, resnet
from search_spaces.known.networks.vgg import REPEATS, vgg
from search_spaces.network.architecture import Architecture
from search_spaces.network.blocks import Bottleneck

_file = partial(partial, written, "networks")

NETWORKS: dict[str, Callable[[], Architecture]] = {
    "alexnet": _file("alexnet"),
    "alexnet-2012": _file("alexnet-2012"),
    "zfnet": _file("zfnet"),
    **{f"vgg-{depth}": partial(vgg, depth) for depth in REPEATS},
    **{f"vgg-{depth}-bn": partial(vgg, depth, norm=True) for depth in REPEATS},
    "googlenet": _file("googlenet"),
    "googlenet-2014": _file("googlenet-2014"),
    "inception-v3": inception_v3,
    **{f"resnet-{depth}": partial(resnet, depth) for depth in (18, 34, 50, 101, 152)},
    "resnet-50-v1": partial(resnet, 50, Bottleneck(stride_in="1x1")),
    "preact-resnet-200": _file("preact-resnet-200"),
    "inception-v4": inception_v4,
    "inception-resnet-v2": inception_resnet_v2,
    "resnext-50-32x4d": partial(resnet, 50, Bottleneck(ratio=0.5, groups=32)),
    "wide-resnet-50-2": partial(resnet, 50, Bottleneck(ratio=0.5)),
    "se-resnet-50": partial(resnet, 50, Bottleneck(se_ratio=REDUCTION)),
    "senet-154": _file("senet-154"),
    "mobilenet-v1": _file("mobilenet-v1"),
    "mobilenet-v2": _file("mobilenet-v2"),
    "mnasnet-a1": _file("mnasnet-a1"),
    "mnasnet-b1": _file("mnasnet-b1"),
    **{f"efficientnet-{variant}": partial(efficientnet, variant) for variant in COEFFICIENTS},
    **{f"efficientnetv2-{size}": _file(f"efficientnetv2-{size}") for size in "sml"},
    **{f"nfnet-f{variant}": partial(nfnet, variant) for variant in range(len(VARIANTS))},
}


def names() -> tuple[str, ...]:
    """Names of all known networks, in the order of the lineage."""
    return tuple(NETWORKS)


def network(name: str) -> Architecture:
    """The known network of that name; raises UserError with the names most like it."""
    if name not in NETWORKS:
        raise UserError(f"unknown network {name!r}{did_you_mean(name, NETWORKS)} (`nas networks` lists all)")
    return NETWORKS[name]()
