from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from nas.training.evaluation import Evaluation, count, evaluate
from nas.training.settings import Settings

FIXED = Settings("cpu", "float32", True, 7, 1, 8, 1)


class Pieces:
    """Logits as images: what :class:`nn.Identity` makes of them is known."""

    side = 8

    def __init__(self, logits, labels):
        self.logits, self.labels = logits, labels

    def evaluation(self, batch, part=0, parts=1):
        pieces = (each[part::parts].split(7) for each in (self.logits, self.labels))
        yield from zip(*pieces, strict=True)


@pytest.fixture
def known():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(40, 8, generator=generator), torch.randint(0, 7, (40,), generator=generator)


def test_every_batch_is_a_sign_of_life(known):
    signs = []
    evaluate(nn.Identity(), Pieces(*known), FIXED, 8, alive=lambda: signs.append(1))
    assert len(signs) == 6  # 40 images in pieces of 7


def test_every_figure_equals_a_plain_count(known):
    logits, labels = known
    found = evaluate(nn.Identity(), Pieces(logits, labels), FIXED, 8)
    predicted = logits.argmax(1)
    assert found.images == 40
    assert found.top1 == float((predicted == labels).sum()) / 40
    assert found.loss == pytest.approx(float(F.cross_entropy(logits, labels)), rel=1e-6)
    order = logits.argsort(1, descending=True)[:, :5]
    assert found.top5 == sum(int(label) in row.tolist() for label, row in zip(labels, order, strict=True)) / 40
    for true in range(8):
        own = predicted[labels == true]
        assert found.confusion[true] == tuple(int((own == each).sum()) for each in range(8))
        assert found.per_class[true] == (float((own == true).float().mean()) if len(own) else None)
    assert found.per_class[7] is None
    assert found.images_per_second > 0


def test_counts_of_parts_add_up(known):
    logits, labels = known
    whole = count(nn.Identity(), Pieces(logits, labels), FIXED, 8)
    parts = [count(nn.Identity(), Pieces(logits[i::2], labels[i::2]), FIXED, 8) for i in range(2)]
    for name in whole:
        parts[0][name] += parts[1][name]  # in place, as an all-reduce does
    ours, theirs = Evaluation.of(parts[0], 1.0), Evaluation.of(whole, 1.0)
    assert ours.confusion == theirs.confusion
    assert (ours.top1, ours.top5, ours.images_per_second) == (theirs.top1, theirs.top5, 40.0)
    assert ours.loss == pytest.approx(theirs.loss, rel=1e-6)


def test_five_classes_have_no_top5_and_no_images_are_refused():
    logits = torch.eye(5)
    assert evaluate(nn.Identity(), Pieces(logits, torch.arange(5)), FIXED, 5).top5 is None
    with pytest.raises(ValueError, match="at least one image"):
        evaluate(nn.Identity(), Pieces(logits[:0], torch.arange(0)), FIXED, 5)


def test_the_module_is_put_in_evaluation_mode_and_batches_are_read(network, noisy):
    from split_batches import batches

    from nas.module.network import build

    module = build(network.at(8, 3)).train()
    split = batches(noisy.val, noisy, 8, 3, "cpu")
    found = evaluate(module, split, FIXED, 3)
    assert not module.training
    assert found.images == 24
    [(x, labels)] = split.evaluation(24)
    assert found.top1 == int((module(x).argmax(1) == labels).sum()) / 24


def test_balanced_top1_is_the_mean_over_classes_that_have_images():
    confusion = torch.tensor([[9, 1, 0], [1, 1, 0], [0, 0, 0]])
    counts = {"confusion": confusion, "top5": torch.tensor(0), "loss": torch.tensor(1.0)}
    facts = Evaluation.of(counts, 1.0).facts(("a", "b", "c"))
    assert facts["top1"] == pytest.approx(10 / 12)
    assert facts["balanced_top1"] == pytest.approx((0.9 + 0.5) / 2)
