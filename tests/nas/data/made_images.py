"""Small folders of images for the tests of data sets."""

from __future__ import annotations

import numpy as np
from PIL import Image


def drawn(root, classes=("cat", "dog", "Emu"), count=7, mode="RGB", size=(10, 8), suffix="png", seed=0):
    """Random images below ``root``, a folder for each class, some of them one folder deeper."""
    rng = np.random.default_rng(seed)
    for name in classes:
        (root / name / "deeper").mkdir(parents=True)
        for index in range(count):
            shape = (*size[::-1], 3) if mode == "RGB" else size[::-1]
            place = root / name / "deeper" if index % 4 == 0 else root / name
            Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8)).save(place / f"{index}.{suffix}")
    return root


def whole(data):
    """All images (N, C, H, W) and labels (N,) of a data set in memory."""
    splits = (data.train, data.val, data.test)
    return np.concatenate([each.images for each in splits]), np.concatenate([each.labels for each in splits])
