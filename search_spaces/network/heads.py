"""What follows the stages: the classifier, and auxiliary classifiers that exist in training only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar

from search_spaces.network.blocks import AdaptivePool, Conv, Stage
from search_spaces.network.defaults import NoNorm, an_act, filled
from search_spaces.network.graph import Graph, Tensor
from search_spaces.network.stage import trace_stage
from search_spaces.values import Rule, Value, a_flag, a_number, a_value, an_integer, ruled, some


class Classifier(Value):
    """Base of what ends a network. One with ``binds_image_size`` fits the maps of one image size only."""

    binds_image_size: ClassVar[bool] = False

    def trace(self, g: Graph, x: Tensor, classes: int) -> Tensor:
        """Append the classifier to ``g``: a map of shape (channels, height, width) to logits (classes,)."""
        raise NotImplementedError


@dataclass(frozen=True)
class Head(Classifier):
    """1×1 convolution to ``out`` channels (none where it is left out), global average pooling, fully connected
    layers of ``hidden`` widths, dropout, classifier."""

    out: int | None = ruled(an_integer(), None, optional=True)
    hidden: Any = ruled(some(an_integer()), ())
    dropout: float = ruled(a_number(least=0, most=0.99), 0)
    act: str | None = ruled(an_act, None, optional=True)

    kind = "pooled"

    def trace(self, g: Graph, x: Tensor, classes: int) -> Tensor:
        h = x if self.out is None else g.conv_norm_act(x, self.out, 1, act=self.act)
        h = g.flatten(g.adaptive_pool(h))
        for width in self.hidden:
            h = g.act(g.linear(h, width, name="hidden"), self.act)
        return g.linear(g.dropout(h, self.dropout), classes, name="classifier")


@dataclass(frozen=True)
class FlatHead(Classifier):
    """The map flattened, fully connected layers of ``hidden`` widths, each with dropout, classifier
    (Krizhevsky et al. 2012). With ``pool`` the map is first averaged to that side; without, the head binds
    the image size. ``dropout_first`` puts the dropout before each hidden layer, not after it."""

    hidden: Any = ruled(some(an_integer()), (4096, 4096), examples=((), (6,)))
    pool: int | None = ruled(an_integer(), None, optional=True, examples=(1, 3))
    dropout: float = ruled(a_number(least=0, most=0.99), 0.5)
    act: str | None = ruled(an_act, None, optional=True)
    dropout_first: bool = ruled(a_flag, False)

    kind = "flat"

    @property
    def binds_image_size(self) -> bool:  # type: ignore[override]
        return self.pool is None

    def trace(self, g: Graph, x: Tensor, classes: int) -> Tensor:
        h = g.flatten(x if self.pool is None else g.adaptive_pool(x, self.pool))
        for width in self.hidden:
            h = g.dropout(h, self.dropout) if self.dropout_first else h
            h = g.act(g.linear(h, width, name="hidden"), self.act)
            h = h if self.dropout_first else g.dropout(h, self.dropout)
        return g.linear(h, classes, name="classifier")


@dataclass(frozen=True)
class ConvHead(Classifier):
    """Dropout, a 1×1 convolution to the classes, activation, global average pooling (Lin et al. 2013;
    SqueezeNet: Iandola et al. 2016). No fully connected layer at all."""

    dropout: float = ruled(a_number(least=0, most=0.99), 0)
    act: str | None = ruled(an_act, None, optional=True)

    kind = "conv"

    def trace(self, g: Graph, x: Tensor, classes: int) -> Tensor:
        h = g.dropout(x, self.dropout)
        h = g.act(g.conv(h, classes, 1, bias=True, norm=NoNorm(), name="classifier"), self.act)
        return g.flatten(g.adaptive_pool(h))


HEADS: dict[str, type[Classifier]] = {head.kind: head for head in (Head, FlatHead, ConvHead)}


def trace_head(g: Graph, head: Classifier, x: Tensor, classes: int) -> Tensor:
    """Append the head, its open fields filled from the graph's defaults; the result has shape (classes,)."""
    return filled(head, g.defaults).trace(g, g.enter(x), classes)


def _names_a_stage(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"stages\.\d{1,4}", value) is not None


@dataclass(frozen=True)
class Aux(Classifier):
    """Auxiliary classifier after the stage named by ``after`` (``stages.3``), in training only: rows, then a
    head. The defaults are those of Szegedy et al. 2014, sec. 5, pooled to 4×4."""

    after: str = ruled(Rule("the name of a stage, such as stages.3", _names_a_stage, ("stages.0",)))
    rows: Any = ruled(some(a_value(Stage)), (Stage(AdaptivePool(to=4)), Stage(Conv(kernel=1), out=128)))
    head: Any = ruled(a_value(*HEADS.values()), FlatHead(hidden=(1024,), dropout=0.7))

    kind = "aux"
    tagged = False

    def trace(self, g: Graph, x: Tensor, classes: int) -> Tensor:
        for index, row in enumerate(self.rows):
            with g.scope(str(index)):
                x = trace_stage(g, row, x)
        with g.scope("head"):
            return trace_head(g, self.head, x, classes)
