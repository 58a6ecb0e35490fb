"""Known data sets by name, each with its own test split; a tenth of train is held out as validation."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from nas.data.dataset import Data, held_out_data, hold_out
from nas.data.folder import load_files
from nas.data.idx import read_idx
from nas.data.image_files import find
from nas.data.store import fingerprint, kept, stamps
from nas.storage.downloads import downloading
from nas.storage.user_folders import user_folder
from search_spaces.errors import UserError

FASHION = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
FASHION_FILES = tuple(f"{part}-{kind}-ubyte" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1"))
SYSTEM_FOLDERS = ("/usr/share/datasets/fashion-mnist",)  # where Debian's package dataset-fashion-mnist puts them
MAX_IMAGENET_VAL = 10_000  # images


def data_root() -> Path:
    """Where named data sets lie: ``NAS_DATA``, else ``~/.cache/nas/data``."""
    return user_folder("NAS_DATA", "data")


def fashion_mnist(seed: int = 0) -> Data:
    """Fashion-MNIST: 28×28 grey, from idx files that are there or else downloaded. Raises UserError that says which
    files go where, and one that names a corrupt file."""
    files = _fashion_files()
    if files is None:
        where = f"put {{train,t10k}}-{{images-idx3,labels-idx1}}-ubyte.gz into {data_root() / 'fashion-mnist'}"
        with _downloading("fashion-mnist", f"install Debian's package dataset-fashion-mnist, or {where}"):
            from torchvision.datasets import FashionMNIST

            FashionMNIST(str(data_root()), download=True)
        files = _fashion_files()
    if files is None:
        raise UserError(f"fashion-mnist is not complete in {data_root() / 'FashionMNIST' / 'raw'}")
    return kept(fingerprint("fashion-mnist", seed, stamps(files)), partial(_fashion, files, seed))


def _fashion_files() -> tuple[Path, ...] | None:
    """The four files, from the first folder that has them all, unpacked or not."""
    for folder in (data_root() / "FashionMNIST" / "raw", data_root() / "fashion-mnist", *map(Path, SYSTEM_FOLDERS)):
        files = [[f for f in (folder / f"{name}.gz", folder / name) if f.is_file()] for name in FASHION_FILES]
        if all(files):
            return tuple(forms[0] for forms in files)
    return None


def _fashion(files: tuple[Path, ...], seed: int) -> Data:
    train, test = (_idx_pair(images, labels) for images, labels in (files[:2], files[2:]))
    return held_out_data("fashion-mnist", FASHION, train, test, seed)


def _idx_pair(images: Path, labels: Path) -> tuple[np.ndarray, np.ndarray]:
    pixels, classes = read_idx(images, 3), read_idx(labels, 1)
    if pixels.shape != (len(classes), 28, 28) or len(classes) == 0:
        raise UserError(f"{images} must hold {len(classes)} images of 28x28, as {labels.name}; got {pixels.shape}")
    if classes.max() >= len(FASHION):
        raise UserError(f"{labels} must hold labels from 0 to {len(FASHION) - 1}, got {classes.max()}")
    return pixels[:, None], classes.astype(np.int64)


def cifar10(seed: int = 0) -> Data:
    """CIFAR-10: 32×32 RGB, ten classes, by torchvision, which downloads it where it is missing. Raises UserError."""
    return _cifar("cifar10", "CIFAR10", seed)


def cifar100(seed: int = 0) -> Data:
    """CIFAR-100: 32×32 RGB, a hundred classes, by torchvision, which downloads it where it is missing. Raises
    UserError."""
    return _cifar("cifar100", "CIFAR100", seed)


def _cifar(name: str, kind: str, seed: int) -> Data:
    from torchvision import datasets

    source: Any = getattr(datasets, kind)
    folder = data_root() / source.base_folder
    batches = [batch for batch, _ in (*source.train_list, *source.test_list)]
    files = [folder / file for file in (*batches, source.meta["filename"])]

    def make(train: bool) -> Any:
        with _downloading(name, f"put {source.base_folder} (unpacked from {source.filename}) into {data_root()}"):
            return source(str(data_root()), train=train, download=True)  # compares md5 sums before it unpickles

    if not all(file.is_file() for file in files):
        make(train=True)
    return kept(fingerprint(name, seed, stamps(files)), lambda: _divided(name, make(True), make(False), seed))


def _divided(name: str, train: Any, test: Any, seed: int) -> Data:
    """From torchvision's train and test, which hold ``data`` (N, H, W, C) and ``targets``."""
    first, last = ((np.asarray(part.data).transpose(0, 3, 1, 2), np.asarray(part.targets)) for part in (train, test))
    return held_out_data(name, tuple(train.classes), first, last, seed)


def imagenet(seed: int = 0) -> Data:
    """ImageNet in torchvision's layout, class folders below ``imagenet/train`` and ``imagenet/val``.

    Its val folder is our test split. Validation is about 10,000 images held out of train (a tenth, if that is
    less), the same share of each class. Raises UserError where it is missing: nothing is downloaded.
    """
    root = data_root() / "imagenet"
    for name in ("train", "val"):
        if not (root / name).is_dir():
            raise UserError(f"imagenet must be class folders below {root / name}, which is missing; get it yourself")
    classes, files, notes = find(root, {"train": root / "train", "test": root / "val"}, copies=True)
    train, val = (files["train"][index] for index in hold_out(files["train"].labels, seed, MAX_IMAGENET_VAL, classes))
    return load_files("imagenet", classes, files, {"train": train, "val": val, "test": files["test"]}, notes=notes)


def _downloading(name: str, remedy: str) -> AbstractContextManager[None]:
    """Whatever stops a download becomes a UserError with the remedy."""
    return downloading(f"{name} is missing or damaged in {data_root()} and cannot be downloaded: {remedy}")
