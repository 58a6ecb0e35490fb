"""What a network says once for all its blocks: norm, activation, padding, bias, kind of SE."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, ClassVar, TypeVar, cast

from search_spaces.network import ops
from search_spaces.network.activations import ACTS, NO_ACT
from search_spaces.values import (
    Value,
    a_flag,
    a_number,
    a_pair,
    a_value,
    an_integer,
    field_values,
    one_of,
    ruled,
)

V = TypeVar("V", bound=Value)

an_act = one_of(*ACTS, NO_ACT)
"""Rule of an activation: one of ``ACTS``, or "none"."""


a_padding = one_of("half", "same", "valid") | a_pair(an_integer(least=0))
"""Rule of a padding: "half" (kernel // 2), "same" (TensorFlow's), "valid" (none), or a number or pair of pixels."""


class Normalization(Value):
    """Base of the kinds of normalisation. ``after_act``: it follows the activation; ``replaces_bias``: the
    convolution before it needs no bias."""

    after_act: ClassVar[bool] = False
    replaces_bias: ClassVar[bool] = False

    def op(self) -> ops.Op | None:
        """The operation on a map; None where there is none."""
        return None


@dataclass(frozen=True)
class BatchNorm(Normalization):
    """Batch normalisation (Ioffe & Szegedy 2015)."""

    eps: float = ruled(a_number(above=0), 1e-5)
    momentum: float = ruled(a_number(above=0, most=1), 0.1)

    kind = "batch_norm"
    replaces_bias = True

    def op(self) -> ops.Op:
        return ops.BatchNorm(self.eps, self.momentum)


@dataclass(frozen=True)
class NoNorm(Normalization):
    """No normalisation; convolutions then have a bias by default."""

    kind = "none"


@dataclass(frozen=True)
class LocalResponseNorm(Normalization):
    """Local response normalisation across ``size`` channels, after the activation (Krizhevsky et al. 2012,
    sec. 3.3, with its constants). ``alpha`` is the paper's; torch divides its own by ``size``."""

    size: int = ruled(an_integer(), 5)
    alpha: float = ruled(a_number(above=0), 1e-4)
    beta: float = ruled(a_number(above=0), 0.75)
    k: float = ruled(a_number(above=0), 2)

    kind = "local_response_norm"
    after_act = True

    def op(self) -> ops.Op:
        return ops.LocalResponseNorm(self.size, self.alpha, self.beta, self.k)


@dataclass(frozen=True)
class WeightStandardization(Normalization):
    """Scaled weight standardisation with a learnt gain, in place of a norm (Brock et al. 2021, eq. 1).

    The constant gain of the network's activation goes into the weights or after each activation (``gain_in``).
    """

    eps: float = ruled(a_number(above=0), 1e-5)
    gain_in: str = ruled(one_of("weight", "act"), "weight")

    kind = "weight_standardization"


NORMS: dict[str, type[Normalization]] = {
    norm.kind: norm for norm in (BatchNorm, LocalResponseNorm, WeightStandardization, NoNorm)
}

SE_PLACES = ("branch", "inner", "pre", "post", "identity")


@dataclass(frozen=True)
class SE(Value):
    """Kind of squeeze-and-excitation (Hu et al. 2018): what the squeeze is relative to, its gate, and where it
    sits in a residual block (sec. 6.5): on the ``branch`` before the sum, after the middle convolution
    (``inner``), before the block (``pre``), after the sum (``post``) or on the shortcut (``identity``).

    ``relative_to``: the block's input width (EfficientNet), its output width, or the width that the gate
    works on. ``divisor`` rounds the squeeze width (``round_filters``). ``gain`` multiplies the gate (2 in NF
    networks).
    """

    relative_to: str = ruled(one_of("input", "output", "expanded"), "input")
    form: str = ruled(one_of("conv", "linear"), "conv")
    gate: str = ruled(one_of("sigmoid", "hard_sigmoid"), "sigmoid")
    act: str | None = ruled(an_act, None, optional=True)
    divisor: int = ruled(an_integer(), 1)
    gain: float = ruled(a_number(above=0), 1)
    place: str = ruled(one_of(*SE_PLACES), "branch")

    kind = "se"
    tagged = False


@dataclass(frozen=True)
class Defaults(Value):
    """Network-wide values that fill the fields that blocks leave out.

    ``bias``: of convolutions; left out, they have one where no batch norm follows. ``drop_path``: the rate that
    the last block reaches, growing linearly from the first (Huang et al. 2016).
    """

    act: str = ruled(an_act, "relu", examples=("relu", "silu", "gelu"))
    norm: Normalization = ruled(a_value(*NORMS.values()), BatchNorm())
    padding: Any = ruled(a_padding, "half", examples=("half", "same"))
    bias: bool | None = ruled(a_flag, None, optional=True)
    se: SE = ruled(a_value(SE), SE(), examples=tuple(SE(place=place) for place in SE_PLACES))
    drop_path: float = ruled(a_number(least=0, most=0.99), 0)

    kind = "defaults"
    tagged = False


def filled(value: V, defaults: Defaults) -> V:
    """``value`` with each field that is None, and that the defaults know, taken from them."""
    return cast(V, _filled(value, defaults))


@lru_cache(maxsize=65536)
def _filled(value: Value, defaults: Defaults) -> Value:
    empty = [name for name, field in field_values(value).items() if field is None]
    changes = {name: getattr(defaults, name) for name in empty if getattr(defaults, name, None) is not None}
    return replace(value, **changes) if changes else value
