"""What every block is: a frozen value with one trace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from search_spaces.errors import UserError
from search_spaces.network.graph import Graph, Position, Tensor
from search_spaces.values import Value


class Block(Value):
    """The smallest searched unit. A subclass is a frozen dataclass with ``kind`` and ``trace``.

    ``uses_position`` is False for blocks whose trace does not look at ``at``: equal repeats of these are
    traced once. ``repeatable`` is False for blocks that depth scaling leaves alone (a pool).
    """

    uses_position: ClassVar[bool] = False
    repeatable: ClassVar[bool] = True

    def trace(self, g: Graph, x: Tensor, out: int, stride: int, at: Position) -> Tensor:
        """Append the block's operations to ``g``.

        ``x`` has shape (channels, height, width); the result has ``out`` channels and each side divided by
        ``stride`` (as the padding rounds).
        """
        raise UserError(f"{type(self).__name__} does not say how it is traced")

    def width(self, channels: int, out: int | None) -> int:
        """The output width on an input of ``channels``, where the stage says ``out`` (None: nothing)."""
        if out is None:
            raise UserError(f"a stage of {self.kind} must say its width: out is missing")
        return out

    @classmethod
    def kinds(cls, blocks: Mapping[str, type[Value]]) -> Mapping[str, type[Value]]:
        """Any block may stand where a block may."""
        return blocks

    @property
    def multiple(self) -> int:
        """What the stage's width must be a multiple of."""
        return 1

    @property
    def input_multiple(self) -> int:
        """What the input's width must be a multiple of."""
        return 1

    def widened(self, wider: Callable[[int], int]) -> Block:
        """The block with the widths that it holds itself replaced by ``wider(width)``."""
        return self
