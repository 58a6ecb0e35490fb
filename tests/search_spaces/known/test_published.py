"""What is said of the known networks agrees with where it was read."""

from __future__ import annotations

import pytest
import torchvision

from search_spaces.known.networks import names
from search_spaces.known.networks.published import PROVENANCE, PUBLISHED

READ = {
    name: [result for result in published.results if result.source == "torchvision"]
    for name, published in PUBLISHED.items()
    if any(result.source == "torchvision" for result in published.results)
}


def test_every_network_has_its_year_and_a_result():
    assert set(PUBLISHED) == set(names())
    for published in PUBLISHED.values():
        assert 2012 <= published.year <= 2021
        assert published.results
        for result in published.results:
            assert result.provenance in PROVENANCE
            assert result.source
            assert result.where
            assert all(0 < number < 100 for number in (result.top1, result.top5) if number is not None)


@pytest.mark.parametrize("name", READ)
def test_torchvision_s_figures_are_torchvision_s(name):
    model = name.replace("vgg-", "vgg").replace("resnet-", "resnet").replace("-", "_")
    weights = torchvision.models.get_model_weights(model)["IMAGENET1K_V1"]
    metrics = weights.meta["_metrics"]["ImageNet-1K"]
    (result,) = READ[name]
    assert (result.top1, result.top5) == (metrics["acc@1"], metrics["acc@5"])
