"""What a plain method reaches on the same split: logistic regression on the pixels."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

from nas.data import Data
from search_spaces.intervals import wilson

MOST_IMAGES = 10_000


@dataclass(frozen=True)
class Reference:
    """Top-1 (0 to 1) of a reference method on ``images`` validation images, with its 95 % interval."""

    name: str
    top1: float
    low: float
    high: float
    images: int


def reference(data: Data) -> Reference:
    """Logistic regression on standardised pixels, trained on (at most 10,000 images of) ``data.train``."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x = data.train.images[:MOST_IMAGES].reshape(min(len(data.train), MOST_IMAGES), -1)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(x, data.train.labels[:MOST_IMAGES])
    right = int((model.predict(data.val.images.reshape(len(data.val), -1)) == data.val.labels).sum())
    low, high = wilson(right, len(data.val))
    return Reference("logistic regression", right / len(data.val), low, high, len(data.val))
