"""Known networks by the names that people use."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from search_spaces.architecture import Architecture
from search_spaces.errors import UserError
from search_spaces.networks.efficientnet import COEFFICIENTS, efficientnet
from search_spaces.networks.googlenet import googlenet
from search_spaces.networks.resnet import REPEATS, resnet

NETWORKS: dict[str, Callable[[], Architecture]] = {
    "googlenet": googlenet,
    **{f"resnet-{depth}": partial(resnet, depth) for depth in REPEATS},
    **{f"efficientnet-{variant}": partial(efficientnet, variant) for variant in COEFFICIENTS},
}


def names() -> tuple[str, ...]:
    """Names of all known networks, in the order of the lineage."""
    return tuple(NETWORKS)


def network(name: str) -> Architecture:
    """The known network of that name; raises UserError that lists the names."""
    if name not in NETWORKS:
        raise UserError(f"unknown network {name!r}; known are {', '.join(NETWORKS)}")
    return NETWORKS[name]()
