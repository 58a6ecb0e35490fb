"""Folders as people have them: one rule for each oddity, and what is left out is said."""

from __future__ import annotations

import os

import numpy as np
import pytest
from PIL import Image

from nas.data.by_name import load_data
from search_spaces import UserError


def photos(folder, count=5, suffix="png", kind=None):
    """Images of random pixels, no two alike."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(abs(hash(str(folder))) % 2**32)
    for index in range(count):
        pixels = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{index}.{suffix}", kind)
    return folder


def classes(root, count=5, names=("cat", "dog")):
    for name in names:
        photos(root / name, count)
    return root


def load(root):
    return load_data(f"folder:{root}")


def sizes(data):
    return [len(split) for split in (data.train, data.val, data.test)]


@pytest.mark.parametrize("train", ["train", "Train", "training", "TRAINING"])
@pytest.mark.parametrize("val", ["val", "valid", "Validation", "dev"])
@pytest.mark.parametrize("test", ["test", "Testing"])
def test_splits_are_known_by_their_usual_names(tmp_path, train, val, test):
    for name, count in ((train, 6), (val, 2), (test, 3)):
        classes(tmp_path / name, count)
    data = load(tmp_path)
    assert (data.classes, sizes(data)) == (("cat", "dog"), [12, 4, 6])


def test_two_folders_for_one_split_are_refused(tmp_path):
    for name in ("train", "val", "valid"):
        classes(tmp_path / name)
    with pytest.raises(UserError, match=r"has val and valid, which both mean the val split: keep one"):
        load(tmp_path)


def test_what_stands_beside_the_splits_is_said(tmp_path):
    classes(tmp_path / "train")
    classes(tmp_path / "extra")
    data = load(tmp_path)
    assert data.classes == ("cat", "dog")
    assert "not read, beside the splits: extra" in data.notes


def test_a_class_may_be_called_as_a_split(tmp_path):
    assert load(classes(tmp_path, names=("bus", "car", "train"))).classes == ("bus", "car", "train")


def test_splits_without_classes_are_refused(tmp_path):
    for name in ("train", "test"):
        photos(tmp_path / name)
    with pytest.raises(UserError, match=r"test must have a sub-folder of images for each class"):
        load(tmp_path)


def test_a_split_without_a_class_is_said_and_used(tmp_path):
    classes(tmp_path / "train", names=("cat", "dog", "eel"))
    classes(tmp_path / "test")
    data = load(tmp_path)
    assert data.classes == ("cat", "dog", "eel")
    assert len(data.test) == 10
    assert "test has no image of eel" in data.notes


def test_a_class_that_train_lacks_is_refused(tmp_path):
    classes(tmp_path / "train")
    classes(tmp_path / "test", names=("cat", "eel"))
    with pytest.raises(UserError, match=r"test/eel is no class of the train folder"):
        load(tmp_path)


@pytest.mark.parametrize("name", [".ipynb_checkpoints", "__MACOSX", "@eaDir", "__pycache__"])
def test_what_systems_leave_does_not_exist(tmp_path, name):
    classes(tmp_path)
    photos(tmp_path / name)
    photos(tmp_path / "cat" / name)
    data = load(tmp_path)
    assert (data.classes, sum(sizes(data)), data.notes) == (("cat", "dog"), 10, ())


def test_images_in_nested_folders_are_their_class(tmp_path):
    classes(tmp_path)
    photos(tmp_path / "cat" / "2019" / "may")
    assert sum(sizes(load(tmp_path))) == 15


def test_links_are_followed_and_loops_ended(tmp_path):
    classes(tmp_path / "set")
    elsewhere = photos(tmp_path / "elsewhere")
    (tmp_path / "set" / "eel").symlink_to(elsewhere)
    photos(tmp_path / "more")
    (tmp_path / "set" / "cat" / "more").symlink_to(tmp_path / "more")
    (tmp_path / "set" / "dog" / "loop").symlink_to(tmp_path / "set" / "dog")
    (tmp_path / "set" / "dog" / "nowhere").symlink_to(tmp_path / "nothing")
    data = load(tmp_path / "set")
    assert (data.classes, sum(sizes(data))) == (("cat", "dog", "eel"), 20)


@pytest.mark.parametrize(
    ("suffix", "kind"),
    [("jfif", "JPEG"), ("JPG", "JPEG"), ("jp2", "JPEG2000"), ("avif", "AVIF"), ("tga", "TGA"), ("whatever", "PNG")],
)
def test_an_image_is_what_pillow_opens(tmp_path, suffix, kind):
    classes(tmp_path)
    photos(tmp_path / "cat" / "more", suffix=suffix, kind=kind)
    assert sum(sizes(load(tmp_path))) == 15


def test_an_image_without_an_ending_is_one(tmp_path):
    classes(tmp_path)
    os.rename(tmp_path / "cat" / "0.png", tmp_path / "cat" / "zero")
    assert sum(sizes(load(tmp_path))) == 10


def test_files_that_are_no_images_are_counted_and_named(tmp_path):
    classes(tmp_path)
    for name in ("notes.txt", "labels.csv", "Thumbs.db", "README"):
        (tmp_path / "cat" / name).write_text("no image")
    (note,) = load(tmp_path).notes
    assert note.startswith("files that are no images, not read: 4 (1 ")
    assert ": cat/" in note
    assert note.endswith("and 1 more)")


def test_copies_within_a_class_count_once(tmp_path):
    classes(tmp_path)
    (tmp_path / "cat" / "Copy of 0.png").write_bytes((tmp_path / "cat" / "0.png").read_bytes())
    data = load(tmp_path)
    assert sum(sizes(data)) == 10
    assert data.notes == ("copies of other images of their class, not read: 1 (cat/Copy of 0.png)",)


def test_images_in_two_classes_are_said(tmp_path):
    classes(tmp_path)
    (tmp_path / "dog" / "x.png").write_bytes((tmp_path / "cat" / "0.png").read_bytes())
    data = load(tmp_path)
    assert sum(sizes(data)) == 11
    assert data.notes == ("images in several classes or splits, byte for byte: 1",)


def test_a_class_with_too_few_images_is_named(tmp_path):
    classes(tmp_path)
    photos(tmp_path / "zebra", 1)
    with pytest.raises(UserError, match=r"at least 3 images to be split, class 'zebra' has 1"):
        load(tmp_path)


def test_the_size_is_the_typical_one(tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        for index, side in enumerate((10, 40, 41, 42, 43, 44)):
            noise = np.random.default_rng(index).integers(0, 256, (side, side + 3, 3), dtype=np.uint8)
            Image.fromarray(noise).save(tmp_path / name / f"{index}.png")
    assert load(tmp_path).image_size == 41
