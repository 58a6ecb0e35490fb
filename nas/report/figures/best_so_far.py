"""The best score so far against what the search has spent, beside random search of equal cost."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import sqrt
from statistics import fmean

from nas.report.figures import colours
from nas.report.figures.figure import TRIAL_HOVER, Drawing, Figure, axis, clear_layout
from nas.study import Record, Study
from nas.text.scores import Scale
from search_spaces.counting.intervals import Z95

UNIFORM = ("start", "random", "uniform", "enumerated")  # origins of trials that no earlier score has chosen
MIN_UNIFORM = 8  # of these, below which nothing is said of random search
MAX_STEPS = 100  # numbers of draws for which random search is worked out
BAND = (0.05, 0.95)
UNITS = {"trainings": "trainings to the end, or epochs worth one", "seconds": "device-hours"}


@dataclass(frozen=True)
class BestSoFar:
    """``steps`` are (spent, best so far, trial) at each improvement and at the end; ``random`` (spent, low, expected,
    high) of the best of so many uniform trainings. ``unit`` is a key of UNITS, ``band`` the half width of a score's 95
    % interval by the seed."""

    unit: str
    scale: Scale
    steps: tuple[tuple[float, float, int], ...]
    random: tuple[tuple[float, float, float, float], ...]
    uniform: int
    band: float


def compute(study: Study, unit: str = "trainings") -> BestSoFar | None:
    """The course of the search; None before its first complete training.

    Random search of equal cost is what the best of n of the study's own uniform trainings is expected to be, for
    uniform trainings that were all made to the end: a pruner would have kept the better ones only.
    """
    trained = [r for r in study.records if r.replicate == 0 and r.state in ("complete", "pruned")]
    complete = [record for record in trained if record.state == "complete" and record.top1 is not None]
    if not complete:
        return None
    whole = max(record.epochs for record in complete)
    spent, steps, sign = 0.0, [], study.question.goal.sign
    best: Record | None = None
    for record in trained:
        spent += _price(record, whole, unit)
        is_whole = record.state == "complete" and record.top1 is not None
        if is_whole and (best is None or sign * _score(record) > sign * _score(best)):
            best = record
            steps.append((spent, _score(record), record.trial))
    assert best is not None
    steps.append((spent, _score(best), best.trial))
    uniform = [record for record in trained if record.origin in UNIFORM]
    is_fair = len(uniform) >= MIN_UNIFORM and all(record.state == "complete" for record in uniform)
    price = fmean(_price(record, whole, unit) for record in complete)
    seeds = (study.noise.between_seeds if study.noise else None) or 0.0
    return BestSoFar(
        unit=unit,
        scale=study.definition.scale,
        steps=tuple(steps),
        random=expected_best([_score(record) for record in uniform], price, sign) if is_fair else (),
        uniform=len(uniform),
        band=Z95 * sqrt(seeds),
    )


def _score(record: Record) -> float:
    return float(record.top1 or 0.0)


def _price(record: Record, whole: int, unit: str) -> float:
    return record.seconds / 3600 if unit == "seconds" else record.epochs / max(1, whole)


def expected_best(scores: list[float], price: float, sign: int = 1) -> tuple[tuple[float, float, float, float], ...]:
    """(n · price, 5 % quantile, mean, 95 % quantile) of the best of n draws with replacement from ``scores``, for n
    from 1 to their number: the distribution of a maximum, F(x)^n."""
    ordered = sorted(sign * score for score in scores)
    count = len(ordered)
    rows = []
    for n in _counts(count):
        below = [(place / count) ** n for place in range(count + 1)]
        mean = sum(score * (below[place + 1] - below[place]) for place, score in enumerate(ordered))
        low, high = (next(s for place, s in enumerate(ordered) if below[place + 1] >= share) for share in BAND)
        ends = sorted((sign * low, sign * high))
        rows.append((n * price, ends[0], sign * mean, ends[1]))
    return tuple(rows)


def _counts(most: int) -> list[int]:
    """Numbers of draws from 1 to ``most``: all of them, or as many as a line shows, closer where it bends."""
    if most <= MAX_STEPS:
        return list(range(1, most + 1))
    return sorted({round(most ** (place / (MAX_STEPS - 1))) for place in range(MAX_STEPS)})


def draw(shown: BestSoFar) -> Drawing:
    """The search as a step, random search as a line with its band."""
    factor = shown.scale.factor
    traces = []
    if shown.random:
        style: Drawing = {
            "type": "scatter",
            "mode": "lines",
            "x": [row[0] for row in shown.random],
            "hoverinfo": "skip",
        }
        edge: Drawing = {"line": {"width": 0}, "showlegend": False}
        traces.append({**style, **edge, "name": "90 %", "y": [factor * row[1] for row in shown.random]})
        filled = {"fill": "tonexty", "fillcolor": colours.SPACE}
        traces.append({**style, **edge, **filled, "name": "90 %", "y": [factor * row[3] for row in shown.random]})
        line = {"color": colours.KNOWN, "dash": "dash", "width": 2}
        expected = [factor * row[2] for row in shown.random]
        traces.append({**style, "name": "random search, expected", "y": expected, "line": line})
    spent, best, trials = zip(*shown.steps, strict=True)
    traces.append(
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": "this search",
            "x": list(spent),
            "y": [factor * score for score in best],
            "customdata": list(trials),
            "line": {"shape": "hv", "color": colours.TRAINED, "width": 2},
            "marker": {"size": 8, "color": colours.TRAINED},
            "error_y": {"type": "constant", "value": factor * shown.band, "thickness": 1, "width": 0},
            "hovertemplate": TRIAL_HOVER,
        }
    )
    layout = {
        "xaxis": axis(UNITS[shown.unit], rangemode="tozero"),
        "yaxis": axis(shown.scale.axis),
        **clear_layout(height=380, legend_y=-0.2, top=10),
    }
    return {"data": traces, "layout": layout}


def captions(shown: BestSoFar) -> list[str]:
    """What random search is estimated from, or why it is not there."""
    if not shown.random:
        return [
            "Random search of equal cost is not drawn: this study has too few uniform trainings that were all made to "
            "the end. A second study with --sampler random beside this one shows it."
        ]
    return [
        f"Dashed: what random search expects of as much, from the {shown.uniform} uniform trainings of this study; the "
        "band holds 90 of 100 of its runs. Beyond as many trainings they tell nothing."
    ]


FIGURE = Figure(
    "Best so far",
    compute,
    draw,
    captions,
    views={"trainings": compute, "device-hours": partial(compute, unit="seconds")},
)
