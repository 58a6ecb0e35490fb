"""A network as a list of primitive operations, written by the blocks' traces.

Every number and every module derives from this list. A trace may branch on stride, channels and position,
never on the size of a map: nodes and weights are the same at every image size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import Any

from search_spaces.errors import UserError
from search_spaces.network import ops
from search_spaces.network.activations import NO_ACT, act_gain
from search_spaces.network.defaults import Defaults, Normalization, WeightStandardization
from search_spaces.network.ops import Op, Shape


@dataclass(frozen=True)
class Tensor:
    """The output of node ``index``; ``shape`` is (channels, height, width) or (features,)."""

    index: int
    shape: Shape

    @property
    def channels(self) -> int:
        return self.shape[0]


@dataclass(frozen=True)
class Node:
    """One operation on the outputs of earlier nodes. ``name`` is its place: ``stages.1.0.expand.conv``."""

    op: Op
    inputs: tuple[int, ...]
    input_shapes: tuple[Shape, ...]
    shape: Shape
    name: str

    @cached_property
    def weights(self) -> tuple[tuple[str, Shape], ...]:
        return self.op.weights(*self.input_shapes)

    @cached_property
    def params(self) -> int:
        return sum(prod(shape) for _, shape in self.weights)

    @cached_property
    def macs(self) -> int:
        return self.op.macs(self.shape, *self.input_shapes)


@dataclass(frozen=True)
class Position:
    """Where a block stands: ``index`` of ``repeats`` in its stage, after a stage of ``previous`` blocks."""

    index: int = 0
    repeats: int = 1
    previous: int = 0

    @property
    def first(self) -> bool:
        return self.index == 0

    @property
    def last(self) -> bool:
        return self.index == self.repeats - 1


class Graph:
    """A graph under construction. Each method appends one primitive and returns its output.

    Values left None come from the network's ``defaults``. Operations that would change nothing (a scale of 1,
    dropout at a rate of 0, the concatenation of one map) are not appended. Raises UserError where shapes do not fit.
    """

    def __init__(self, defaults: Defaults | None = None) -> None:
        self.nodes: list[Node] = []
        self.outputs: list[int] = []
        self.entries: set[int] = set()
        self.defaults = defaults or Defaults()
        self._scope = ""
        self._names: dict[str, int] = {}

    @contextmanager
    def scope(self, name: str) -> Iterator[None]:
        """Names of the nodes appended inside begin with ``name``."""
        outer, self._scope = self._scope, f"{self._named(name)}."
        try:
            yield
        finally:
            self._scope = outer

    def _named(self, name: str) -> str:
        """The whole name of what is called ``name`` in this scope, and numbered where others are called so."""
        whole = self._scope + name
        count = self._names[whole] = self._names.get(whole, 0) + 1
        return whole if count == 1 else f"{whole}_{count}"

    def append(self, op: Op, *inputs: Tensor, name: str) -> Tensor:
        """Append any operation; the named methods below are its usual forms."""
        shapes = tuple([x.shape for x in inputs])
        name = self._named(name)
        try:
            shape = op.shape(*shapes)
        except UserError as error:
            raise error.under(name) from None
        self.nodes.append(Node(op, tuple([x.index for x in inputs]), shapes, shape, name))
        return Tensor(len(self.nodes) - 1, shape)

    def input(self, shape: Shape) -> Tensor:
        return self.enter(self.append(ops.Input(shape), name="input"))

    def enter(self, x: Tensor) -> Tensor:
        """Mark ``x`` as what a block receives: no activation may overwrite it."""
        self.entries.add(x.index)
        return x

    def conv(
        self,
        x: Tensor,
        out: int,
        kernel: Any,
        *,
        stride: int = 1,
        groups: int = 1,
        dilation: int = 1,
        padding: Any = None,
        bias: bool | None = None,
        norm: Normalization | None = None,
        name: str = "conv",
    ) -> Tensor:
        """Convolution; ``kernel`` is a side or a pair (height, width), ``padding`` as in the defaults.

        It has a bias where ``norm`` (what will follow it) is no batch norm, and standardised weights where
        ``norm`` says so.
        """
        sides = kernel if isinstance(kernel, tuple) else (kernel, kernel)
        norm = norm or self.defaults.norm
        padding = self._padding(padding, sides, stride, dilation)
        bias = self._bias(norm) if bias is None else bias
        op = ops.Conv(out, sides, stride, padding, dilation, groups, bias)
        if isinstance(norm, WeightStandardization):
            scale = 1.0 if norm.gain_in == "act" else act_gain(self.defaults.act)
            op = replace(op, standardize=scale, standardize_eps=norm.eps)
        return self.append(op, x, name=name)

    def norm(self, x: Tensor, kind: Normalization | None = None, name: str = "norm") -> Tensor:
        """Normalisation of ``kind``; nothing where this is none, or of the weights."""
        op = (kind or self.defaults.norm).op()
        return x if op is None else self.append(op, x, name=name)

    def act(self, x: Tensor, function: str | None = None, name: str = "act", plain: bool = False) -> Tensor:
        """Activation, with the gain that a normaliser-free network gives it unless ``plain``; "none" is nothing."""
        function = function or self.defaults.act
        if function == NO_ACT:
            return x
        y = self.append(ops.Act(function), x, name=name)
        norm = self.defaults.norm
        gained = isinstance(norm, WeightStandardization) and norm.gain_in == "act" and not plain
        return self.scale(y, act_gain(function)) if gained else y

    def norm_act(self, x: Tensor, act: str | None = None, norm: Normalization | None = None) -> Tensor:
        """Norm and activation; local response normalisation comes after the activation."""
        if (norm or self.defaults.norm).after_act:
            return self.norm(self.act(x, act), norm)
        return self.act(self.norm(x, norm), act)

    def conv_norm(
        self, x: Tensor, out: int, kernel: Any, *, norm: Normalization | None = None, name: str = "conv", **options: Any
    ) -> Tensor:
        """Convolution and norm, under one name; options as for ``conv``."""
        with self.scope(name):
            return self.norm(self.conv(x, out, kernel, norm=norm, **options), norm)

    def conv_norm_act(
        self,
        x: Tensor,
        out: int,
        kernel: Any,
        *,
        act: str | None = None,
        norm: Normalization | None = None,
        name: str = "conv",
        **options: Any,
    ) -> Tensor:
        """Convolution, norm and activation, under one name; options as for ``conv``."""
        with self.scope(name):
            return self.norm_act(self.conv(x, out, kernel, norm=norm, **options), act, norm)

    def linear(self, x: Tensor, out: int, bias: bool = True, name: str = "linear") -> Tensor:
        return self.append(ops.Linear(out, bias), x, name=name)

    def pool(
        self,
        x: Tensor,
        mode: str,
        kernel: int,
        *,
        stride: int = 1,
        padding: Any = None,
        ceil: bool = False,
        count_include_pad: bool = False,
    ) -> Tensor:
        """Max or average pooling."""
        sides = (kernel, kernel)
        padding = self._padding(padding, sides, stride, 1)
        return self.append(ops.Pool(mode, sides, stride, padding, ceil, count_include_pad), x, name="pool")

    def adaptive_pool(self, x: Tensor, size: int = 1) -> Tensor:
        """Average pooling to ``size`` × ``size``; the default is global average pooling."""
        return self.append(ops.AdaptivePool(size), x, name="pool")

    def add(self, x: Tensor, y: Tensor) -> Tensor:
        return self.append(ops.Add(), x, y, name="add")

    def mul(self, x: Tensor, gate: Tensor) -> Tensor:
        return self.append(ops.Mul(), x, gate, name="mul")

    def concat(self, parts: Sequence[Tensor]) -> Tensor:
        return parts[0] if len(parts) == 1 else self.append(ops.Concat(), *parts, name="concat")

    def scale(self, x: Tensor, factor: float) -> Tensor:
        return x if factor == 1 else self.append(ops.Scale(factor), x, name="scale")

    def gain(self, x: Tensor, start: float = 0.0) -> Tensor:
        return self.append(ops.Gain(start), x, name="gain")

    def flatten(self, x: Tensor) -> Tensor:
        return self.append(ops.Flatten(), x, name="flatten")

    def unflatten(self, x: Tensor) -> Tensor:
        return self.append(ops.Unflatten(), x, name="unflatten")

    def dropout(self, x: Tensor, rate: float) -> Tensor:
        return x if rate == 0 else self.append(ops.Dropout(rate), x, name="dropout")

    def drop_path(self, x: Tensor) -> Tensor:
        return self.append(ops.DropPath(), x, name="drop_path")

    def _bias(self, norm: Normalization) -> bool:
        default = self.defaults.bias
        return not norm.replaces_bias if default is None else default

    def _padding(self, padding: Any, sides: ops.Pair, stride: int, dilation: int) -> ops.Pair | str:
        padding = self.defaults.padding if padding is None else padding
        if not isinstance(padding, str):
            return padding if isinstance(padding, tuple) else (padding, padding)
        half = (dilation * (sides[0] - 1) // 2, dilation * (sides[1] - 1) // 2)
        symmetric = stride == 1 and all(dilation * (side - 1) % 2 == 0 for side in sides)
        named: dict[str, ops.Pair | str] = {"half": half, "same": half if symmetric else "same", "valid": (0, 0)}
        if padding not in named:
            raise UserError(f"the padding must be one of {', '.join(named)}, or pixels, got {padding!r}")
        return named[padding]
