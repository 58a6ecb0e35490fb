"""What a plain method reaches on the same split: logistic regression on the pixels."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from nas.machine import one_thread, usable_cores
from search_spaces.counting.intervals import wilson

if TYPE_CHECKING:
    import numpy as np

    from nas.data.dataset import Data
    from nas.data.splits import Split, StreamedSplit

MAX_IMAGES = 10_000  # of each of train and val, evenly spaced
MAX_SIDE = 16  # pixels; images of twice that or more are averaged down
MAX_ITERATIONS = 500


@dataclass(frozen=True)
class Reference:
    """Top-1 (0 to 1) of a reference method on ``images`` validation images, with its 95 % interval."""

    name: str
    top1: float
    low: float
    high: float
    images: int


FIELDS: dict[str, Callable[[Any], Any]] = {"name": str, "top1": float, "low": float, "high": float, "images": int}


def kept_reference(data: Data) -> Reference:
    """:func:`reference` of these images, computed once on a machine: it is kept beside the decoded images."""
    from nas.data.store import DAMAGED, fingerprint, store_root
    from nas.storage.files import write_atomic
    from search_spaces.files.plain_json import parse_json

    key = fingerprint("reference", data.digest, version("scikit-learn"), MAX_IMAGES, MAX_SIDE, MAX_ITERATIONS)
    path = store_root() / f"reference-{key}.json"
    with suppress(*DAMAGED):
        kept = parse_json(path.read_text(encoding="utf-8"))
        return Reference(**{name: kind(kept[name]) for name, kind in FIELDS.items()})
    computed = reference(data)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, json.dumps(asdict(computed)))
    return computed


def reference(data: Data) -> Reference:
    """Logistic regression on standardised pixels, trained on at most 10,000 images of ``data.train`` and judged on
    at most 10,000 of ``data.val``; images of 32 px or more are averaged down first, to 16 to 31 px."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x, labels = _sample(data.train)
    pixels, truth = _sample(data.val)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=MAX_ITERATIONS))
    with one_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(x, labels)
        right = int((model.predict(pixels) == truth).sum())
    low, high = wilson(right, len(truth))
    return Reference("logistic regression", right / len(truth), low, high, len(truth))


def _sample(split: Split | StreamedSplit) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (n, features) and labels (n,)."""
    import numpy as np

    from nas.data.splits import spread

    index = spread(len(split), MAX_IMAGES)
    times = max(1, split.side // MAX_SIDE)
    if times == 1:
        return split.sample(MAX_IMAGES).reshape(len(index), -1), split.labels[index]
    with ThreadPoolExecutor(usable_cores()) as pool:  # one by one: large images are never all in memory
        pixels = list(pool.map(lambda i: _shrunk(split.read(int(i)), times), index))
    return np.stack(pixels), split.labels[index]


def _shrunk(image: np.ndarray, times: int) -> np.ndarray:
    """Means of squares of ``times`` pixels, as a row; what is left at the edges is dropped."""
    import numpy as np

    channels, side = len(image), image.shape[1] // times
    squares = image[:, : side * times, : side * times].reshape(channels, side, times, side, times)
    row: np.ndarray = squares.mean((2, 4), dtype=np.float32).reshape(-1)
    return row
