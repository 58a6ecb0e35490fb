"""Weights from another implementation of the same network, by following the data.

Neither names nor the order of layers can be trusted across libraries: what can be is which tensor enters a
layer. Each of our layers takes the unused source layer of equal kind and shapes that saw the same input.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from nas.module.layers import GainLayer

CLOSE = 1e-9
MAX_PAIRINGS = 1000
PRODUCTS = ("mul", "mul_", "__mul__", "__rmul__", "__imul__")


@dataclass
class _Seen:
    """A layer with weights of the source, and what entered it."""

    name: str
    layer: nn.Module
    entered: Tensor


class _Unexplained(Exception):
    """No unused source layer saw what entered this layer of ours."""


@dataclass
class _Pairing:
    """Choices among equal candidates, in order of execution, and how many each point had."""

    taken: list[int] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)

    def next(self) -> bool:
        """Go to the next combination; False where all are tried."""
        while self.taken and self.taken[-1] + 1 >= self.counts[len(self.taken) - 1]:
            self.taken.pop()
        if not self.taken:
            return False
        self.taken[-1] += 1
        del self.counts[len(self.taken) :]
        return True


def copy_weights(source: nn.Module, ours: nn.Module, example: Tensor | None = None) -> nn.Module:
    """Copy the source's weights and running statistics into ``ours``, in float64 and evaluation mode.

    ``example`` is one batch (N, C, H, W), by default two random images of 224 px with the input channels of
    the first layer. Both modules come back in their dtype and mode. Returns ``ours``. Raises ValueError that
    names the first layer that nothing explains, or where the outputs differ by more than 1e-9 of the largest.
    """
    if example is None:
        channels = next(weight.shape[1] for weight in source.parameters() if weight.dim() == 4)
        example = torch.randn((2, channels, 224, 224), generator=torch.Generator().manual_seed(0))
    with _in_float64(source), _in_float64(ours), torch.no_grad():
        example = example.double()
        seen, expected = _record(source, example)
        pairing = _Pairing()
        for _ in range(MAX_PAIRINGS):
            try:
                output = _follow(ours, example, seen, pairing)
                problem = _difference(output, expected)
            except _Unexplained as error:
                problem = str(error)
            if problem is None:
                return ours
            if not pairing.next():
                break
    raise ValueError(f"the weights cannot be copied: {problem}")


@contextmanager
def _in_float64(module: nn.Module) -> Iterator[None]:
    dtype, mode = next(module.parameters()).dtype, module.training
    module.double().eval()
    try:
        yield
    finally:
        module.to(dtype).train(mode)


def _leaves(module: nn.Module) -> list[tuple[str, nn.Module]]:
    """Layers that have weights themselves, and no layers with weights inside."""
    return [(name, each) for name, each in module.named_modules() if _has_own(each) and not _has_inner(each)]


def _has_own(module: nn.Module) -> bool:
    return next(module.parameters(recurse=False), None) is not None


def _has_inner(module: nn.Module) -> bool:
    return any(next(child.parameters(), None) is not None for child in module.children())


class _BareScalars(TorchFunctionMode):
    """Sees each product of a tensor with a scalar weight that belongs to no layer, such as SkipInit's gains in
    other libraries, and notes it as the layer that it would be here."""

    def __init__(self, module: nn.Module, seen: list[_Seen]) -> None:
        super().__init__()
        self.seen = seen
        self.bare = {
            id(weight): f"{name}.{own}"
            for name, each in module.named_modules()
            if _has_inner(each)
            for own, weight in each.named_parameters(recurse=False)
        }

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if self.bare and getattr(function, "__name__", "") in PRODUCTS:
            for place, weight in enumerate(args):
                if id(weight) in self.bare:
                    layer = GainLayer(0.0)
                    layer.gain = weight
                    self.seen.append(_Seen(self.bare[id(weight)], layer, args[1 - place].clone()))
        return function(*args, **(kwargs or {}))


def _record(source: nn.Module, example: Tensor) -> tuple[list[_Seen], Tensor]:
    """The source's layers in the order in which they run, with what enters each, and its output."""
    seen: list[_Seen] = []
    handles = [
        layer.register_forward_pre_hook(lambda own, inputs, name=name: seen.append(_Seen(name, own, inputs[0].clone())))
        for name, layer in _leaves(source)
    ]
    try:
        with _BareScalars(source, seen):
            output = source(example)
    finally:
        for handle in handles:
            handle.remove()
    return seen, output


def _follow(ours: nn.Module, example: Tensor, seen: list[_Seen], pairing: _Pairing) -> Tensor:
    """Run ours once, each layer taking its weights just before it runs."""
    used: set[int] = set()
    points = iter(range(len(_leaves(ours))))

    def fill(name: str, layer: nn.Module, entered: Tensor) -> None:
        point = next(points)
        candidates = [index for index, each in enumerate(seen) if index not in used and _fits(each, layer, entered)]
        if not candidates:
            raise _Unexplained(f"no unused layer of the source explains {name}")
        if point >= len(pairing.taken):
            pairing.taken.append(0)
            pairing.counts.append(len(candidates))
        chosen = candidates[pairing.taken[point]]
        used.add(chosen)
        layer.load_state_dict(_like(seen[chosen].layer, layer))

    handles = [
        layer.register_forward_pre_hook(lambda own, inputs, name=name: fill(name, own, inputs[0]))
        for name, layer in _leaves(ours)
    ]
    try:
        output: Tensor = ours(example)
    finally:
        for handle in handles:
            handle.remove()
    return output


def _fits(source: _Seen, layer: nn.Module, entered: Tensor) -> bool:
    own = {name: _flat(weight).shape for name, weight in layer.named_parameters(recurse=False)}
    other = {name: _flat(weight).shape for name, weight in source.layer.named_parameters(recurse=False)}
    theirs = _flat(source.entered)
    if own != other or _flat(entered).shape != theirs.shape or not _alike(source.layer, layer):
        return False
    return bool((_flat(entered) - theirs).abs().max() <= CLOSE * theirs.abs().max())


def _flat(tensor: Tensor) -> Tensor:
    """A 1×1 kernel as a matrix, a 1×1 map as a vector: on these a convolution is a fully connected layer."""
    return tensor[:, :, 0, 0] if tensor.dim() == 4 and tensor.shape[-2:] == (1, 1) else tensor


def _alike(source: nn.Module, layer: nn.Module) -> bool:
    """Equal stride, dilation, groups and eps, where both layers have them."""
    names = [name for name in ("stride", "dilation", "groups", "eps") if hasattr(source, name) and hasattr(layer, name)]
    return all(getattr(source, name) == getattr(layer, name) for name in names)


def _like(source: nn.Module, layer: nn.Module) -> dict[str, Tensor]:
    own = layer.state_dict()
    state = {name: value.reshape(own[name].shape) for name, value in source.state_dict().items() if name in own}
    return {**own, **state}


def _difference(output: Tensor, expected: Tensor) -> str | None:
    worst = float((output - expected).abs().max())
    most = float(expected.abs().max())
    return None if worst <= CLOSE * most else f"the outputs differ by {worst:.3g}, the largest is {most:.3g}"
