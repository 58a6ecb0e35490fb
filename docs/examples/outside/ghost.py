"""A block from outside the package: the Ghost module (Han et al. 2020, fig. 1b), in one file.

cd docs/examples/outside
nas cost ghost.yaml --blocks ghost --layers
nas search --space ghost_space.yaml --blocks ghost --budget 30MFLOPs
"""

from __future__ import annotations

from dataclasses import dataclass

from search_spaces import Block, Graph, Position, Tensor, UserError, an_integer, ruled


@dataclass(frozen=True)
class Ghost(Block):
    """A 1×1 convolution makes half of the channels, a cheap depthwise one of ``kernel`` the other half."""

    kernel: int = ruled(an_integer(odd=True), 3)

    kind = "ghost"

    @property
    def multiple(self) -> int:
        return 2  # what width scaling keeps to

    def trace(self, g: Graph, x: Tensor, out: int, stride: int, at: Position) -> Tensor:
        if out % 2:
            raise UserError(f"out must be even, got {out}")
        half = g.conv_norm_act(x, out // 2, 1, stride=stride, name="primary")
        cheap = g.conv_norm_act(half, out // 2, self.kernel, groups=out // 2, name="cheap")
        return g.concat((half, cheap))


BLOCKS = {"ghost": Ghost}
