"""Whitening of the first convolution."""

from __future__ import annotations

import pytest
import torch
from split_batches import batches
from torch import nn
from torch.nn import functional as F

from nas.training.whitening import EPS, whiten


@pytest.fixture
def images(noisy):
    return batches(noisy.train, noisy, noisy.image_size, 3)


def test_the_first_convolution_whitens_patches(images):
    values = 3 * 2 * 2
    module = nn.Sequential(nn.Conv2d(3, 2 * values, 2, bias=False), nn.Conv2d(2 * values, 4, 1))
    second = module[1].weight.clone()
    whiten(module, images)
    x = torch.cat([x for x, _ in images.evaluation(64)])
    with torch.no_grad():
        y = module[0](x).transpose(0, 1).flatten(1).double()
    patches = F.unfold(x, 2).transpose(1, 2).flatten(0, 1).double()
    variances = torch.linalg.eigvalsh(patches.T @ patches / len(patches)).flip(0)
    moments = y[:values] @ y[:values].T / y.shape[1]
    torch.testing.assert_close(moments, torch.diag(variances / (variances + EPS)), atol=1e-3, rtol=0)
    assert torch.equal(module[0].weight[values:], -module[0].weight[:values])
    assert torch.equal(module[1].weight, second)


def test_filters_that_are_left_over_and_groups_stay_as_they_are(images):
    wide, grouped = nn.Conv2d(3, 100, 1), nn.Conv2d(3, 6, 3, groups=3)
    before = wide.weight.clone(), grouped.weight.clone()
    whiten(nn.Sequential(wide), images)
    whiten(nn.Sequential(grouped), images)
    assert torch.equal(wide.weight[6:], before[0][6:])
    assert not torch.equal(wide.weight[:6], before[0][:6])
    assert torch.equal(grouped.weight, before[1])
