"""Folders of images: modes, sizes, splits, and what is wrong with them."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from random_images import drawn

from nas.data.by_name import load_data
from search_spaces import UserError


def image(mode="L", size=(8, 8), value=100):
    if mode == "I;16":
        return Image.fromarray(np.full(size[::-1], value * 257, dtype=np.uint16))
    if mode == "P":
        return Image.new("RGB", size, (value, 0, 0)).convert("P", palette=Image.Palette.ADAPTIVE)
    colour = {"L": value, "RGB": (value, 0, 0), "RGBA": (value, 0, 0, 255)}[mode]
    return Image.new(mode, size, colour)


def fill(root, count=5, classes=("cat", "dog"), **kind):
    for label, name in enumerate(classes):
        (root / name).mkdir(parents=True)
        for index in range(count):
            image(**{"value": 50 + 100 * label + index, **kind}).save(root / name / f"{index}.png")
    return root


def load(root):
    return load_data(f"folder:{root}")


def test_grey_images_stay_one_channel(tmp_path):
    data = load(fill(tmp_path))
    assert (data.channels, data.image_size, data.classes) == (1, 8, ("cat", "dog"))
    pixels = np.concatenate([part.images[:, 0, 0, 0] for part in (data.train, data.val, data.test)])
    assert sorted(pixels.tolist()) == [*range(50, 55), *range(150, 155)]


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_one_coloured_image_makes_the_set_rgb(tmp_path, mode):
    fill(tmp_path)
    image(mode, value=200).save(tmp_path / "cat" / "colour.png")
    data = load(tmp_path)
    assert data.channels == 3
    pixels = {tuple(x[:, 0, 0]) for part in (data.train, data.val, data.test) for x in part.images}
    assert (200, 0, 0) in pixels
    assert (50, 50, 50) in pixels


def test_sixteen_bits_become_eight(tmp_path):
    data = load(fill(tmp_path, mode="I;16"))
    pixels = {int(x[0, 0, 0]) for part in (data.train, data.val, data.test) for x in part.images}
    assert (data.channels, pixels) == (1, {*range(50, 55), *range(150, 155)})


def test_mixed_sizes_come_to_a_common_one_and_it_is_said(tmp_path):
    fill(tmp_path)
    image(size=(20, 10)).save(tmp_path / "dog" / "wide.png")
    data = load(tmp_path)
    assert data.image_size == 8
    assert any("1 of 11" in note for note in data.notes)


def test_the_folders_own_splits_are_kept(tmp_path):
    for name, count in (("train", 6), ("val", 2), ("test", 3)):
        fill(tmp_path / name, count)
    data = load(tmp_path)
    assert [len(part) for part in (data.train, data.val, data.test)] == [12, 4, 6]


@pytest.mark.parametrize(
    ("layout", "seed", "digest"),
    [
        ("plain", 0, "d1-7d36075a443e8de29f27f8047fb096d9"),
        ("plain", 5, "d1-965ded341e70ff92438400adff3b61b1"),
        ("own", 0, "d1-542d9076fcb887a8b89dfe62bcafa818"),
        ("own", 5, "d1-d542b0c1e2990f16d85753b769724adc"),
    ],
)
def test_digests_stay_those_of_the_first_loader(tmp_path, layout, seed, digest):
    """Recorded with code that decoded everything in the order of the files and divided it afterwards."""
    drawn(tmp_path / "plain")
    drawn(tmp_path / "own" / "train", mode="L")
    drawn(tmp_path / "own" / "test", mode="L", seed=1)
    assert load_data(f"folder:{tmp_path / layout}", seed).digest == digest


def test_a_folder_without_images(tmp_path):
    with pytest.raises(UserError, match=str(tmp_path)):
        load(tmp_path)
    with pytest.raises(UserError, match="nowhere"):
        load(tmp_path / "nowhere")


def test_a_single_class(tmp_path):
    with pytest.raises(UserError, match="at least 2 classes, found 1"):
        load(fill(tmp_path, classes=("cat",)))


def test_an_empty_class_is_named(tmp_path):
    (fill(tmp_path) / "emu").mkdir()
    with pytest.raises(UserError, match="emu"):
        load(tmp_path)


def test_too_few_images_to_split(tmp_path):
    with pytest.raises(UserError, match="at least 3 images"):
        load(fill(tmp_path, count=2))


@pytest.mark.parametrize("keep", [0, 20, 45])
def test_a_corrupt_image_is_named(tmp_path, keep):
    fill(tmp_path)
    file = tmp_path / "cat" / "2.png"
    file.write_bytes(file.read_bytes()[:keep])
    with pytest.raises(UserError, match=r"2\.png is not a readable image"):
        load(tmp_path)
