"""scikit-learn's digits: 1,797 real 8×8 grey images of ten classes, shipped with the package."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nas.data.dataset import Data, split_data


def digits(seed: int = 0) -> Data:
    """The digits, 60/20/20 by class and seed; grey values 0 to 16 become 0 to 255."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = np.round(bunch.images * (255 / 16)).astype(np.uint8)[:, None]
    data = split_data("digits", tuple(str(name) for name in bunch.target_names), images, bunch.target, seed)
    return replace(data, mirrors=False)
