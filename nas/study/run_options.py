"""How far and where one run of a study goes: options that are no part of its question."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from nas.study.baseline import BASELINES
from nas.study.checkpoints import KEEP
from nas.study.executors.table import EXECUTORS
from nas.study.final import AUTO, FULL
from nas.study.options import a_text, from_options, option, options_of
from nas.study.question import ANSWERED, RUN
from search_spaces.errors import UserError
from search_spaces.values import KeyRule, Value, a_number, an_integer, one_of

TIME_HELP = "about how long all of it may take: 90s, 45min, 2h"
BASELINE_HELP = "then search at random with as many trainings, and set its base beside the search's"
FINAL_HELP = "train the base in the end, by recipe R, or for 100 epochs; auto: short and where it is cheap; none"
MAX_TRIALS, MAX_WORKERS = 1_000_000, 10_000
_answered = partial(option, group=ANSWERED, read=str)
_run = partial(option, group=RUN, read=str)


def _workers(value: Any) -> int | str:
    if value != "auto" and (type(value) is not int or not 1 <= value <= MAX_WORKERS):
        raise UserError(f"must be auto or an integer of at least 1 and at most {MAX_WORKERS}, got {value!r}")
    return value  # type: ignore[no-any-return]


def _read_workers(text: str) -> int | str:
    return text if text == "auto" else int(text)


def _read_seconds(text: str) -> float:
    """``90``, ``90s``, ``45min`` or ``2h``."""
    match = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?)(s|min|m|h)?", text)
    if match is None:
        raise UserError(f"must be a time such as 90s, 45min or 2h, got {text!r}")
    return float(match[1]) * {None: 1, "s": 1, "m": 60, "min": 60, "h": 3600}[match[2]]


@dataclass(frozen=True)
class RunOptions(Value):
    """Options of one run. Raises UserError with the name of the option, its rule and the value.

    ``trials`` trainings end complete or pruned; all of it takes about ``time`` seconds at most.
    ``final`` says how the base is trained in the end.
    """

    trials: int = _answered(an_integer(most=MAX_TRIALS), 24, "trainings to make", "N", read=int)
    time: float | None = _answered(a_number(above=0), None, TIME_HELP, "T", read=_read_seconds)
    final: str = _answered(a_text, AUTO, FINAL_HELP, "R", const=FULL)
    baseline: str | None = _answered(one_of(*BASELINES), None, BASELINE_HELP)
    workers: int | str = _run(_workers, "auto", "trainings side by side", "N|auto", read=_read_workers)
    executor: str = _run(KeyRule(EXECUTORS, ("auto",)), "auto", "what runs the trainings")
    address: str | None = _run(a_text, None, "of a Ray cluster; local: a cluster on this machine, also for slurm", "A")
    keep: str = _run(one_of(*KEEP), "base", "whose checkpoints stay")

    kind = "run"
    tagged = False

    @property
    def max_failures(self) -> int:
        """The study stops after more failed trials than this."""
        return max(5, self.trials // 4)


def split_options(options: Mapping[str, Any]) -> tuple[RunOptions, dict[str, Any]]:
    """The options of a run, checked, and those that are left for the question."""
    names = {f.name for f in options_of(RunOptions)}
    run_options: RunOptions = from_options(RunOptions, {n: v for n, v in options.items() if n in names})
    return run_options, {name: value for name, value in options.items() if name not in names}
