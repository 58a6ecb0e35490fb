"""Known data sets as tiny files of the real formats; no network."""

from __future__ import annotations

import hashlib
import pickle
from urllib.error import URLError

import numpy as np
import pytest
from torchvision import datasets

from nas.data import known


@pytest.fixture
def root(tmp_path, monkeypatch):
    """The folder of data sets, where the network is down and the system has none."""
    monkeypatch.setenv("NAS_DATA", str(tmp_path))
    monkeypatch.setenv("NAS_CACHE", str(tmp_path / "store"))
    monkeypatch.setattr(known, "SYSTEM_FOLDERS", ())
    for place in ("mnist.download_and_extract_archive", "cifar.download_and_extract_archive"):
        monkeypatch.setattr(f"torchvision.datasets.{place}", no_network)
    return tmp_path


def no_network(*_, **__):
    raise URLError("no network")


@pytest.fixture
def cifar(root, monkeypatch):
    """CIFAR-10 and CIFAR-100 of 100 and 20 images of ten classes, with the right sums; the folder of CIFAR-10."""
    rng = np.random.default_rng(0)

    def write(source, name, **content):
        path = root / source.base_folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(pickle.dumps(content))
        return [name, hashlib.md5(path.read_bytes()).hexdigest()]

    def batch(source, name, count):
        pixels = rng.integers(0, 256, (count, 3072), dtype=np.uint8)
        key = "labels" if source is datasets.CIFAR10 else "fine_labels"
        return write(source, name, data=pixels, **{key: [index % 10 for index in range(count)]})

    for source in (datasets.CIFAR10, datasets.CIFAR100):
        names = {source.meta["key"]: [f"class {index}" for index in range(10)]}
        _, md5 = write(source, source.meta["filename"], **names)
        train = [batch(source, "data_batch_1", 60), batch(source, "data_batch_2", 40)]
        monkeypatch.setattr(source, "train_list", train)
        monkeypatch.setattr(source, "test_list", [batch(source, "test_batch", 20)])
        monkeypatch.setattr(source, "meta", {**source.meta, "md5": md5})
    return root / datasets.CIFAR10.base_folder
