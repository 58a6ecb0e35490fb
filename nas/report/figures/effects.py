"""Which decisions pay: the gain of the best label over the worst, and beside it the share of each by PED-ANOVA."""

from __future__ import annotations

from dataclasses import dataclass

from nas.report.agreement import known_effects
from nas.report.figures import colours
from nas.report.figures.figure import Drawing, Figure, axis, clear_layout, wrapped
from nas.report.words import decision_name
from nas.study import Study
from nas.text.scores import Scale

SHOWN = 12  # decisions
ROW = 34  # pixels of height that each takes
LINE = 28  # characters of a name in one line


@dataclass(frozen=True)
class Bar:
    """A decision: ``words`` say which label is better than which, gain and interval are in the objective's own unit,
    None where the model says nothing; ``share`` is that of PED-ANOVA, None likewise."""

    name: str
    words: str
    gain: float | None
    low: float | None
    high: float | None
    share: float | None


@dataclass(frozen=True)
class Effects:
    """The decisions that pay most surely, and how their gains are written."""

    bars: tuple[Bar, ...]
    scale: Scale


def compute(study: Study) -> Effects | None:
    """Effects by the predictor's model, the surest first, then decisions that PED-ANOVA alone names; None where too
    little was trained."""
    effects, shares = known_effects(study), study.importance()
    bars = [
        Bar(decision_name(e.decision), f"{e.best} over {e.worst}", e.gain, e.low, e.high, shares.get(e.decision))
        for e in effects[:SHOWN]
    ]
    if not effects:
        bars = [Bar(decision_name(name), "", None, None, None, share) for name, share in list(shares.items())[:SHOWN]]
    return Effects(tuple(bars), study.definition.scale) if bars else None


def draw(shown: Effects) -> Drawing:
    """Gains with their intervals on the left, shares as bars on the right; the surest on top."""
    bars, factor = shown.bars[::-1], shown.scale.factor
    names = [wrapped(f"{bar.name}: {bar.words}" if bar.words else bar.name, LINE) for bar in bars]
    gains = [None if bar.gain is None else factor * bar.gain for bar in bars]
    has_gains = any(gain is not None for gain in gains)
    has_shares = any(bar.share is not None for bar in bars)
    traces: list[Drawing] = []
    if has_gains:
        spread = {
            "symmetric": False,
            "array": [
                factor * (bar.high - bar.gain) if bar.high is not None and bar.gain is not None else 0 for bar in bars
            ],
            "arrayminus": [
                factor * (bar.gain - bar.low) if bar.low is not None and bar.gain is not None else 0 for bar in bars
            ],
        }
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": "gain, 95 %",
                "x": gains,
                "y": names,
                "error_x": {**spread, "thickness": 2, "width": 4},
                "marker": {"color": colours.TRAINED, "size": 9},
                "hovertemplate": "%{y}: %{x:+.3g}<extra></extra>",
            }
        )
    if has_shares:
        shares = [None if bar.share is None else 100 * bar.share for bar in bars]
        style = {
            "orientation": "h",
            "marker": {"color": colours.KNOWN},
            "hovertemplate": "%{y}: %{x:.0f} %<extra></extra>",
        }
        traces.append({"type": "bar", "name": "share, PED-ANOVA", "x": shares, "y": names, "xaxis": "x2", **style})
    unit = " points" if factor == 100 else ""
    ends = ([0, 0.62], [0.68, 1]) if has_gains and has_shares else ([0, 1], [0, 1])
    axes = {
        "xaxis": axis(
            f"gain in {shown.scale.name},{unit or ' as it is'}", domain=ends[0], zeroline=True, nticks=5, tickangle=0
        ),
        "xaxis2": axis("share, %", domain=ends[1], rangemode="tozero", nticks=3, tickangle=0),
        "yaxis": {"type": "category", "tickfont": {"size": 11}},
    }
    layout = clear_layout(height=130 + ROW * len(bars), legend_y=-60 / (70 + ROW * len(bars)), top=10)
    return {"data": traces, "layout": {**axes, **layout}}


def captions(shown: Effects) -> list[str]:
    """What is compared, and what the two sides are."""
    lines = []
    if any(bar.gain is not None for bar in shown.bars):
        lines.append(
            "Gain: what a Gaussian process on all trainings expects of one label against another, all else equal and "
            "whatever it costs; an interval across 0 says that nothing is known."
        )
    if any(bar.share is not None for bar in shown.bars):
        lines.append("Share: how much a decision tells the best quarter from the others (PED-ANOVA); not which way.")
    return lines


FIGURE = Figure("Which decisions pay", compute, draw, captions)
