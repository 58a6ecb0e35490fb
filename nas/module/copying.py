"""Weights from another implementation of the same network, by following the data.

Neither names nor the order of layers can be trusted across libraries: what can be is which tensor enters a
layer. Each of our layers takes the unused source layer of equal kind and shapes that saw the same input.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from nas.module.layers import GainLayer

TOLERANCE = 1e-9  # in shares of the largest value
MAX_PAIRINGS = 1000
PRODUCTS = ("mul", "mul_", "__mul__", "__rmul__", "__imul__")


@dataclass(frozen=True, eq=False)
class _Call:
    """A layer of the source that has weights, and what entered it."""

    layer: nn.Module
    input: Tensor


class _Unexplained(Exception):
    """No unused source layer saw what entered this layer of ours."""


@dataclass
class _Pairing:
    """Which candidate each of our layers takes, in order of execution, and how many it had to choose from."""

    taken: list[int] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)

    def advance(self) -> bool:
        """Go to the next combination; False where all have been tried."""
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
        channels = next((layer.in_channels for layer in source.modules() if isinstance(layer, nn.Conv2d)), 3)
        example = torch.randn((2, channels, 224, 224), generator=torch.Generator().manual_seed(0))
    with _in_float64(source), _in_float64(ours), torch.no_grad():
        example = example.double()
        calls, expected = _record(source, example)
        pairing = _Pairing()
        for _ in range(MAX_PAIRINGS):
            try:
                output = _follow(ours, example, calls, pairing)
                problem = _difference(output, expected)
            except _Unexplained as error:
                problem = str(error)
            if problem is None:
                return ours
            if not pairing.advance():
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
    return [
        (name, layer)
        for name, layer in module.named_modules()
        if list(layer.parameters(recurse=False)) and not _contains_layers(layer)
    ]


def _contains_layers(module: nn.Module) -> bool:
    return any(next(child.parameters(), None) is not None for child in module.children())


class _BareScalars(TorchFunctionMode):
    """Notes each product of a tensor with a scalar weight that belongs to no layer, such as SkipInit's gains in
    other libraries, as a call of the layer that it would be here."""

    def __init__(self, module: nn.Module, calls: list[_Call]) -> None:
        super().__init__()
        self.calls = calls
        parents = (parent for parent in module.modules() if _contains_layers(parent))
        self.bare = {id(weight) for parent in parents for weight in parent.parameters(recurse=False)}

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if self.bare and len(args) == 2 and getattr(function, "__name__", "") in PRODUCTS:
            for factor, other in (args, args[::-1]):
                if id(factor) in self.bare:
                    layer = GainLayer(0.0)
                    layer.gain = factor
                    self.calls.append(_Call(layer, other.clone()))
        return function(*args, **(kwargs or {}))


@contextmanager
def _before_each_layer(module: nn.Module, do: Callable[[str, nn.Module, Tensor], None]) -> Iterator[None]:
    """Calls ``do`` with name, layer and input whenever a layer with weights is about to run."""
    handles = [
        layer.register_forward_pre_hook(lambda layer, inputs, name=name: do(name, layer, inputs[0]))
        for name, layer in _leaves(module)
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _record(source: nn.Module, example: Tensor) -> tuple[list[_Call], Tensor]:
    """The calls of the source's layers in the order in which they run, and its output."""
    calls: list[_Call] = []

    def note(_: str, layer: nn.Module, x: Tensor) -> None:
        calls.append(_Call(layer, x.clone()))

    with _before_each_layer(source, note), _BareScalars(source, calls):
        return calls, source(example)


def _follow(ours: nn.Module, example: Tensor, calls: list[_Call], pairing: _Pairing) -> Tensor:
    """Run ours once, each layer taking its weights just before it runs."""
    used: set[int] = set()
    points = itertools.count()

    def fill(name: str, layer: nn.Module, x: Tensor) -> None:
        candidates = [index for index, call in enumerate(calls) if index not in used and _fits(call, layer, x)]
        if not candidates:
            raise _Unexplained(f"no unused layer of the source explains {name}")
        point = next(points)
        if point >= len(pairing.taken):
            pairing.taken.append(0)
            pairing.counts.append(len(candidates))
        chosen = candidates[pairing.taken[point]]
        used.add(chosen)
        layer.load_state_dict(_like(calls[chosen].layer, layer))

    with _before_each_layer(ours, fill):
        output: Tensor = ours(example)
    return output


def _fits(call: _Call, layer: nn.Module, x: Tensor) -> bool:
    """Whether the source's layer has the shapes and attributes of ours, and saw the same input."""
    if _shapes(call.layer) != _shapes(layer) or not _alike(call.layer, layer):
        return False
    ours, theirs = _flat(x), _flat(call.input)
    return ours.shape == theirs.shape and bool((ours - theirs).abs().max() <= TOLERANCE * theirs.abs().max())


def _shapes(layer: nn.Module) -> dict[str, torch.Size]:
    return {name: _flat(weight).shape for name, weight in layer.named_parameters(recurse=False)}


def _flat(tensor: Tensor) -> Tensor:
    """A 1×1 kernel as a matrix, a 1×1 map as a vector: on these a convolution is a fully connected layer."""
    return tensor[:, :, 0, 0] if tensor.dim() == 4 and tensor.shape[-2:] == (1, 1) else tensor


def _alike(source: nn.Module, layer: nn.Module) -> bool:
    """Equal stride, dilation, groups and eps, where both layers have them."""
    names = [name for name in ("stride", "dilation", "groups", "eps") if hasattr(source, name) and hasattr(layer, name)]
    return all(_sides(getattr(source, name)) == _sides(getattr(layer, name)) for name in names)


def _sides(value: Any) -> Any:
    """A number for both sides and a list of two as a pair; packages write either."""
    return tuple(value) if isinstance(value, list | tuple) else (value, value)


def _like(source: nn.Module, layer: nn.Module) -> dict[str, Tensor]:
    """The state of our layer with the values of the source's, in our shapes."""
    ours = layer.state_dict()
    return ours | {name: value.reshape(ours[name].shape) for name, value in source.state_dict().items() if name in ours}


def _difference(output: Tensor, expected: Tensor) -> str | None:
    """Why the outputs are not the same, None where they are."""
    difference, largest = float((output - expected).abs().max()), float(expected.abs().max())
    if difference <= TOLERANCE * largest:
        return None
    return f"the outputs differ by {difference:.3g}, the largest is {largest:.3g}"
