"""The final evaluation of a trained network: the one reading of the test split."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from nas.data.dataset import Data
from nas.module.files import fit_weights, load_weights
from nas.module.network import build
from nas.training.batches import normalised
from nas.training.evaluation import Evaluation, evaluate
from nas.training.settings import Settings
from nas.training.tables import NO_TTA
from nas.training.tta import with_tta
from search_spaces import UserError
from search_spaces.files.codec import Kinds


def final_evaluation(
    weights: Path,
    data: Data,
    parts: Sequence[str],
    settings: Settings,
    blocks: Kinds | None = None,
    alive: Callable[[], None] | None = None,
    tta: str = NO_TTA,
) -> dict[str, Evaluation]:
    """The splits ``parts`` (val, test) by the network whose training ended in the checkpoint ``weights``, with the
    test-time augmentation ``tta``; ``alive`` is called after each batch.

    Raises UserError for weights that cannot be read. Loading runs no code.
    """
    state, trained = load_weights(weights)
    if trained is None:
        raise UserError(f"{weights} does not say what was trained")
    network = trained.network(blocks)
    module = build(network)
    fit_weights(module, state)
    module = with_tta(module, tta).to(settings.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    by, at = (trained.mean, trained.deviation), (network.image_size, network.in_channels, settings.device)
    splits = {part: normalised(getattr(data, part), by, *at) for part in parts}
    return {part: evaluate(module, split, settings, network.classes, alive=alive) for part, split in splits.items()}
