"""A user's own evaluator as a trainer: what it may return, report and raise."""

from __future__ import annotations

import operator
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from nas.study.executors.inline import WrongUse
from nas.study.executors.protocol import Job
from nas.text.errors import value_text
from search_spaces import Block
from search_spaces.files.codec import from_data

if TYPE_CHECKING:
    from nas.study.plan import Evaluate

MAX_SCORE = 1e100  # so that squares of scores can be added
MAX_SHOWN = 60  # characters of a wrong value
RULE = f"not a finite number from {-MAX_SCORE:g} to {MAX_SCORE:g}"

Epoch = Callable[[int, dict[str, Any]], bool]


class Calls:
    """Calls ``evaluate(architecture, seed, report) -> score`` for each job; ``blocks`` are blocks from outside by kind.

    ``architecture`` is a :class:`search_spaces.Architecture`, ``seed`` an integer, another one for each training. It
    returns a score: a finite float or integer, NumPy's and torch's scalars among them. ``report(epoch, score)`` gives
    the score after an epoch, counted from 1 and rising by one, and says whether to go on; after False it should return.
    ``optuna.TrialPruned`` ends the trial as pruned with the last score reported; any other exception fails it, with its
    type, its message and the epoch reached; KeyboardInterrupt ends the study, which the same call goes on with.
    """

    def __init__(self, evaluate: Evaluate, blocks: Mapping[str, type[Block]] | None) -> None:
        self._evaluate = evaluate
        self._blocks = blocks

    def __call__(self, job: Job, report: Epoch) -> dict[str, Any]:
        """The result of one training. Raises WrongUse, and what the evaluator raises."""
        curve = _Curve(report)
        architecture = from_data(job.task["architecture"], blocks=self._blocks)
        try:
            score = self._evaluate(architecture, job.seed, curve)
        except Exception as error:
            if not _is_pruned(error):
                raise
            return curve.result(curve.scores[-1] if curve.scores else None, pruned=True)
        return curve.result(_checked(score, f"evaluate returned {{}} for trial {job.trial}"), pruned=not curve.goes_on)


class _Curve:
    """What the evaluator calls after an epoch, and what it has said so far."""

    def __init__(self, report: Epoch) -> None:
        self._report = report
        self._start = time.perf_counter()
        self.scores: list[float] = []
        self.goes_on = True

    def __call__(self, epoch: int, score: float) -> bool:
        """Whether to go on. Raises WrongUse for another epoch than the next and for what is no score."""
        expected = len(self.scores) + 1
        if _index(epoch) != expected:
            rule = "epochs count from 1 and rise by one"
            raise WrongUse(f"report({_shown(epoch)}, {_shown(score)}): {rule}, so that {expected} is next")
        self.scores.append(_checked(score, f"report({expected}, {{}})"))
        self.goes_on = self._report(expected, {"top1": self.scores[-1], "seconds": self._seconds()})
        return self.goes_on

    def result(self, score: float | None, *, pruned: bool) -> dict[str, Any]:
        scores = self.scores or ([] if score is None else [score])
        return {"top1": score, "top1_by_epoch": scores, "seconds": self._seconds(), "pruned": pruned}

    def _seconds(self) -> float:
        return time.perf_counter() - self._start


def _checked(value: Any, where: str) -> float:
    """The score as a float. Raises WrongUse, which names the value in ``where``."""
    number = value.item() if getattr(value, "shape", None) == () else value  # of NumPy and torch
    if isinstance(number, int | float) and not isinstance(number, bool) and abs(number) <= MAX_SCORE:  # nor a NaN
        return float(number)
    raise WrongUse(f"{where.format(_shown(value))}, {RULE}")


def _index(epoch: Any) -> int | None:
    try:
        return None if isinstance(epoch, bool) else operator.index(epoch)
    except TypeError:
        return None


def _shown(value: Any) -> str:
    text = " ".join(value_text(value).split())
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"


def _is_pruned(error: Exception) -> bool:
    from optuna import TrialPruned

    return isinstance(error, TrialPruned)
