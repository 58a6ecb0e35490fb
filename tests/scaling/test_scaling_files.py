from __future__ import annotations

import pytest
import yaml

from scaling import save_scaled, scale
from scaling.files import holds
from search_spaces import digest, load

B0 = load("efficientnet-b0")
RECIPE = {"name": "modern", "epochs": 44, "lr": 0.1}


@pytest.mark.parametrize("suffix", ["yaml", "json"])
def test_a_saved_member_loads_and_says_where_it_came_from_and_how_to_train_it(tmp_path, suffix):
    scaled = scale(B0, target="1GFLOPs")
    path = save_scaled(scaled, tmp_path / f"b.{suffix}", B0, "efficientnet-b0", RECIPE)
    assert load(path) == scaled.architecture
    data = yaml.safe_load(path.read_text())
    about = data["provenance"]
    assert about["base_digest"] == digest(B0)
    assert (about["way"], about["phi"], about["realised_ratio"]) == ("target", scaled.phi, scaled.ratio)
    assert about["target"] == ["1GFLOPs"]
    assert data["recipe"] == RECIPE
    assert holds(path, scaled, B0, "efficientnet-b0", RECIPE)


def test_a_file_that_holds_something_else_is_told(tmp_path):
    scaled, path = scale(B0, phi=1.5), tmp_path / "b.yaml"
    assert not holds(path, scaled, B0)
    save_scaled(scaled, path, B0)
    assert holds(path, scaled, B0)
    assert not holds(path, scaled, B0, recipe=RECIPE)
    assert not holds(path, scale(B0, phi=2), B0)
    path.write_text("schema: [")
    assert not holds(path, scaled, B0)
