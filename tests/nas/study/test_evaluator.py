"""Two different functions never share a study; one function is the same in every process."""

from __future__ import annotations

import functools
import subprocess
import sys

import pytest

from nas import search
from nas.study.evaluator import evaluator_identity
from search_spaces import UserError

PROGRAM = """
import functools
from nas.study.evaluator import evaluator_identity
def score(a, s, r, scale=2): return 0.5 * scale
class Scorer:
    def __init__(self, scale): self.scale = scale
    def __call__(self, a, s, r): return self.scale
for one in (score, functools.partial(score, scale=3), Scorer(1), Scorer(2), lambda a, s, r: 0.1, lambda a, s, r: 0.2):
    print(evaluator_identity(one))
"""


class Counter:
    """Counts its calls; not to be a key."""

    __hash__ = None

    def __init__(self, score=0.5):
        self.score, self.calls = score, 0

    def __call__(self, architecture, seed, report):
        self.calls += 1
        return self.score


def made(value):
    return lambda architecture, seed, report: value


def test_an_identity_is_that_of_every_process():
    runs = [subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True) for _ in "ab"]
    first, second = (run.stdout.splitlines() for run in runs)
    assert first == second
    assert len(set(first)) == len(first) == 6
    assert first[0].startswith("__main__.score#")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (made(0.1), made(0.2)),
        (functools.partial(made, 1), functools.partial(made, 2)),
        (Counter(0.1), Counter(0.2)),
        (Counter(0.1).__call__, Counter(0.2).__call__),
        (lambda a, s, r: sum(x for x in range(2)), lambda a, s, r: sum(x for x in range(3))),
    ],
)
def test_what_differs_is_told_apart(one, other):
    assert evaluator_identity(one) != evaluator_identity(other)
    assert evaluator_identity(one, "mine") == evaluator_identity(other, "mine") == "mine"


def test_a_function_that_counts_its_calls_stays_itself(tmp_path):
    calls = []
    score = lambda architecture, seed, report: calls.append(1) or 0.5  # noqa: E731
    for trials in (2, 3):
        study = search("nas-bench-macro", "60MFLOPs", evaluate=score, trials=trials, retrain=0, out=tmp_path / "s")
    assert (study.done, len(calls)) == (3, 3)


def test_another_function_is_refused_with_how_to_say_that_it_is_the_same(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    options = {"trials": 2, "retrain": 0, "out": "s"}
    search("nas-bench-macro", "60MFLOPs", evaluate=made(0.1), **options)
    with pytest.raises(UserError, match=r"differs in evaluator .*; evaluator_name='…' says"):
        search("nas-bench-macro", "60MFLOPs", evaluate=made(0.9), **options)


@pytest.mark.parametrize("wrong", [3, "score", None.__class__])
def test_what_is_no_function_is_refused(wrong):
    if callable(wrong):
        assert evaluator_identity(wrong)
    else:
        with pytest.raises(UserError, match=r"evaluate: must be a function"):
            evaluator_identity(wrong)


def test_what_has_no_lasting_form_needs_a_name(tmp_path):
    with (tmp_path / "f").open("w") as file:
        function = lambda architecture, seed, report: file.write("x")  # noqa: E731
        with pytest.raises(UserError, match=r"evaluate: it carries a TextIOWrapper, .*evaluator_name='…'"):
            evaluator_identity(function)
        assert evaluator_identity(function, "mine") == "mine"
