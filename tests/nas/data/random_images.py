"""Small files of random images for the tests of data sets."""

from __future__ import annotations

import gzip

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
    return np.concatenate([split.images for split in splits]), np.concatenate([split.labels for split in splits])


def idx(array):
    return bytes((0, 0, 8, array.ndim)) + np.array(array.shape, dtype=">u4").tobytes() + array.tobytes()


def fashion(folder, packed=True, **changed):
    """Four idx files of 100 and 20 images."""
    folder.mkdir(parents=True)
    for name, count in (("train", 100), ("t10k", 20)):
        pixels, labels = (
            np.random.default_rng(0).integers(0, 256, (count, 28, 28), dtype=np.uint8),
            np.arange(count) % 10,
        )
        for kind, array in (("images-idx3", pixels), ("labels-idx1", labels.astype(np.uint8))):
            file = f"{name}-{kind}-ubyte"
            content = changed.get(f"{name}_{kind[:6]}", idx(array))
            path = folder / (f"{file}.gz" if packed else file)
            path.write_bytes(gzip.compress(content) if packed else content)
    return folder
