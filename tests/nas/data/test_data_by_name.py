"""What holds for every data set in the table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from random_images import drawn, fashion

from nas.data.by_name import DATA_SETS, load_data
from search_spaces import UserError

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture
def files(root, cifar):
    """Files of every data set in the table, and how a user asks for each."""
    fashion(root / "fashion-mnist")
    drawn(root / "imagenet" / "train", count=20)
    drawn(root / "imagenet" / "val")
    drawn(root / "photos")
    pixels = np.random.default_rng(0).integers(0, 256, (30, 8, 8), dtype=np.uint8)
    np.savez(root / "set.npz", images=pixels, labels=np.arange(30) % 3)
    return {"folder:PATH": f"folder:{root / 'photos'}", "npz:FILE": f"npz:{root / 'set.npz'}"}


@pytest.mark.parametrize("form", DATA_SETS)
def test_every_data_set_has_splits_of_uint8_images_and_labels(files, form):
    data = load_data(files.get(form, form))
    assert data.digest == load_data(files.get(form, form)).digest
    for split in (data.train, data.val, data.test):
        image = split.read(len(split) - 1)
        assert image.dtype == np.uint8
        assert image.shape == (data.channels, data.image_size, data.image_size)
        assert sorted(set(split.labels)) == list(range(len(data.classes)))
    assert load_data(files.get(form, form), seed=1).digest != data.digest


@pytest.mark.parametrize("form", DATA_SETS)
def test_every_data_set_is_in_the_help_and_in_the_docs(form, nas):
    for command in ("search", "train", "evaluate"):
        assert form in " ".join(nas(command, "--help").out.split())
    assert f"`{form}`" in (DOCS / "training.md").read_text()


@pytest.mark.parametrize("form", DATA_SETS)
def test_a_path_is_given_where_it_belongs_and_nowhere_else(form):
    kind, colon, _ = form.partition(":")
    for spec in (kind, f"{kind}:") if colon else (f"{kind}:", f"{kind}:x"):
        with pytest.raises(UserError, match="data must be "):
            load_data(spec)
