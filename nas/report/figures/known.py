"""Known networks on the axis of costs."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

from nas.report.figures.lineage import published_error
from search_spaces import UserError, cost
from search_spaces.known.networks import names, network
from search_spaces.network.cost import Cost

IMAGENET = "imagenet"  # name of the data that published figures are of


@dataclass(frozen=True)
class Known:
    """A known network and what it costs at the study's image size and classes."""

    name: str
    cost: int


@dataclass(frozen=True)
class Published:
    """A known network with its published top-1 (0 to 1) on ImageNet, its cost, and the source of the first."""

    name: str
    cost: int
    top1: float
    source: str


def published(image_size: int, classes: int, metric: str) -> tuple[Published, ...]:
    """Known networks that were published with their top-1 at this image size (pixels), by cost."""
    networks = []
    for known in known_networks(image_size, classes, metric):
        error, source = published_error(known.name, "top1")
        if error is not None and network(known.name).image_size == image_size:
            networks.append(Published(known.name, known.cost, 1 - error / 100, source))
    return tuple(networks)


def known_networks(image_size: int, classes: int, metric: str) -> tuple[Known, ...]:
    """Known networks by cost at this image size and number of classes, ascending; those whose head binds another image
    size are left out."""
    costs = _costs(image_size, classes)
    return tuple(
        sorted((Known(name, int(getattr(total, metric))) for name, total in costs), key=lambda k: (k.cost, k.name))
    )


@lru_cache(maxsize=4)
def _costs(image_size: int, classes: int) -> tuple[tuple[str, Cost], ...]:
    costs = []
    for name in names():
        with suppress(UserError):
            costs.append((name, cost(network(name).at(image_size, classes))))
    return tuple(costs)


def shared_labels(networks: Iterable[Known], gap: float) -> list[tuple[str, float]]:
    """Names at their costs; networks whose labels would overlap (costs closer than ``gap``) share one."""
    labels: list[tuple[list[str], float]] = []
    for known in sorted(networks, key=lambda known: known.cost):
        if labels and known.cost - labels[-1][1] < gap:
            labels[-1][0].append(known.name)
        else:
            labels.append(([known.name], float(known.cost)))
    return [(", ".join(shared), place) for shared, place in labels]
