"""Ready spaces by name."""

from __future__ import annotations

from collections.abc import Callable

from search_spaces.errors import UserError, did_you_mean
from search_spaces.known.spaces.inception import inception
from search_spaces.known.spaces.mbconv import mbconv
from search_spaces.known.spaces.mixed import mixed
from search_spaces.known.spaces.nas_bench_macro import nas_bench_macro
from search_spaces.known.spaces.nf import nf
from search_spaces.known.spaces.resnet import resnet
from search_spaces.known.spaces.se import se
from search_spaces.known.spaces.vgg import vgg
from search_spaces.space.space import Space

SPACES: dict[str, Callable[[], Space]] = {
    "vgg": vgg,
    "inception": inception,
    "resnet": resnet,
    "se": se,
    "mbconv": mbconv,
    "nf": nf,
    "mixed": mixed,
    "nas-bench-macro": nas_bench_macro,
}


def names() -> tuple[str, ...]:
    """Names of all ready spaces."""
    return tuple(SPACES)


def space(name: str) -> Space:
    """The ready space of that name; raises UserError with the names most like it."""
    if name not in SPACES:
        raise UserError(f"unknown space {name!r}{did_you_mean(name, SPACES)} (`nas spaces` lists all)")
    return SPACES[name]()
