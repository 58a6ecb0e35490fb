"""How the number that a study ranks by is called and written: top-1 in per cent, or a score of any scale as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf, sqrt
from typing import Any

from nas.text.numbers import percent


def plain(number: float | None) -> str:
    """Six significant digits, ``90.5``; a dash for None."""
    return "–" if number is None else f"{number:.6g}"


@dataclass(frozen=True)
class Scale:
    """``name`` is for people, ``key`` for files and JSON; ``text`` writes a number, ``mark`` stands before it where
    nothing else says what it is, ``where`` is what it was measured on, ``deviation`` writes a standard deviation.
    Figures draw a number within ``limits`` and times ``factor``; d3's format ``digits`` and ``unit`` write it there."""

    name: str
    key: str
    text: Callable[[float | None], str]
    deviation: Callable[[float], str]
    mark: str = ""
    where: str = ""
    limits: tuple[float, float] = (-inf, inf)
    factor: int = 1
    digits: str = ".6~g"
    unit: str = ""

    @property
    def axis(self) -> str:
        """Title of an axis."""
        return f"{self.name}{self.where}" + (f",{self.unit}" if self.unit else "")

    @property
    def hover(self) -> str:
        """How a figure writes the value on its y axis."""
        return f"%{{y:{self.digits}}}{self.unit}"

    def marked(self, number: float | None) -> str:
        """``96.9 %`` or ``score 90.5``."""
        return self.mark + self.text(number)

    def spread(self, variance: float) -> str:
        """A variance as its standard deviation, which people can imagine."""
        return f"±{self.deviation(sqrt(max(0.0, variance)))}"

    @property
    def names(self) -> dict[str, str]:
        """What the fields of a record that hold scores are called in this scale."""
        return {"top1": self.key, "top1_by_epoch": f"{self.key}_by_epoch"}

    def named(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Plain data of a record or of the base, whose scores go by this scale's names."""
        return {self.names.get(name, name): value for name, value in data.items()}


TOP1 = Scale(
    name="top-1",
    key="top1",
    text=percent,
    deviation=lambda share: f"{100 * share:.2f} points",
    where=" on validation",
    limits=(0.0, 1.005),
    factor=100,
    digits=".1f",
    unit=" %",
)
SCORE = Scale(name="score", key="score", text=plain, deviation=lambda number: f"{number:.3g}", mark="score ")
LOSS = Scale(name="training loss", key="loss", text=plain, deviation=lambda number: f"{number:.3g}")
