"""Known data sets, as tiny files of the real formats; no network."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from random_images import drawn, fashion, idx, whole

from nas.data import known
from nas.data.by_name import load_data
from nas.data.dataset import hold_out
from search_spaces import UserError

rng = np.random.default_rng(0)


@pytest.mark.parametrize("place", ["FashionMNIST/raw", "fashion-mnist", "system"])
@pytest.mark.parametrize("packed", [True, False])
def test_fashion_mnist_is_found(root, monkeypatch, place, packed):
    monkeypatch.setattr(known, "SYSTEM_FOLDERS", (str(root / "system"),))
    fashion(root / place, packed)
    data = load_data("fashion-mnist")
    assert [len(data.train), len(data.val), len(data.test)] == [90, 10, 20]
    assert (data.channels, data.image_size, data.classes[9]) == (1, 28, "Ankle boot")
    assert data.val.labels.tolist() != sorted(data.val.labels)
    assert sorted(data.val.labels) == list(range(10))
    assert load_data("fashion-mnist", 1).digest != data.digest == load_data("fashion-mnist").digest


def test_fashion_mnist_that_is_missing_says_what_to_do(root):
    with pytest.raises(UserError, match=r"missing or damaged in .*dataset-fashion-mnist, or put .*idx3"):
        load_data("fashion-mnist")


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("train_images", b"", "is no idx file of 3 dimensions"),
        ("train_images", idx(np.zeros((100, 28), dtype=np.uint8)), "begins with 00000802, not 00000803"),
        ("train_images", idx(np.zeros((100, 28, 28), dtype=np.uint8))[:-1], "78,400 bytes .* holds 78,399"),
        ("train_images", idx(np.zeros((100, 28, 28), dtype=np.uint8)) + b"x", "holds more"),
        ("train_images", b"\0\0\x08\x03" + b"\x7f" * 12, "bytes, more than it can hold"),
        ("train_images", idx(np.zeros((99, 28, 28), dtype=np.uint8)), "must hold 100 images"),
        ("t10k_labels", idx(np.full(20, 10, dtype=np.uint8)), "labels from 0 to 9, got 10"),
    ],
)
def test_a_corrupt_idx_file_is_named(root, file, content, message):
    fashion(root / "fashion-mnist", **{file: content})
    with pytest.raises(UserError, match=f"{file.replace('_', '-')}-idx.*{message}"):
        load_data("fashion-mnist")


def test_a_damaged_gzip_file_is_named(root):
    path = fashion(root / "fashion-mnist") / "train-images-idx3-ubyte.gz"
    content = path.read_bytes()
    for damaged in (content[:1000], b"no gzip", content[:5000] + bytes(500) + content[5500:]):
        path.write_bytes(damaged)
        with pytest.raises(UserError, match=r"train-images-idx3-ubyte\.gz"):
            load_data("fashion-mnist")


def test_cifar_10_by_torchvision(cifar):
    data = load_data("cifar10")
    assert [len(data.train), len(data.val), len(data.test)] == [90, 10, 20]
    assert (data.channels, data.image_size, data.classes[3]) == (3, 32, "class 3")
    rows = pickle.loads((cifar / "test_batch").read_bytes())["data"]
    assert np.array_equal(data.test.images.reshape(20, -1), rows)


def test_a_cifar_file_of_another_sum_is_not_unpickled(cifar):
    (cifar / "data_batch_2").write_bytes(b"cos\nsystem\n(S'exit 1'\ntR.")
    with pytest.raises(UserError, match="cifar10 is missing or damaged"):
        load_data("cifar10")


@pytest.mark.parametrize("name", ["cifar10", "cifar100"])
def test_cifar_that_is_missing_says_what_to_do(root, name):
    with pytest.raises(UserError, match=rf"{name} is missing .* put cifar-.*python.*no network"):
        load_data(name)


def test_imagenet_validates_on_train_and_tests_on_val(root):
    drawn(root / "imagenet" / "train", count=20)
    drawn(root / "imagenet" / "val", count=3, seed=1)
    data = load_data("imagenet")
    assert [len(data.train), len(data.val), len(data.test)] == [54, 6, 9]
    assert (data.name, data.classes) == ("imagenet", ("Emu", "cat", "dog"))
    assert len({image.tobytes() for image in whole(data)[0]}) == 69


def test_imagenet_that_is_missing(root):
    with pytest.raises(UserError, match=r"imagenet must be class folders below .*train, which is missing"):
        load_data("imagenet")


def test_a_share_of_each_class_is_held_out():
    labels = rng.permutation(np.repeat(np.arange(3), [100, 50, 2]))
    train, val = hold_out(labels, 0)
    assert sorted([*train, *val]) == list(range(152))
    assert np.bincount(labels[val]).tolist() == [10, 5, 1]
    assert np.bincount(labels[hold_out(labels, 0, max_images=5)[1]]).tolist() == [3, 2, 1]
    assert not np.array_equal(val, hold_out(labels, 1)[1])
    with pytest.raises(UserError, match="at least 2 images in train, class 3 has 1"):
        hold_out(np.array([0, 0, 3]), 0)
