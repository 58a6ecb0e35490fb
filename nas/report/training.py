"""A training as it lies on the disk, for its page: what was trained, each epoch, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nas.report.stored import DEFINITION, EPOCH, augmented, check_shape, stored_summary
from nas.storage import layout
from search_spaces import Architecture
from search_spaces.errors import UserError
from search_spaces.files.codec import from_data, read
from search_spaces.files.outside import outside_blocks
from search_spaces.files.plain_json import parse_json


@dataclass(frozen=True)
class TrainingRun:
    """What ``nas train`` left in a folder: its definition, a mapping for each epoch, and the summary, None before the
    end. Top-1 is a fraction, losses are means, seconds those since the beginning."""

    folder: Path
    definition: Mapping[str, Any]
    epochs: tuple[Mapping[str, Any], ...]
    summary: Mapping[str, Any] | None
    architecture: Architecture | None

    @property
    def name(self) -> str:
        """Name of the folder."""
        return self.folder.resolve().name

    @property
    def begun_from(self) -> str:
        """What its first weights are."""
        if self.definition["weights"] is None:
            return "random weights"
        return self.definition["weights_name"] or "given weights"

    @property
    def augmented(self) -> str:
        """Which test-time augmentation its final scores are with, after a comma; empty without one."""
        return augmented(self.summary or {})

    @property
    def image_size(self) -> int | None:
        """Pixels at which it is trained."""
        size = self.definition["settings"].get("image_size")
        size = size or (self.summary or {}).get("image_size")
        return size or (self.architecture.image_size if self.architecture else None)


def read_training(folder: Path) -> TrainingRun:
    """The training in a folder. Raises UserError where it holds none, or a damaged one."""
    try:
        definition = read(folder / layout.TRAINING)
        metrics, summary = folder / layout.METRICS, folder / layout.SUMMARY
        lines = metrics.read_text(encoding="utf-8").splitlines() if metrics.is_file() else []
        epochs = tuple(parse_json(line) for line in lines if line.endswith("}"))
        ended = stored_summary(summary) if summary.is_file() else None
        check_shape(definition, DEFINITION, str(folder / layout.TRAINING))
        check_shape(list(epochs), [EPOCH], str(metrics))
        known = {name: definition.get(name) for name in (key.removesuffix("?") for key in DEFINITION)}
        return TrainingRun(folder, known, epochs, ended, _architecture(folder, definition.get("blocks")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"{folder}: this training is damaged ({type(error).__name__}: {error})") from None


def _architecture(folder: Path, blocks: str | None) -> Architecture | None:
    """The network; None where blocks from outside are not here."""
    try:
        network = from_data(read(folder / layout.NETWORK), blocks=outside_blocks(blocks))
    except UserError:
        return None
    return network if isinstance(network, Architecture) else None
