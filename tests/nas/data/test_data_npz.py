"""npz files: layouts, splits, names, and what is wrong with them."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest
from random_images import whole

from nas.data.by_name import load_data
from nas.data.npz import npz
from search_spaces import UserError

rng = np.random.default_rng(0)
PIXELS = rng.integers(0, 256, (30, 8, 8, 3), dtype=np.uint8)
LABELS = np.repeat([7, -1, 3], 10)


def load(tmp_path, seed=0, **arrays):
    np.savez(tmp_path / "set.npz", **arrays)
    return load_data(f"npz:{tmp_path / 'set.npz'}", seed)


def images(data):
    """All images as a set of bytes, channels first."""
    return {image.tobytes() for image in whole(data)[0]}


@pytest.mark.parametrize("pixels", [PIXELS, PIXELS.transpose(0, 3, 1, 2)], ids=["NHWC", "NCHW"])
def test_colour_in_either_layout(tmp_path, pixels):
    data = load(tmp_path, images=pixels, labels=LABELS)
    assert (data.channels, data.image_size, data.name) == (3, 8, "set")
    assert images(data) == {image.tobytes() for image in PIXELS.transpose(0, 3, 1, 2)}
    assert [len(data.train), len(data.val), len(data.test)] == [18, 6, 6]
    assert data.train.images.transpose(0, 2, 3, 1).flags.c_contiguous


@pytest.mark.parametrize("pixels", [PIXELS[..., 0], PIXELS[..., :1], PIXELS[:, None, :, :, 0]])
def test_grey_in_any_layout(tmp_path, pixels):
    data = load(tmp_path, images=pixels, labels=LABELS)
    assert data.channels == 1
    assert images(data) == {image.tobytes() for image in PIXELS[..., 0]}


def test_transparency_is_put_over_black(tmp_path):
    pixels = np.full((6, 8, 8, 4), 200, dtype=np.uint8)
    pixels[..., 3] = np.arange(6)[:, None, None] * 51
    values = np.unique(whole(load(tmp_path, images=pixels, labels=np.repeat([0, 1], 3)))[0])
    assert values.tolist() == [0, 40, 80, 120, 160, 200]


def test_labels_are_numbered_in_their_order(tmp_path):
    data = load(tmp_path, images=PIXELS, labels=LABELS)
    assert data.classes == ("-1", "3", "7")
    labels = {image.tobytes(): label for image, label in zip(*whole(data), strict=True)}
    assert [labels[image.tobytes()] for image in PIXELS.transpose(0, 3, 1, 2)] == [2] * 10 + [0] * 10 + [1] * 10


def test_classes_name_them(tmp_path):
    assert load(tmp_path, images=PIXELS, labels=LABELS, classes=["a", "b", "c"]).classes == ("a", "b", "c")


@pytest.mark.parametrize(
    "names", ["train_images train_labels test_images test_labels", "x_train y_train x_test y_test"]
)
def test_own_test_split_and_a_tenth_of_train_as_validation(tmp_path, names):
    data = load(tmp_path, **dict(zip(names.split(), (PIXELS, LABELS[:, None], PIXELS[::2], LABELS[::2]), strict=True)))
    assert [len(data.train), len(data.val), len(data.test)] == [27, 3, 15]
    assert sorted(data.val.labels) == [0, 1, 2]
    assert np.array_equal(data.test.images, PIXELS[::2].transpose(0, 3, 1, 2))


def test_own_validation_is_kept(tmp_path):
    arrays = {}
    for start, name in enumerate(("train", "val", "test")):
        arrays |= {f"{name}_images": PIXELS[start::3], f"{name}_labels": LABELS[start::3]}
    assert np.array_equal(load(tmp_path, **arrays).val.images, PIXELS[1::3].transpose(0, 3, 1, 2))


def test_the_seed_makes_the_splits(tmp_path):
    first, again, other = (load(tmp_path, seed, images=PIXELS, labels=LABELS).digest for seed in (0, 0, 1))
    assert first == again != other


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"images": PIXELS.astype(np.float32)}, "images must be uint8, got float32"),
        ({"images": PIXELS[:, :5]}, r"images must be square, got 5x8 pixels"),
        ({"images": PIXELS[..., :2]}, r"images must have shape .* got \(30, 8, 8, 2\)"),
        ({"images": PIXELS[0, 0, 0]}, r"images must have shape .* got \(3,\)"),
        ({"images": PIXELS[:0], "labels": LABELS[:0]}, r"images must not be empty"),
        ({"labels": LABELS[:7]}, r"labels must have shape \(30,\), .* got \(7,\)"),
        ({"labels": LABELS * 0.5}, "labels must be integers, got float64"),
        ({"labels": LABELS * 0}, "at least 2 classes, got 1"),
        ({"labels": np.array(LABELS, dtype=object)}, "Python objects"),
        ({"images": np.array([{}] * 30, dtype=object)}, "Python objects"),
        ({"classes": ["a", "b"]}, r"classes must be 3 texts, .* got <U1 of shape \(2,\)"),
        ({"classes": [1, 2, 3]}, "classes must be 3 texts"),
        ({"labels": np.repeat([0, 1], [28, 2])}, "at least 3 images"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, changed, message):
    with pytest.raises(UserError, match=rf"set\.npz.*{message}"):
        load(tmp_path, **{"images": PIXELS, "labels": LABELS, **changed})


def test_splits_must_fit_each_other(tmp_path):
    arrays = {"x_train": PIXELS, "y_train": LABELS, "x_test": PIXELS, "y_test": LABELS}
    with pytest.raises(UserError, match="label 91 is in test but not in train"):
        load(tmp_path, **{**arrays, "y_test": LABELS + 92})
    with pytest.raises(UserError, match="one shape"):
        load(tmp_path, **{**arrays, "x_test": PIXELS[..., :1]})


def test_missing_arrays_are_named(tmp_path):
    with pytest.raises(UserError, match=r"set\.npz: must hold images and labels, .* got pictures"):
        load(tmp_path, pictures=PIXELS)


def test_a_file_that_is_none(tmp_path):
    for name, content in (("text.npz", b"hello"), ("empty.npz", b""), ("zip.npz", b"PK\3\4" + b"\0" * 40)):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UserError, match=f"{name} is not a readable npz file"):
            load_data(f"npz:{tmp_path / name}")
    np.save(tmp_path / "one.npy", PIXELS)
    with pytest.raises(UserError, match=r"one\.npy: must be an npz file"):
        load_data(f"npz:{tmp_path / 'one.npy'}")
    with pytest.raises(UserError, match="nowhere"):
        load_data(f"npz:{tmp_path / 'nowhere'}")


@pytest.mark.parametrize("pack", [np.savez, np.savez_compressed])
def test_a_truncated_or_damaged_file_is_named(tmp_path, pack):
    path = tmp_path / "set.npz"
    pack(path, images=PIXELS, labels=LABELS)
    content = path.read_bytes()
    for keep in range(0, len(content), len(content) // 11):
        path.write_bytes(content[:keep])
        with pytest.raises(UserError, match=r"set\.npz is not a readable npz file"):
            load_data(f"npz:{path}")
    path.write_bytes(content[:1500] + bytes(100) + content[1600:])
    with pytest.raises(UserError, match=r"set\.npz is not a readable npz file"):
        load_data(f"npz:{path}")


def test_arrays_that_would_fill_the_memory_are_refused_unread(tmp_path, monkeypatch):
    path = tmp_path / "many.npz"
    rng = np.random.default_rng(0)
    np.savez(path, images=rng.integers(0, 256, (200, 8, 8), dtype=np.uint8), labels=np.arange(200) % 2)
    assert len(npz(path).train) == 120
    monkeypatch.setattr("nas.data.npz.usable_memory", lambda: 20_000)
    with pytest.raises(UserError, match=r"many.npz: its arrays take 0.0 GB unpacked, with a copy; 0.0 GB are free"):
        npz(path, seed=1)


def test_a_small_file_that_unfolds_to_gigabytes_is_refused_unread(tmp_path):
    path = tmp_path / "bomb.npz"
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (1300000, 28, 28), }".ljust(117) + b"\n"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        with file.open("images.npy", "w", force_zip64=True) as array:
            array.write(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
            for _ in range(1300):
                array.write(bytes(784_000))
        with file.open("labels.npy", "w") as array:
            np.lib.format.write_array(array, np.arange(10))
    with pytest.raises(UserError, match=r"bomb.npz: its arrays unfold from 4 MB to 1.0 GB: these are no images"):
        npz(path)
