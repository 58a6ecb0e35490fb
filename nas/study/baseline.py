"""Random search of as many trainings, to set a search beside: it is a study of its own in the folder of the search's,
with which it shares trainings."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from nas.storage import layout
from nas.study.base import choose
from nas.study.noise import pooled, retrained
from nas.study.objectives import Objective
from nas.study.outcome import BaseChoice, RandomSearch
from nas.study.records import Record
from search_spaces.errors import UserError

if TYPE_CHECKING:
    from nas.study.plan import Plan

RANDOM = "random"
BASELINES = (RANDOM,)
CONFIDENCE = 0.95

Records = Mapping[int, Record]


def random_plan(plan: Plan) -> Plan:
    """The same question put to random search, in the search's folder. Raises UserError where the search is one."""
    if plan.question.sampler == RANDOM:
        raise UserError("random search is what the sampler does already: name another sampler", "baseline")
    if plan.question.smaller_budgets:
        raise UserError("compares one base, a series of budgets has several: name one budget", "baseline")
    definition = replace(plan.definition, question=replace(plan.question, sampler=RANDOM))
    return replace(plan, folder=plan.folder / layout.BASELINE, definition=definition)


def known_from(records: Records) -> Callable[[Record], Record | None]:
    """The whole training of the search that is the same as a record's: the same key and replicate, and so the same
    random seed."""
    whole = {(r.training_key, r.replicate): r for r in records.values() if r.state == "complete"}
    return lambda record: whole.get((record.training_key, record.replicate))


def compared(search: Records, random: Records, goal: Objective, state: str) -> RandomSearch | None:
    """What random search would have chosen, beside the base of the search; None where either has none.

    The difference is that of the means over further seeds, which neither choice has seen; its interval is Student's,
    with the variance between seeds pooled over all networks that were trained again in either (None without one). With
    no further seeds it is the difference of the scores by which they were chosen.
    """
    base, chosen = choose(search, goal), choose(random, goal)
    if base is None or chosen is None:
        return None
    known = known_from(search)
    groups = {record.digest: scores for records in (search, random) for record, scores in _groups(records, goal)}
    difference = _number(search, base, goal) - _number(random, chosen, goal)
    span = 0.0 if base.digest == chosen.digest else _span(list(groups.values()), base.replicates, chosen.replicates)
    return RandomSearch(
        state=state,
        base=base.trial,
        trials=sum(record.counted for record in random.values()),
        shared=sum(record.counted and known(record) is not None for record in random.values()),
        epochs=_epochs(random),
        search_epochs=_epochs(search),
        trial=chosen.trial,
        digest=chosen.digest,
        macs=random[chosen.trial].macs,
        params=random[chosen.trial].params,
        top1=chosen.top1,
        fresh=chosen.fresh,
        replicates=chosen.replicates,
        difference=difference,
        low=None if span is None else difference - span,
        high=None if span is None else difference + span,
    )


def _groups(records: Records, goal: Objective) -> list[tuple[Record, list[float]]]:
    return [(records[trial], scores) for trial, scores in retrained(records.values(), goal.value).items()]


def _number(records: Records, choice: BaseChoice, goal: Objective) -> float:
    """What a choice is worth: over further seeds where there are any."""
    return goal.value(replace(records[choice.trial], top1=choice.top1 if choice.fresh is None else choice.fresh))


def _span(groups: list[list[float]], *replicates: int) -> float | None:
    """Half the 95 % interval of a difference of two means over so many seeds each."""
    from scipy.stats import t

    variance = pooled(groups)
    if variance is None or 0 in replicates:
        return None
    freedom = sum(len(group) - 1 for group in groups)
    return float(t.ppf((1 + CONFIDENCE) / 2, freedom)) * math.sqrt(variance * sum(1 / n for n in replicates))


def _epochs(records: Records) -> int:
    """Epochs of the search, without retrainings."""
    return sum(record.epochs for record in records.values() if record.counted)
