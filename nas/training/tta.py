"""Test-time augmentation: nothing is augmented in a test unless it is asked for, and whoever asks is told."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from nas.training.tables import NO_TTA, TTA
from search_spaces.values import KeyRule, checked


class Augmented(nn.Module):
    """A classifier with the test-time augmentation ``tta``, of :data:`nas.training.tables.TTA`."""

    def __init__(self, module: nn.Module, tta: str) -> None:
        super().__init__()
        self.module, self.tta = module, tta

    def forward(self, x: Tensor) -> Any:
        return TTA[self.tta].logits(self.module, x)


def with_tta(module: nn.Module, tta: str) -> nn.Module:
    """The classifier with a test-time augmentation. Raises UserError for an unknown one."""
    checked(KeyRule(TTA), tta, "tta")
    return module if tta == NO_TTA else Augmented(module, tta)


def tta_notes(tta: str) -> tuple[str, ...]:
    """What a reader of the numbers must know."""
    return () if tta == NO_TTA else (f"test-time augmentation {tta}: every image is computed {TTA[tta].passes} times",)
