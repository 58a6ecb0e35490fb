"""scikit-learn's digits: 1,797 real 8×8 grey images of ten classes, shipped with the package."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from importlib.metadata import version

from nas.data.dataset import Data, split_data
from nas.data.store import fingerprint, kept


def digits(seed: int = 0) -> Data:
    """The digits, 60/20/20 by class and seed; grey values 0 to 16 become 0 to 255."""
    key = fingerprint("digits", version("scikit-learn"), seed)
    return replace(kept(key, partial(_divided, seed)), mirrors=False)


def _divided(seed: int) -> Data:
    """Read from the package, whose import takes a second."""
    import numpy as np
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = np.round(bunch.images * (255 / 16)).astype(np.uint8)[:, None]
    return split_data("digits", tuple(str(name) for name in bunch.target_names), images, bunch.target, seed)
