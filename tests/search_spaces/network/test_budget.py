from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_spaces import Budget, Cost, UserError

COST = Cost(params=5_288_548, macs=385_814_752, activations=1, peak_bytes=9_633_792)


@pytest.mark.parametrize(
    ("text", "metric", "low", "high"),
    [
        ("400MFLOPs", "macs", None, 400_000_000),
        ("1.8GMACs", "macs", None, 1_800_000_000),
        ("5.3Mparams", "params", None, 5_300_000),
        ("20MB", "bytes", None, 20_000_000),
        ("64MBpeak", "peak_bytes", None, 64_000_000),
        ("12ms", "latency_ms", None, 12),
        ("400 mflop", "macs", None, 400_000_000),
        ("5 mparams", "params", None, 5_000_000),
        ("350..400MFLOPs", "macs", 350_000_000, 400_000_000),
    ],
)
def test_forms(text, metric, low, high):
    budget = Budget.parse(text)
    assert (budget.metric, budget.low, budget.high) == (metric, low, high)
    assert Budget.parse(str(budget)) == budget


@pytest.mark.parametrize(
    "text",
    ["400", "-3MFLOPs", "400MFLOPS/s", "1e999GFLOPs", "", "MFLOPs", "400  MFLOPs", "4e8FLOPs", "0MFLOPs",
     "500..400MFLOPs", "0..4MFLOPs", "nanMFLOPs", "infMFLOPs", "400TFLOPs", "4..5..6MFLOPs", "9" * 400 + "MFLOPs"],
)  # fmt: skip
def test_anything_else_is_an_error_that_lists_the_forms(text):
    with pytest.raises(UserError, match=r"^a budget must be .*(400MFLOPs|above 0)"):
        Budget.parse(text)


def test_limits_are_inclusive_and_exact():
    assert Budget("macs", Fraction(COST.macs)).fits(COST)
    assert not Budget("macs", Fraction(COST.macs - 1)).fits(COST)
    assert Budget("macs", Fraction(COST.macs), Fraction(COST.macs)).fits(COST)
    assert not Budget("macs", Fraction(COST.macs + 2), Fraction(COST.macs + 1)).fits(COST)
    assert Budget.parse("21.154192MB").fits(COST)
    assert not Budget.parse("21.154191MB").fits(COST)


@given(st.integers(1, 10**13), st.sampled_from(("macs", "params", "bytes", "peak_bytes")))
def test_the_canonical_text_is_exact(high, metric):
    assert Budget.parse(str(Budget(metric, Fraction(high)))) == Budget(metric, Fraction(high))


def test_latency_is_not_known_from_the_architecture():
    with pytest.raises(UserError, match="measured on a device"):
        Budget.parse("12ms").fits(COST)
