"""A study with one, two or four trainers whose processes are killed, stopped and signalled at random instants ends as
an undisturbed one: exact counts, nothing lost, doubled, stuck, failed or left behind, the same scores bit for bit.

Ten studies in the normal tests; ``pytest -m "long or not long" tests/end_to_end/test_disturbances.py`` makes fifty, and
``benchmarks/kills.py`` fifty that train in earnest.
"""

from __future__ import annotations

import random

import pytest
from disturbing import Disturbed, scores
from test_kill import end, start

TRIALS = 12


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    assert end(start(folder, 2, TRIALS)) == (0, "")
    return scores(folder)


@pytest.mark.parametrize("seed", [*range(10), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(10, 50))])
def test_a_disturbed_study_ends_as_an_undisturbed_one(tmp_path, seed, undisturbed):
    study = Disturbed(tmp_path, (1, 2, 4)[seed % 3], TRIALS, ("impatient=10",), random.Random(seed))
    study.run("search", "search")
    study.assert_as(undisturbed)
