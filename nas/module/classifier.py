"""What classifies images: a network of torch with its weights, or an exported ONNX file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nas.module.loading import LoadedNetwork, load_network
from search_spaces.errors import UserError

if TYPE_CHECKING:
    from nas.module.onnx_network import OnnxNetwork

SUFFIX = ".onnx"


def load_classifier(
    source: str | Path,
    weights: str | Path | None = None,
    blocks: str | None = None,
    *,
    image_size: int | None = None,
    classes: int | None = None,
) -> LoadedNetwork | OnnxNetwork:
    """The ONNX file ``source``, or as :func:`load_network`. Raises UserError also for weights or another image size
    beside an ONNX file, which has its own."""
    path = Path(source)
    if path.suffix.lower() != SUFFIX or path.is_dir():
        return load_network(source, weights, blocks, image_size=image_size, classes=classes)
    from nas.module.onnx_network import load_onnx

    if weights is not None:
        raise UserError(f"{source} has its weights in it", "weights")
    network = load_onnx(path)
    if image_size not in (None, network.image_size):
        raise UserError(f"{source} takes images of {network.image_size} px, got {image_size}", "image_size")
    return network
