"""Weights of the known networks as torchvision and timm name them."""

from __future__ import annotations

from importlib import import_module

import torch
from torch import nn

from nas.module.copying import copy_weights
from nas.module.files import State
from nas.module.network import build
from search_spaces import Architecture

# A known network, and what builds the library's own module of it: torchvision's function, or timm's name.
LIBRARIES: dict[str, tuple[str, ...]] = {
    "alexnet": ("torchvision:alexnet",),
    **{f"vgg-{depth}": (f"torchvision:vgg{depth}",) for depth in (11, 13, 16, 19)},
    **{f"vgg-{depth}-bn": (f"torchvision:vgg{depth}_bn",) for depth in (11, 13, 16, 19)},
    "googlenet": ("torchvision:googlenet",),
    "inception-v3": ("torchvision:inception_v3", "timm:inception_v3"),
    "inception-v4": ("timm:inception_v4",),
    "inception-resnet-v2": ("timm:inception_resnet_v2",),
    **{f"resnet-{depth}": (f"torchvision:resnet{depth}",) for depth in (18, 34, 50, 101, 152)},
    "resnext-50-32x4d": ("torchvision:resnext50_32x4d",),
    "wide-resnet-50-2": ("torchvision:wide_resnet50_2",),
    "se-resnet-50": ("timm:seresnet50",),
    "senet-154": ("timm:legacy_senet154",),
    "mobilenet-v1": ("timm:mobilenetv1_100",),
    "mobilenet-v2": ("torchvision:mobilenet_v2", "timm:mobilenetv2_100"),
    "mnasnet-a1": ("timm:semnasnet_100",),
    "mnasnet-b1": ("torchvision:mnasnet1_0", "timm:mnasnet_100"),
    **{
        f"efficientnet-b{size}": (f"torchvision:efficientnet_b{size}", f"timm:efficientnet_b{size}")
        for size in range(5)
    },
    **{f"efficientnet-b{size}": (f"torchvision:efficientnet_b{size}",) for size in (5, 6, 7)},
    **{f"efficientnetv2-{size}": (f"torchvision:efficientnet_v2_{size}",) for size in "sml"},
    **{f"nfnet-f{size}": (f"timm:dm_nfnet_f{size}",) for size in range(7)},
}


COUNT = "num_batches_tracked"
WITHOUT_AUX = {"aux_logits": False, "init_weights": False}


def translated(name: str, architecture: Architecture, state: State) -> State | None:
    """A library's weights of the known network ``name`` under our names; None where they are none of these.

    Raises ValueError where the library's network computes something else than ours.
    """
    for spec in LIBRARIES.get(name, ()):
        module = library_module(spec, architecture.classes)
        if module is not None and _fits(module, state):
            with torch.no_grad():
                for key, tensor in module.state_dict().items():
                    tensor.copy_(state.get(key, tensor))
            return dict(copy_weights(module, build(architecture)).state_dict())
    return None


def library_module(spec: str, classes: int) -> nn.Module | None:
    """The library's module, without auxiliary classifiers; None where the library is not installed."""
    library, _, name = spec.partition(":")
    try:
        if library == "timm":
            model: nn.Module = import_module("timm").create_model(name, num_classes=classes)
        else:
            options = {"aux_logits": False} if name in ("googlenet", "inception_v3") else {}
            options |= (
                {} if name.startswith(("resn", "wide", "mobile", "eff", "alex", "mnas")) else {"init_weights": False}
            )
            model = getattr(import_module("torchvision.models"), name)(num_classes=classes, **options)
    except ImportError:
        return None
    return model


def _fits(module: nn.Module, state: State) -> bool:
    """Whether these are the weights of the module, in its shapes; a count of batches may be missing, and auxiliary
    classifiers be there."""
    expected = module.state_dict()
    needed = {name: tensor.shape for name, tensor in expected.items() if not name.endswith(COUNT)}
    there = {name: tensor.shape for name, tensor in state.items() if not name.endswith(COUNT)}
    return needed == {name: shape for name, shape in there.items() if not name.lower().startswith("aux")}
