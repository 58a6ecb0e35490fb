"""Budgets: upper limits and ranges on exact costs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import NamedTuple

from search_spaces.errors import UserError
from search_spaces.network.cost import Cost


class Unit(NamedTuple):
    """A unit as written, what it measures, and how many of the metric's units it is."""

    metric: str
    factor: int


_PREFIX = {"K": 10**3, "M": 10**6, "G": 10**9}
UNITS = {
    **{f"{p}{word}": Unit("macs", f) for word in ("FLOPs", "MACs") for p, f in _PREFIX.items()},
    **{f"{p}params": Unit("params", f) for p, f in _PREFIX.items()},
    **{f"{p}B": Unit("bytes", f) for p, f in _PREFIX.items()},
    **{f"{p}Bpeak": Unit("peak_bytes", f) for p, f in _PREFIX.items()},
    "ms": Unit("latency_ms", 1),
}
METRICS = {
    "macs": "MACs",
    "params": "parameters",
    "bytes": "bytes of weights",
    "peak_bytes": "peak bytes",
    "latency_ms": "ms",
}
"""What a budget may limit, and its name for people."""
FORMS = "400MFLOPs, 1.8GMACs, 5.3Mparams, 20MB, 64MBpeak, 12ms, or a range such as 350..400MFLOPs"

_SPELLINGS = {name.lower(): name for name in UNITS} | {name.lower().rstrip("s"): name for name in UNITS if name != "ms"}
_NUMBER = r"(\d{1,15}(?:\.\d{1,15})?)"
_FORM = re.compile(rf"(?:{_NUMBER}\.\.)?{_NUMBER} ?([A-Za-z]+)", re.ASCII)


@dataclass(frozen=True)
class Budget:
    """``low <= metric <= high``, both inclusive; ``low`` None is no lower limit.

    ``metric`` is one of ``METRICS``: multiply-adds, parameters, bytes of float32 weights, bytes of peak
    memory, or milliseconds on the study's device. Limits are exact fractions.
    """

    metric: str
    high: Fraction
    low: Fraction | None = None

    @staticmethod
    def parse(text: str) -> Budget:
        """A budget as written, ``400MFLOPs`` or ``350..400MFLOPs``, in capitals or not; raises UserError for anything
        else."""
        match = _FORM.fullmatch(text.strip()) if isinstance(text, str) else None
        name = _SPELLINGS.get(match[3].lower()) if match else None
        if match is None or name is None:
            raise UserError(f"a budget must be a number with a unit ({FORMS}), got {text!r}")
        unit = UNITS[name]
        high = Fraction(match[2]) * unit.factor
        low = None if match[1] is None else Fraction(match[1]) * unit.factor
        if high <= 0 or (low is not None and not 0 < low <= high):
            raise UserError(f"a budget must be above 0, and a range go from low to high, got {text!r}")
        return Budget(unit.metric, high, low)

    def __str__(self) -> str:
        """Canonical text: the largest prefix that leaves at least 1, in the first of the unit's synonyms."""
        name, factor = self._unit()
        high = _decimal(self.high / factor)
        return f"{high}{name}" if self.low is None else f"{_decimal(self.low / factor)}..{high}{name}"

    def _unit(self) -> tuple[str, int]:
        factors = {name: u.factor for name, u in UNITS.items() if u.metric == self.metric and "MACs" not in name}
        fitting = [name for name, factor in factors.items() if factor <= self.high]
        name = max(fitting or list(factors)[:1], key=factors.__getitem__)
        return name, factors[name]

    def value(self, cost: Cost) -> int:
        """The cost that this budget limits; raises UserError for latency, which is measured."""
        if self.metric == "latency_ms":
            raise UserError("a latency is measured on a device and not known from the architecture")
        return int(getattr(cost, self.metric))

    def fits(self, cost: Cost) -> bool:
        """Whether the cost lies within the budget, exactly."""
        return self.violation(cost) <= 0

    def violation(self, cost: Cost) -> float:
        """How far outside, relative to the limit that is broken; 0 or below is inside."""
        return self.violation_of(self.value(cost))

    def violation_of(self, value: float) -> float:
        """As ``violation``, of a number in the metric's unit."""
        exact = Fraction(value)
        above = exact / self.high - 1
        below = Fraction(-1) if self.low is None else 1 - exact / self.low
        return float(max(above, below))


def series(text: str) -> list[str]:
    """``0.7,1,1.8GFLOPs`` as single budgets: a number without a unit has that of the last one."""
    words = [word.strip() for word in text.split(",")]
    unit = re.sub(r"^[\d.]+", "", words[-1])
    return [word if re.search(r"[A-Za-z]$", word) else f"{word}{unit}" for word in words]


def _decimal(value: Fraction) -> str:
    """Exact decimal text of a fraction with a decimal denominator."""
    with localcontext(prec=60):
        return f"{(Decimal(value.numerator) / value.denominator).normalize():f}"
