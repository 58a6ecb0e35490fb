"""Operations of RandAugment and AutoAugment against torchvision's, image by image."""

from __future__ import annotations

import pytest
import torch
from torchvision.transforms import InterpolationMode, v2

from nas.training.augment.geometry import resampled
from nas.training.augment.policies import MOVES, VALUES, _policies, _table


@pytest.fixture(scope="module")
def images():
    smooth = torch.nn.functional.interpolate(
        torch.rand((4, 3, 5, 5), generator=torch.Generator().manual_seed(0)), (16, 16), mode="bicubic"
    )
    return (smooth * 255).clamp(0, 255).round()


def theirs(name, image, strength):
    own = v2.AutoAugment(interpolation=InterpolationMode.BILINEAR)
    fill = {torch.Tensor: None}
    eight_bits = name in ("Posterize", "Equalize")
    x = image.to(torch.uint8) if eight_bits else image / 255
    y = own._apply_image_or_video_transform(x, name, strength, InterpolationMode.BILINEAR, fill)
    return y.float() if eight_bits else y * 255


def strengths(name):
    names, table, signed = _table("AutoAugment", 10, 16)
    row = table[names.index(name)]
    some = [float(row[at]) for at in (0, 4, 9)]
    return [*some, -some[-1]] if bool(signed[names.index(name)]) else some


@pytest.mark.parametrize("name", sorted(VALUES))
def test_values_equal_torchvisions(images, name):
    for strength in strengths(name):
        ours = VALUES[name](images, torch.full((4,), strength))
        expected = torch.stack([theirs(name, each, strength) for each in images])
        assert (ours - expected).abs().max() <= 0.05, strength  # torchvision's luminance has 0.2989 for red


@pytest.mark.parametrize("name", sorted(MOVES))
def test_moves_equal_torchvisions(images, name):
    for strength in strengths(name):
        ours = resampled(images, MOVES[name](torch.full((4,), strength), 16), 16, "zeros")
        expected = torch.stack([theirs(name, each, strength) for each in images])
        assert (ours - expected)[..., 4:12, 4:12].abs().max() <= 0.02, strength


def test_each_image_has_its_own_strength(images):
    ours = VALUES["Brightness"](images, torch.tensor([0.0, 0.5, -0.5, -1.0]))
    assert torch.equal(ours[0], images[0])
    assert not ours[3].any()


def test_autoaugment_has_25_pairs_of_known_operations():
    names, _, _ = _table("AutoAugment", 10, 16)
    assert len(_policies()) == 25
    assert {name for pair in _policies() for name, _, _ in pair} <= set(names)
    assert set(names) == {"Identity", *VALUES, *MOVES}
