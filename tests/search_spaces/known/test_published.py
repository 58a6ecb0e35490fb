"""What is said of the known networks agrees with where it was read."""

from __future__ import annotations

import pytest
import torchvision

from search_spaces.known.networks import names
from search_spaces.known.networks.published import PROVENANCE, PUBLISHED

READ = {
    name: [each for each in own.results if each.source == "torchvision"]
    for name, own in PUBLISHED.items()
    if any(each.source == "torchvision" for each in own.results)
}


def test_every_network_has_its_year_and_a_result():
    assert set(PUBLISHED) == set(names())
    for own in PUBLISHED.values():
        assert 2012 <= own.year <= 2021
        assert own.results
        for each in own.results:
            assert each.provenance in PROVENANCE
            assert each.source
            assert each.where
            assert all(0 < number < 100 for number in (each.top1, each.top5) if number is not None)


@pytest.mark.parametrize("name", READ)
def test_torchvision_s_figures_are_torchvision_s(name):
    model = name.replace("vgg-", "vgg").replace("resnet-", "resnet").replace("-", "_")
    weights = torchvision.models.get_model_weights(model)["IMAGENET1K_V1"]
    metrics = weights.meta["_metrics"]["ImageNet-1K"]
    (own,) = READ[name]
    assert (own.top1, own.top5) == (metrics["acc@1"], metrics["acc@5"])
