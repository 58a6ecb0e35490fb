"""The table of data sets, and loading one by its name."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from nas.storage.user_folders import expanded
from search_spaces.errors import UserError, did_you_mean

if TYPE_CHECKING:
    from nas.data.dataset import Data

# What a user may ask for, and the function that loads it, in a module that is imported only then. It takes the seed;
# after a colon the user gives a path, which comes first.
DATA_SETS = {
    "digits": "nas.data.digits:digits",
    "fashion-mnist": "nas.data.known:fashion_mnist",
    "cifar10": "nas.data.known:cifar10",
    "cifar100": "nas.data.known:cifar100",
    "imagenet": "nas.data.known:imagenet",
    "folder:PATH": "nas.data.folder:folder",
    "npz:FILE": "nas.data.npz:npz",
}
DEMONSTRATION = "digits"  # searched where no data are named
FORMS = " or ".join(", ".join(DATA_SETS).rsplit(", ", 1))


def load_data(spec: str, seed: int = 0) -> Data:
    """The data set that ``spec`` names, in one of the forms of DATA_SETS; ``seed`` draws the splits that it does not
    have itself.

    Raises UserError for another spec, for images that cannot be used, and for a named set that is neither in the
    folder ``NAS_DATA`` (``~/.cache/nas/data``) nor can be downloaded.
    """
    kind, colon, path = spec.partition(":")
    for form, function in DATA_SETS.items():
        if form.partition(":")[:2] == (kind, colon) and bool(path) == bool(colon):
            return _load(function, *([expanded(path)] if colon else []), seed)
    raise UserError(f"data must be {FORMS}; got {spec!r}{_suggestion(spec)}")


def _load(function: str, *arguments: object) -> Data:
    module, _, name = function.partition(":")
    load: Callable[..., Data] = getattr(import_module(module), name)
    return load(*arguments)


def _suggestion(spec: str) -> str:
    if spec and Path(spec).is_dir():
        return f"; did you mean 'folder:{spec}'?"
    if spec.endswith(".npz") and Path(spec).is_file():
        return f"; did you mean 'npz:{spec}'?"
    kind, colon, _ = spec.partition(":")
    return did_you_mean(kind.lower(), [form.partition(":")[0] for form in DATA_SETS if (":" in form) == bool(colon)])
