"""The one reading of the test split: the final evaluation of a trained network."""

from __future__ import annotations

from pathlib import Path

import torch

from nas.data import Data
from nas.network import build
from nas.training.batches import batches
from nas.training.loop import accuracy
from nas.training.recipe import Recipe
from nas.training.settings import Settings, proxy
from search_spaces import Architecture, UserError


def test_accuracy(architecture: Architecture, data: Data, recipe: Recipe, fixed: Settings, weights: Path) -> float:
    """Top-1 (0 to 1) on the test split of the network whose training ended in the checkpoint ``weights``.

    Raises UserError for weights that cannot be read. Loading runs no code.
    """
    small = proxy(architecture, recipe, fixed.image_size, len(data.classes))
    module = build(small, training=True).to(fixed.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    try:
        state = torch.load(weights, map_location=fixed.device, weights_only=True)
        module.load_state_dict(state["average"] or state["model"])
    except (OSError, RuntimeError, KeyError, TypeError) as error:
        raise UserError(f"{weights} holds no weights of this network: {str(error).splitlines()[0]}") from None
    return accuracy(module, batches(data.test, data, small.image_size, small.in_channels, fixed.device), fixed)
