"""A network that the user names, as a file that other programs run."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from nas.module.layers import GainLayer
from nas.module.loading import LoadedNetwork, load_architecture, load_network, weights_of
from nas.module.network import Network, build
from nas.module.onnx import OPSET, Exported, export_onnx
from search_spaces import Architecture, UserError


def export(
    source: str | Path,
    path: str | Path | None = None,
    *,
    weights: str | Path | None = None,
    image_size: int | None = None,
    opset: int = OPSET,
    blocks: str | None = None,
) -> Exported:
    """Write the network ``source`` (:func:`nas.load_network`) as ONNX, to its name and .onnx by default.

    Without weights of its own or in the file ``weights`` it gets random ones. Raises UserError where the path exists
    and for what :func:`export_onnx` refuses, ExportFailed where the file does not compute what torch computes.
    """
    if weights is not None or weights_of(source) is not None:
        network = load_network(source, weights, blocks, image_size=image_size)
    else:
        name, architecture = load_architecture(source, blocks)
        architecture = architecture.at(image_size)
        network = LoadedNetwork(name, architecture, with_random_weights(architecture), None, None)
    path = Path(f"{network.name}.onnx" if path is None else path)
    if path.exists():
        raise UserError(f"{path}: this file exists")
    return export_onnx(network, path, opset)


def with_random_weights(architecture: Architecture, seed: int = 0) -> Network:
    """The network with random weights that a comparison can fail on: weights that keep the signal's size through
    depth (He et al. 2015), batch norms with the statistics of four random images, a scale of 1/2 and a shift of 1/2,
    and 1 for gains that start at 0, which would hide their branch. Without the shift, by which most values pass a ReLU
    unchanged, a deep network is chaotic: float32's own rounding grows to 5e-4 of a ResNet-152's largest logit. With
    torch's own weights, logits of a VGG or a B0 hardly depend on the image."""
    with torch.random.fork_rng([]), torch.no_grad():
        torch.manual_seed(seed)
        module = build(architecture, dropout=0, drop_path=0)
        for layer in module.modules():
            if isinstance(layer, (nn.Conv2d, nn.Linear)):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if isinstance(layer, nn.BatchNorm2d):
                nn.init.constant_(layer.weight, 0.5)
                nn.init.constant_(layer.bias, 0.5)
                layer.momentum = None  # a plain mean of all batches seen: of one
            if isinstance(layer, GainLayer):
                layer.gain.copy_(torch.where(layer.gain == 0, 1.0, layer.gain))
        module.train()(torch.randn(4, architecture.in_channels, architecture.image_size, architecture.image_size))
    return module.eval()
