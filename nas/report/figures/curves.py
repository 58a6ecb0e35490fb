"""Learning curves: what was reached after each epoch, one line a training, the base in front."""

from __future__ import annotations

from dataclasses import dataclass

from nas.report import tables
from nas.report.figures import colours
from nas.report.figures.figure import TRIAL_HOVER, Drawing, Figure, axis, clear_layout
from nas.study import Record, Study
from nas.study.pruners import PRUNERS
from nas.text.scores import LOSS, TOP1, Scale

LOOKS = {"complete": ("trained", colours.TRAINED), "pruned": ("pruned", colours.PRUNED)}  # state: legend, colour
MAX_TICKS = 15  # epochs up to which each has its tick
MAX_CURVES = 150  # lines that a figure can hold; more of them would be a carpet


@dataclass(frozen=True)
class Curve:
    """Numbers after epoch 1, 2, … of one training of the search, which ``scale`` writes: top-1 as a fraction, say.
    ``rungs`` are the epochs at which the study stops trainings, ``left_out`` how many curves are not shown."""

    trial: int
    state: str
    top1: tuple[float, ...]
    base: bool
    scale: Scale = TOP1
    rungs: tuple[int, ...] = ()
    left_out: int = 0


def compute(study: Study) -> tuple[Curve, ...] | None:
    """Scores of complete and pruned trainings of at least two epochs, the base last so that it lies in front."""
    return _curves(study, study.definition.scale)


def of_loss(study: Study) -> tuple[Curve, ...] | None:
    """Training losses, where they are known."""
    return _curves(study, LOSS)


def _curves(study: Study, scale: Scale) -> tuple[Curve, ...] | None:
    base = study.base.trial if study.base else None
    records = [record for state in LOOKS for record in tables.searched(study.records, state)]
    records = [record for record in records if len(_numbers(record, scale)) > 1]
    shown = _evenly(sorted(records, key=lambda record: (record.trial != base, record.trial)))
    rungs = _rungs(study)
    curves = [
        Curve(
            record.trial,
            record.state,
            _numbers(record, scale),
            record.trial == base,
            scale,
            rungs,
            len(records) - len(shown),
        )
        for record in shown
    ]
    return tuple(sorted(curves, key=lambda c: (c.base, c.state == "complete", c.trial))) or None


def _numbers(record: Record, scale: Scale) -> tuple[float, ...]:
    return record.loss_by_epoch if scale is LOSS else record.top1_by_epoch


def _evenly(records: list[Record]) -> list[Record]:
    """The first and evenly spaced others, as many as a figure can hold."""
    step = max(1.0, len(records) / MAX_CURVES)
    return [records[int(place * step)] for place in range(min(len(records), MAX_CURVES))]


def _rungs(study: Study) -> tuple[int, ...]:
    pruner = PRUNERS.get(study.question.pruner or "none")
    if pruner is None or not pruner.has_rungs:
        return ()
    return tuple(sorted({r.epochs for r in tables.searched(study.records, "pruned") if r.epochs}))


def draw(curves: tuple[Curve, ...]) -> Drawing:
    """One line a curve; the first of its kind stands in the legend."""
    lines = [_line(curve) for curve in curves]
    names = [line["name"] for line in lines]
    for index, line in enumerate(lines):
        line["showlegend"] = names.index(line["name"]) == index
    epochs = max(len(curve.top1) for curve in curves)
    ticks = {"dtick": 1} if epochs <= MAX_TICKS else {}
    rung = {"type": "line", "yref": "y domain", "y0": 0, "y1": 1, "line": {"dash": "dot", "width": 1}}
    layout = {
        "xaxis": axis("epoch", range=[0.8, epochs + 0.2], **ticks),
        "yaxis": axis(curves[0].scale.axis),
        "shapes": [{**rung, "x0": epoch, "x1": epoch, "layer": "below"} for epoch in curves[0].rungs],
        **clear_layout(height=380, legend_y=-0.2, top=10),
    }
    return {"data": lines, "layout": layout}


def _line(curve: Curve) -> Drawing:
    name, colour = ("base", colours.BASE) if curve.base else LOOKS[curve.state]
    opacity = 1.0 if curve.base else 0.6
    return {
        "type": "scatter",
        "name": name,
        "legendgroup": name,
        "x": list(range(1, len(curve.top1) + 1)),
        "y": [curve.scale.factor * top1 for top1 in curve.top1],
        "customdata": [curve.trial] * len(curve.top1),
        "mode": "lines",
        "line": {"width": 3 if curve.base else 1.2, "color": colour},
        "opacity": opacity,
        "meta": {"opacity": opacity},
        "hovertemplate": TRIAL_HOVER,
    }


def captions(curves: tuple[Curve, ...]) -> list[str]:
    """Where trainings are stopped, and how many lines are missing."""
    lines = []
    if curves[0].rungs:
        lines.append(
            f"Dotted: the epochs at which trainings stop, {', '.join(map(str, curves[0].rungs))}; the best go on."
        )
    if curves[0].left_out:
        lines.append(
            f"{len(curves)} trainings, evenly chosen, with the base; {curves[0].left_out} more are in the table."
        )
    return lines


FIGURE = Figure("Learning curves", compute, draw, captions, views={"score": compute, "training loss": of_loss})
