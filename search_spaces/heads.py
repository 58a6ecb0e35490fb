"""What follows the stages: the classifier, and auxiliary classifiers that exist in training only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar

from search_spaces.errors import UserError
from search_spaces.graph import Graph, Tensor
from search_spaces.ops import ACTS
from search_spaces.values import Value, a_number, an_integer, one_of, ruled, some


@dataclass(frozen=True)
class Head(Value):
    """1×1 convolution to ``out`` channels (None: none), global average pooling, fully connected layers of
    ``hidden`` widths (none), dropout, classifier."""

    out: int | None = ruled(an_integer(), None, optional=True)
    hidden: Any = ruled(some(an_integer()), ())
    dropout: float = ruled(a_number(least=0, most=0.99), 0)
    act: str | None = ruled(one_of(*ACTS), None, optional=True)

    kind = "pooled"
    binds_image_size: ClassVar[bool] = False

    def trace(self, g: Graph, x: Tensor, classes: int) -> Tensor:
        """Append the head to ``g``: a map of shape (channels, height, width) to logits (classes,)."""
        h = x if self.out is None else g.conv_norm_act(x, self.out, 1, act=self.act)
        h = g.flatten(g.adaptive_pool(h))
        for width in self.hidden:
            h = g.act(g.linear(h, width, name="hidden"), self.act)
        return g.linear(g.dropout(h, self.dropout) if self.dropout else h, classes, name="classifier")


@dataclass(frozen=True)
class FlatHead(Value):
    """The map flattened, fully connected layers of ``hidden`` widths, each with dropout, classifier
    (Krizhevsky et al. 2012). With ``pool`` the map is first averaged to that side; without, the head binds
    the image size."""

    hidden: Any = ruled(some(an_integer()), (4096, 4096))
    pool: int | None = ruled(an_integer(), None, optional=True)
    dropout: float = ruled(a_number(least=0, most=0.99), 0.5)
    act: str | None = ruled(one_of(*ACTS), None, optional=True)

    kind = "flat"

    @property
    def binds_image_size(self) -> bool:
        return self.pool is None

    def trace(self, g: Graph, x: Tensor, classes: int) -> Tensor:
        """Append the head to ``g``: a map of shape (channels, height, width) to logits (classes,)."""
        h = g.flatten(x if self.pool is None else g.adaptive_pool(x, self.pool))
        for width in self.hidden:
            h = g.act(g.linear(h, width, name="hidden"), self.act)
            h = g.dropout(h, self.dropout) if self.dropout else h
        return g.linear(h, classes, name="classifier")


HEADS: dict[str, type[Value]] = {head.kind: head for head in (Head, FlatHead)}


def _a_stage(value: Any) -> str:
    if not isinstance(value, str) or re.fullmatch(r"stages\.\d{1,4}", value) is None:
        raise UserError(f"must name a stage, such as stages.3, got {value!r}")
    return value


@dataclass(frozen=True)
class Aux(Value):
    """Auxiliary classifier after the stage named by ``after`` (``stages.3``), in training only: average pooling
    to ``pool`` × ``pool``, a 1×1 convolution, a fully connected layer, dropout, classifier (Szegedy et al.
    2014, sec. 5)."""

    after: str = ruled(_a_stage)
    pool: int = ruled(an_integer(), 4)
    out: int = ruled(an_integer(), 128)
    hidden: int = ruled(an_integer(), 1024)
    dropout: float = ruled(a_number(least=0, most=0.99), 0.7)

    kind = "aux"

    def trace(self, g: Graph, x: Tensor, classes: int) -> Tensor:
        """Append the classifier to ``g``: a map of shape (channels, height, width) to logits (classes,)."""
        h = g.conv_norm_act(g.adaptive_pool(x, self.pool), self.out, 1)
        h = g.act(g.linear(g.flatten(h), self.hidden, name="hidden"))
        return g.linear(g.dropout(h, self.dropout) if self.dropout else h, classes, name="classifier")
