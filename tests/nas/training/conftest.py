"""A network and a set of images that train in a second."""

from __future__ import annotations

import numpy as np
import pytest

from nas.data.dataset import Data
from nas.data.splits import Split
from nas.training.recipe import Recipe
from search_spaces import Architecture, Conv, Defaults, Head, MBConv, NoNorm, Stage


@pytest.fixture(scope="session")
def network():
    return Architecture(
        image_size=32,
        classes=1000,
        stem=(Stage(Conv(kernel=3), out=8, stride=2),),
        stages=(Stage(MBConv(expand_ratio=3), out=8, repeats=2, stride=1),),
        head=Head(out=16),
    )


@pytest.fixture(scope="session")
def normless():
    return Architecture(
        image_size=32,
        classes=1000,
        stem=(Stage(Conv(kernel=3), out=8, stride=2),),
        stages=(Stage(Conv(kernel=3), out=8, repeats=2),),
        head=Head(),
        defaults=Defaults(norm=NoNorm()),
    )


@pytest.fixture(scope="session")
def noisy():
    """Three classes of noisy images; 48 to train, 24 to validate; the test split would fail if it were read."""
    rng = np.random.default_rng(0)

    def split(count):
        labels = np.arange(count) % 3
        images = rng.integers(0, 80, (count, 1, 8, 8)) + 80 * labels[:, None, None, None]
        return Split(images.astype(np.uint8), labels.astype(np.int64))

    return Data("made up", ("a", "b", "c"), split(48), split(24), split(24))


@pytest.fixture(scope="session")
def quick():
    return Recipe(
        "quick",
        image_size=8,
        epochs=3,
        batch=16,
        optimiser="adamw",
        lr=0.01,
        ema=0.9,
        shift=0.1,
        rotate=10,
        scale=0.1,
        erase=0.2,
        init="kaiming",
        dropout=0.2,
        drop_path=0.1,
    )
