"""The two structures that halves ask: sorted values, and ranks within a stretch; and their ways for many queries."""

from __future__ import annotations

import random
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from little_spaces import LITTLE

from search_spaces import Budget, cost
from search_spaces.counting.effort import Effort
from search_spaces.counting.exact.ladder import Ladder
from search_spaces.counting.exact.wavelet import Wavelet
from search_spaces.counting.feasible import Feasible
from search_spaces.counting.windows import Window

VALUES = st.lists(st.integers(0, 10**12) | st.integers(0, 50), min_size=1, max_size=60)


@given(values=VALUES, limits=st.lists(st.integers(-(10**12), 2 * 10**12) | st.integers(-5, 60), max_size=30))
def test_a_ladder_counts_as_a_walk_does(values, limits):
    values = np.sort(np.array(values, dtype=np.int64))
    counts = Ladder(values).up_to(np.array(limits, dtype=np.int64))
    assert counts.tolist() == [int((values <= limit).sum()) for limit in limits]


@given(values=VALUES, low=st.integers(0, 60), more=st.integers(-3, 60), base=st.integers(0, 60))
def test_a_stretch_holds_what_the_window_says(values, low, more, base):
    values = np.sort(np.array(values, dtype=np.int64))
    begin, end = Ladder(values).stretch(np.array([base]), Window(low, low + more))
    inside = [value for value in values.tolist() if low <= value + base <= low + more]
    assert max(0, int(end[0] - begin[0])) == len(inside)
    assert values[begin[0] : end[0]].tolist() == inside


@given(data=st.data(), size=st.integers(1, 70))
def test_a_wavelet_counts_and_selects_as_a_sort_does(data, size):
    ranks = np.array(data.draw(st.permutations(range(size))))
    wavelet = Wavelet(ranks)
    begin = data.draw(st.integers(0, size))
    end = data.draw(st.integers(begin, size))
    rank = data.draw(st.integers(0, size))
    one = np.array([begin]), np.array([end]), np.array([rank])
    assert wavelet.within(*one).tolist() == [int((ranks[begin:end] < rank).sum())]
    assert wavelet.below(*one[1:]).tolist() == [int((ranks[:end] < rank).sum())]
    for number, expected in enumerate(sorted(ranks[begin:end].tolist())):
        assert wavelet.select(one[0], one[1], np.array([number])).tolist() == [expected]


@pytest.mark.parametrize("name", LITTLE)
def test_many_queries_in_small_chunks_give_the_same(name):
    """As for spaces of over 33 million queries: running numbers kept for cells of several queries."""
    space = LITTLE[name]()
    costs = [(network, cost(network).macs) for network in space]
    middle = sorted(macs for _, macs in costs)[len(costs) // 2]
    for low in (None, Fraction(middle, 2)):
        budget = Budget("macs", Fraction(middle), low)
        feasible = Feasible(space, (budget,), effort=Effort(many_queries=0, stride=4, chunk=16))
        expected = Counter(network for network, macs in costs if (low or 0) <= macs <= middle)
        assert feasible.count == sum(expected.values())
        assert Counter(feasible.every()) == expected
        assert set(feasible.sample(random.Random(0), 50)) <= set(expected)
