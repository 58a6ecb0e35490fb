"""The libraries' own models of the known networks."""

from __future__ import annotations

from functools import partial
from typing import Any

import timm
import torch
import torchvision


def _torchvision(name: str, **options: Any) -> Any:
    return partial(getattr(torchvision.models, name), **options)


def _timm(name: str, **options: Any) -> Any:
    return partial(timm.create_model, name, **options)


WITHOUT_AUX = {"aux_logits": False, "init_weights": False}
PLAIN = {"init_weights": False}
# Name of the network here: what makes the library's model of it.
MODELS = {
    "alexnet": _torchvision("alexnet"),
    **{f"vgg-{depth}": _torchvision(f"vgg{depth}", **PLAIN) for depth in (11, 13, 16, 19)},
    **{f"vgg-{depth}-bn": _torchvision(f"vgg{depth}_bn", **PLAIN) for depth in (11, 13, 16, 19)},
    "googlenet": _torchvision("googlenet", **WITHOUT_AUX),
    "inception-v3": _torchvision("inception_v3", **WITHOUT_AUX),
    "inception-v4": _timm("inception_v4"),
    "inception-resnet-v2": _timm("inception_resnet_v2"),
    **{f"resnet-{depth}": _torchvision(f"resnet{depth}") for depth in (18, 34, 50, 101, 152)},
    "preact-resnet-200": _timm("resnetv2_50", layers=[3, 24, 36, 3]),
    "resnext-50-32x4d": _torchvision("resnext50_32x4d"),
    "wide-resnet-50-2": _torchvision("wide_resnet50_2"),
    "se-resnet-50": _timm("seresnet50"),
    "senet-154": _timm("legacy_senet154"),
    "mobilenet-v1": _timm("mobilenetv1_100"),
    "mobilenet-v2": _torchvision("mobilenet_v2"),
    "mnasnet-a1": _timm("semnasnet_100"),
    "mnasnet-b1": _torchvision("mnasnet1_0"),
    **{f"efficientnet-b{variant}": _torchvision(f"efficientnet_b{variant}") for variant in range(8)},
    "efficientnet-b8": _timm("efficientnet_b8", bn_eps=1e-3),  # the paper's, as torchvision has from B5 on
    "efficientnet-l2": _timm("efficientnet_l2", bn_eps=1e-3),
    **{f"efficientnetv2-{variant}": _torchvision(f"efficientnet_v2_{variant}") for variant in "sml"},
    **{f"nfnet-f{variant}": _timm(f"dm_nfnet_f{variant}") for variant in range(7)},
}


def without_dropping(model: torch.nn.Module) -> torch.nn.Module:
    """The model with every rate of dropout and stochastic depth at zero."""
    for layer in model.modules():
        for rate in ("p", "drop_rate", "drop_prob"):
            if isinstance(getattr(layer, rate, None), float):
                setattr(layer, rate, 0.0)
    return model
