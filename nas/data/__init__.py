"""Data sets by name, folder or file."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from functools import partial
from importlib import import_module
from pathlib import Path

from nas.data.dataset import Data
from nas.data.images import read_image
from nas.data.splits import Split, StreamedSplit, spread
from search_spaces.errors import UserError

NAMES = {  # each a function of the seed, in a module that is imported when it is asked for
    "digits": "nas.data.digits:digits",
    "fashion-mnist": "nas.data.named:fashion_mnist",
    "cifar10": "nas.data.named:cifar10",
    "cifar100": "nas.data.named:cifar100",
    "imagenet": "nas.data.named:imagenet",
}
PLACES = {  # the same, of a path and the seed
    "folder": "nas.data.folder:folder",
    "npz": "nas.data.npz:npz",
}
FORMS = f"{', '.join(NAMES)}, folder:PATH or npz:FILE"

__all__ = ["FORMS", "Data", "Split", "StreamedSplit", "load_data", "read_image", "spread"]


def load_data(spec: str, seed: int = 0) -> Data:
    """The data set named by ``spec``, one of FORMS; ``seed`` draws the splits that it does not have itself.

    Raises UserError for another spec, for images that cannot be used, and for a named set that is neither in the
    folder ``NAS_DATA`` (``~/.cache/nas/data``) nor can be downloaded.
    """
    return _loader(spec)(seed)


def _loader(spec: str) -> Callable[[int], Data]:
    if spec in NAMES:
        return _function(NAMES[spec])
    kind, _, path = spec.partition(":")
    if kind in PLACES and path:
        return partial(_function(PLACES[kind]), Path(path).expanduser())
    raise UserError(f"data must be {FORMS}; got {spec!r}{_meant(spec)}")


def _function(place: str) -> Callable[..., Data]:
    module, _, name = place.partition(":")
    function: Callable[..., Data] = getattr(import_module(module), name)
    return function


def _meant(spec: str) -> str:
    near = get_close_matches(spec.lower(), NAMES, n=1, cutoff=0.7)
    kind = spec.partition(":")[0].lower()
    if spec and Path(spec).is_dir():
        near = [f"folder:{spec}"]
    elif spec.endswith(".npz") and Path(spec).is_file():
        near = [f"npz:{spec}"]
    elif ":" in spec:
        near = [f"{each}:…" for each in get_close_matches(kind, PLACES, n=1)]
    return f"; did you mean {near[0]!r}?" if near else ""
