"""Operations of RandAugment and AutoAugment against torchvision's, image by image."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torchvision.transforms import InterpolationMode, v2

from nas.training.augment.geometry import resampled
from nas.training.augment.policies import MOVES, VALUES, apply_policy
from nas.training.augment.tables import AUTOAUGMENT, OPERATIONS, POLICIES, RANDAUGMENT, strengths
from nas.training.draws import Draws
from nas.training.recipes import RECIPES
from search_spaces import UserError

DOCS = Path(__file__).parents[3] / "docs" / "training.md"


@pytest.fixture(scope="module")
def images():
    smooth = torch.nn.functional.interpolate(
        torch.rand((4, 3, 5, 5), generator=torch.Generator().manual_seed(0)), (16, 16), mode="bicubic"
    )
    return (smooth * 255).clamp(0, 255).round()


def theirs(name, image, strength):
    policy = v2.AutoAugment(interpolation=InterpolationMode.BILINEAR)
    fill = {torch.Tensor: None}
    eight_bits = name in ("Posterize", "Equalize")
    x = image.to(torch.uint8) if eight_bits else image / 255
    y = policy._apply_image_or_video_transform(x, name, strength, InterpolationMode.BILINEAR, fill)
    return y.float() if eight_bits else y * 255


def some_strengths(name):
    row = strengths(10, 16)[list(OPERATIONS).index(name)]
    some = [float(row[level]) for level in (0, 4, 9)]
    return [*some, -some[-1]] if OPERATIONS[name].signed else some


@pytest.mark.parametrize("name", sorted(VALUES))
def test_values_equal_torchvisions(images, name):
    for strength in some_strengths(name):
        ours = VALUES[name](images, torch.full((4,), strength))
        expected = torch.stack([theirs(name, image, strength) for image in images])
        assert (ours - expected).abs().max() <= 0.05, strength  # torchvision's luminance has 0.2989 for red


@pytest.mark.parametrize("name", sorted(MOVES))
def test_moves_equal_torchvisions(images, name):
    for strength in some_strengths(name):
        ours = resampled(images, MOVES[name](torch.full((4,), strength), 16), 16, "zeros")
        expected = torch.stack([theirs(name, image, strength) for image in images])
        assert (ours - expected)[..., 4:12, 4:12].abs().max() <= 0.02, strength


def test_every_image_has_a_strength_of_its_own(images):
    ours = VALUES["Brightness"](images, torch.tensor([0.0, 0.5, -0.5, -1.0]))
    assert torch.equal(ours[0], images[0])
    assert not ours[3].any()


TABLES = json.loads((Path(__file__).parents[2] / "data" / "augmentations.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("policy", "names"), [("RandAugment", RANDAUGMENT), ("AutoAugment", OPERATIONS)])
@pytest.mark.parametrize("side", [8, 32, 224])
def test_strengths_and_signs_equal_torchvisions(policy, names, side):
    bins, space = TABLES["strengths"][policy].values()
    assert set(space) | {"Identity"} == set(names)
    if "Identity" in space:  # an operation is drawn by its place
        assert list(space) == list(names) == list(OPERATIONS)[: len(names)]
    table = dict(zip(OPERATIONS, strengths(bins, side), strict=True))
    for name, expected in space.items():
        levels = expected["levels"][str(side)]
        assert torch.equal(table[name], torch.tensor(levels or [0.0] * bins)), name
        assert OPERATIONS[name].signed == expected["signed"], name


def test_the_pairs_equal_torchvisions():
    assert [[list(step) for step in pair] for pair in AUTOAUGMENT] == TABLES["autoaugment"]
    assert len(AUTOAUGMENT) == 25


def test_every_operation_is_carried_out():
    assert set(OPERATIONS) == {"Identity", *VALUES, *MOVES}


@pytest.mark.parametrize("name", POLICIES)
def test_every_policy_works_and_is_documented(images, name):
    changed = apply_policy(
        images.clone(), Draws(0, 0, torch.arange(4)), replace(RECIPES["plain"], policy=name), torch.zeros(1, 3, 1, 1)
    )
    assert changed.shape == images.shape
    assert torch.equal(changed, images) == (name == "none")
    line = next(line for line in DOCS.read_text(encoding="utf-8").splitlines() if line.startswith("| `policy`"))
    assert f"`{name}`" in line


def test_an_unknown_policy_is_refused():
    with pytest.raises(UserError, match=f"policy: must be one of {', '.join(POLICIES)}, got 'augmix'"):
        replace(RECIPES["plain"], policy="augmix")
