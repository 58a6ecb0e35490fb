"""The best score so far against what the search has spent, beside random search of equal cost."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import sqrt
from statistics import fmean

from nas.report.beside_random import random_study
from nas.report.figures import colours
from nas.report.figures.course import BAND, UNITS, Row, Step, is_whole, price, resampled, score, steps, trained
from nas.report.figures.figure import TRIAL_HOVER, Drawing, Figure, axis, clear_layout
from nas.study import Study
from nas.text.scores import Scale
from search_spaces.counting.intervals import Z95

UNIFORM = ("start", "random", "uniform", "enumerated")  # origins of trials that no earlier score has chosen
MIN_UNIFORM = 8  # of these, below which nothing is said of random search
BESIDE = {"shape": "hv", "color": colours.REUSED, "width": 2, "dash": "dot"}
HOVER = {"hovertemplate": TRIAL_HOVER}
MAX_STEPS = 100  # numbers of draws for which random search is worked out


@dataclass(frozen=True)
class BestSoFar:
    """``steps`` are those of this search, ``beside`` those of the random search that was made beside it; ``random`` is
    what random search is expected to come to: by that one's trainings, or else by the ``uniform`` ones of this search.
    ``unit`` is a key of UNITS, ``band`` the half width of a score's 95 % interval by the seed."""

    unit: str
    scale: Scale
    steps: tuple[Step, ...]
    random: tuple[Row, ...]
    uniform: int
    band: float
    beside: tuple[Step, ...] = ()


def compute(study: Study, unit: str = "trainings") -> BestSoFar | None:
    """The course of the search; None before its first complete training.

    Beside it that of the random search that was made with it. Without one, random search of equal cost is what the best
    of n of the study's own uniform trainings is expected to be, for uniform trainings that were all made to the end: a
    pruner would have kept the better ones only.
    """
    searched, sign = trained(study.records), study.question.goal.sign
    complete = [record for record in searched if is_whole(record)]
    if not complete:
        return None
    whole = max(record.epochs for record in complete)
    beside = random_study(study)
    uniform = [record for record in searched if record.origin in UNIFORM]
    is_fair = len(uniform) >= MIN_UNIFORM and all(record.state == "complete" for record in uniform)
    average = fmean(price(record, whole, unit) for record in complete)
    expected = expected_best([score(record) for record in uniform], average, sign) if is_fair else ()
    seeds = (study.noise.between_seeds if study.noise else None) or 0.0
    return BestSoFar(
        unit=unit,
        scale=study.definition.scale,
        steps=steps(study.records, whole, unit, sign),
        random=expected if beside is None else resampled(beside.records, whole, unit, sign),
        uniform=len(uniform if beside is None else trained(beside.records)),
        band=Z95 * sqrt(seeds),
        beside=() if beside is None else steps(beside.records, whole, unit, sign),
    )


def expected_best(scores: list[float], price: float, sign: int = 1) -> tuple[Row, ...]:
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
    if shown.beside:
        traces.append(_course("random search", shown.beside, factor, colours.REUSED) | {"line": BESIDE})
    search = _course("this search", shown.steps, factor, colours.TRAINED)
    error = {"type": "constant", "value": factor * shown.band, "thickness": 1, "width": 0}
    traces.append(search | {"customdata": [trial for *_, trial in shown.steps], "error_y": error, **HOVER})
    layout = {
        "xaxis": axis(UNITS[shown.unit], rangemode="tozero"),
        "yaxis": axis(shown.scale.axis),
        **clear_layout(height=380, legend_y=-0.2, top=10),
    }
    return {"data": traces, "layout": layout}


def _course(name: str, course: tuple[Step, ...], factor: float, colour: str) -> Drawing:
    """A step line; the trials of another study are no points to click."""
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": [spent for spent, *_ in course],
        "y": [factor * best for _, best, _ in course],
        "line": {"shape": "hv", "color": colour, "width": 2},
        "marker": {"size": 8, "color": colour},
        "hovertemplate": f"{name}: %{{y:.4g}} after %{{x:.3g}}<extra></extra>",
    }


def captions(shown: BestSoFar) -> list[str]:
    """What random search is estimated from, or why it is not there."""
    if shown.beside:
        lines = [f"Random search: {shown.uniform} trainings of its own, on the same data and by the same recipe."]
        if shown.random:
            lines.append(
                "Dashed is what it comes to on average, were its trainings drawn again from those made; the band "
                "holds 90 of 100 such runs."
            )
        return lines
    if not shown.random:
        return [
            "Random search of equal cost is not drawn: this study has too few uniform trainings that were all made to "
            "the end. --baseline random makes it."
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
