"""The primitive operations: output shape, weights and multiply-adds of each.

Shapes leave the batch out: a map is (channels, height, width), a vector (features,). The torch side has one
builder per operation; costs, digest and drawing need no more than what stands here.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from math import ceil, prod

from search_spaces.errors import UserError
from search_spaces.network.activations import ACTS

Shape = tuple[int, ...]
Pair = tuple[int, int]

POOLS = ("max", "avg")


@dataclass(frozen=True)
class Op:
    """Base: an operation that keeps its (first) input's shape and has neither weights nor multiply-adds."""

    def shape(self, *inputs: Shape) -> Shape:
        """Shape of the output; raises UserError where the inputs do not fit."""
        return inputs[0]

    def weights(self, *inputs: Shape) -> tuple[tuple[str, Shape], ...]:
        """Names and shapes of the trained tensors, in the order of the state dict."""
        return ()

    def macs(self, out: Shape, *inputs: Shape) -> int:
        """Multiply-adds of one image."""
        return 0


@dataclass(frozen=True)
class Input(Op):
    """The input of a trace."""

    size: Shape

    def shape(self, *inputs: Shape) -> Shape:
        return self.size


@dataclass(frozen=True)
class Conv(Op):
    """2-D convolution. ``padding`` is a pair, or "same" (TensorFlow's rule, which depends on the input).

    ``standardize`` is the scale of scaled weight standardisation with a learnt gain per output channel
    (Brock et al. 2021), or None.
    """

    out: int
    kernel: Pair
    stride: int = 1
    padding: Pair | str = (0, 0)
    dilation: int = 1
    groups: int = 1
    bias: bool = False
    standardize: float | None = None
    standardize_eps: float = 1e-6

    def shape(self, *inputs: Shape) -> Shape:
        channels, *size = inputs[0]
        if channels % self.groups or self.out % self.groups:
            raise UserError(f"groups must divide the channels {channels} -> {self.out}, got {self.groups}")
        if self.standardize is not None and channels * prod(self.kernel) == self.groups:
            raise UserError("weight standardisation needs more than one weight a channel: a single one is always 0")
        return (self.out, *_windows(size, self.kernel, self.stride, self.padding, self.dilation))

    def weights(self, *inputs: Shape) -> tuple[tuple[str, Shape], ...]:
        weight = ("weight", (self.out, inputs[0][0] // self.groups, *self.kernel))
        bias = (("bias", (self.out,)),) if self.bias else ()
        gain = (("gain", (self.out, 1, 1, 1)),) if self.standardize is not None else ()
        return (weight, *bias, *gain)

    def macs(self, out: Shape, *inputs: Shape) -> int:
        return prod(out) * (inputs[0][0] // self.groups) * prod(self.kernel)


@dataclass(frozen=True)
class Linear(Op):
    """Fully connected layer on a vector."""

    out: int
    bias: bool = True

    def shape(self, *inputs: Shape) -> Shape:
        if len(inputs[0]) != 1:
            raise UserError(f"a linear layer needs a vector, got the shape {inputs[0]}")
        return (self.out,)

    def weights(self, *inputs: Shape) -> tuple[tuple[str, Shape], ...]:
        weight = ("weight", (self.out, inputs[0][0]))
        return (weight, ("bias", (self.out,))) if self.bias else (weight,)

    def macs(self, out: Shape, *inputs: Shape) -> int:
        return self.out * inputs[0][0]


@dataclass(frozen=True)
class BatchNorm(Op):
    """Batch normalisation with scale and shift (Ioffe & Szegedy 2015). ``momentum`` is for training."""

    eps: float
    momentum: float = field(default=0.1, metadata={"training": True})

    def weights(self, *inputs: Shape) -> tuple[tuple[str, Shape], ...]:
        return (("weight", inputs[0][:1]), ("bias", inputs[0][:1]))


@dataclass(frozen=True)
class LocalResponseNorm(Op):
    """Divides by (k + alpha · sum of squares over ``size`` neighbouring channels)^beta (Krizhevsky et al. 2012,
    sec. 3.3)."""

    size: int
    alpha: float
    beta: float
    k: float


@dataclass(frozen=True)
class Act(Op):
    """Element-wise activation, one of ``ACTS``."""

    function: str

    def shape(self, *inputs: Shape) -> Shape:
        _must_be_one_of(ACTS, self.function)
        return inputs[0]


@dataclass(frozen=True)
class Pool(Op):
    """Max or average pooling by torch's rules; an average leaves padding out unless ``count_include_pad``."""

    mode: str
    kernel: Pair
    stride: int
    padding: Pair | str = (0, 0)
    ceil: bool = False
    count_include_pad: bool = False

    def shape(self, *inputs: Shape) -> Shape:
        _must_be_one_of(POOLS, self.mode)
        channels, *size = inputs[0]
        if isinstance(self.padding, tuple) and any(2 * p > k for p, k in zip(self.padding, self.kernel, strict=True)):
            raise UserError(f"the padding of a pool must be at most half its kernel {self.kernel}, got {self.padding}")
        return (channels, *_windows(size, self.kernel, self.stride, self.padding, 1, self.ceil))


@dataclass(frozen=True)
class AdaptivePool(Op):
    """Average pooling to ``size`` × ``size``, whatever the map's size; 1 is global average pooling."""

    size: int = 1

    def shape(self, *inputs: Shape) -> Shape:
        return (inputs[0][0], self.size, self.size)


@dataclass(frozen=True)
class Add(Op):
    """Sum of equal shapes."""

    def shape(self, *inputs: Shape) -> Shape:
        if len(set(inputs)) != 1:
            raise UserError(f"only equal shapes can be added, got {inputs}")
        return inputs[0]


@dataclass(frozen=True)
class Mul(Op):
    """A map times a gate of one value per channel."""

    def shape(self, *inputs: Shape) -> Shape:
        if inputs[1] not in (inputs[0], (inputs[0][0], 1, 1)):
            raise UserError(f"a gate must match {inputs[0]} or its channels, got {inputs[1]}")
        return inputs[0]


@dataclass(frozen=True)
class Concat(Op):
    """Maps side by side along the channels."""

    def shape(self, *inputs: Shape) -> Shape:
        if len({shape[1:] for shape in inputs}) != 1:
            raise UserError(f"only maps of one size can be concatenated, got {inputs}")
        return (sum(shape[0] for shape in inputs), *inputs[0][1:])


@dataclass(frozen=True)
class Scale(Op):
    """Times a constant."""

    factor: float


@dataclass(frozen=True)
class Gain(Op):
    """Times a learnt scalar that starts at ``start`` (SkipInit: De & Smith 2020)."""

    start: float = 0.0

    def weights(self, *inputs: Shape) -> tuple[tuple[str, Shape], ...]:
        return (("gain", ()),)


@dataclass(frozen=True)
class Flatten(Op):
    """A map as a vector."""

    def shape(self, *inputs: Shape) -> Shape:
        return (prod(inputs[0]),)


@dataclass(frozen=True)
class Unflatten(Op):
    """A vector as a 1×1 map."""

    def shape(self, *inputs: Shape) -> Shape:
        return (inputs[0][0], 1, 1)


@dataclass(frozen=True)
class Dropout(Op):
    """Dropout (Srivastava et al. 2014) at its default rate; the recipe may override it."""

    rate: float


@dataclass(frozen=True)
class DropPath(Op):
    """Stochastic depth (Huang et al. 2016); its rate follows from the block's position in the network."""


DROPS = (Dropout, DropPath)
"""Do nothing in evaluation; whether and how much they drop in training, the recipe may override."""
VIEWS = (Flatten, Unflatten)
"""Their output lies in their input's memory."""
UNORDERED = (Add, Mul)
"""Their inputs may stand in any order."""
WRITERS = (Conv, BatchNorm, Linear, Add)
"""Write an output of their own that nothing in the backward pass reads: an activation may overwrite it."""


def _must_be_one_of(names: Collection[str], name: str) -> None:
    if name not in names:
        raise UserError(f"must be one of {', '.join(names)}, got {name!r}")


def _windows(size: list[int], kernel: Pair, stride: int, padding: Pair | str, dilation: int, up: bool = False) -> Pair:
    height, width = (
        _positions(n, k, stride, padding if isinstance(padding, str) else padding[axis], dilation, up)
        for axis, (n, k) in enumerate(zip(size, kernel, strict=True))
    )
    return height, width


def _positions(n: int, kernel: int, stride: int, padding: int | str, dilation: int, up: bool) -> int:
    """How many windows fit along one axis (torch's formulas; "same" is TensorFlow's)."""
    if isinstance(padding, str):
        return ceil(n / stride)
    room = n + 2 * padding - dilation * (kernel - 1) - 1
    if room < 0:
        raise UserError(f"a kernel of {kernel} with padding {padding} does not fit a map of side {n}")
    count = (ceil(room / stride) if up else room // stride) + 1
    # The last window of ceil mode must start inside the input or its left padding.
    return count - 1 if up and (count - 1) * stride >= n + padding else count
