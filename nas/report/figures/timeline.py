"""Who trained what and when, with deaths of trainers and stops of the study, from the log."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from nas.report.figures import colours
from nas.report.figures.figure import TRIAL_HOVER, Drawing, Figure, axis, clear_layout, name_text
from nas.storage.layout import LOG
from nas.study import Study
from nas.study.log import Event, read_log

MAX_TRAINERS = 24
LOOKS = {  # how a training ended: legend, colour
    "complete": ("complete", colours.TRAINED),
    "pruned": ("pruned", colours.PRUNED),
    "failed": ("failed", colours.BUDGET),
    "died": ("trainer died, started again", colours.REUSED),
    "stopped": ("study stopped", colours.BASE),
    "running": ("running", colours.RETRAINED),
}


@dataclass(frozen=True)
class Span:
    """A trial on one trainer, from ``begin`` to ``end`` in seconds of the study's own time, and how that ended."""

    trainer: str
    trial: int
    begin: float
    end: float
    ending: str


@dataclass(frozen=True)
class Timeline:
    """The spans, the times at which the study went on after a stop, and how many trainers are left out."""

    spans: tuple[Span, ...]
    resumed: tuple[float, ...]
    left_out: int


def compute(study: Study) -> Timeline | None:
    """None where the log holds no times of trainings. Times when nothing ran are left out."""
    content = read_log(study.folder / LOG, written=True)
    spans, resumed = spans_of(content.events)
    trainers = list(dict.fromkeys(span.trainer for span in spans))
    kept = set(trainers[:MAX_TRAINERS])
    shown = tuple(span for span in spans if span.trainer in kept)
    return Timeline(shown, tuple(resumed), len(trainers) - len(kept)) if shown else None


def spans_of(events: Iterable[Event]) -> tuple[list[Span], list[float]]:
    """Spans and resumptions of a log's events, in order."""
    running: dict[int, tuple[str, float]] = {}
    spans: list[Span] = []
    resumed: list[float] = []
    now, last, openings = 0.0, None, 0

    def end(trial: int, ending: str) -> None:
        trainer, begin = running.pop(trial)
        spans.append(Span(trainer, trial, begin, now, ending))

    for event in events:
        kind, trial = event["event"], event.get("trial")
        if kind == "opened":
            for number in list(running):
                end(number, "stopped")
            openings += 1
            resumed += [now] if openings > 1 else []
            last = event.get("time")
            continue
        time = event.get("time")
        if time is not None:
            now, last = now + max(0.0, time - (last if last is not None else time)), time
        if trial in running and kind == "retried":
            end(trial, "died")
        elif trial in running and kind == "finished":
            end(trial, _ending(event))
        elif kind == "started" and trial is not None:
            if trial in running:
                end(trial, "died")
            running[trial] = (str(event.get("where", "a trainer")), now)
    for number in list(running):
        end(number, "running")
    return spans, resumed


def _ending(event: Event) -> str:
    state = str(event.get("record", {}).get("state", "complete"))
    return state if state in LOOKS else "complete"


def draw(shown: Timeline) -> Drawing:
    """A bar a training on the line of its trainer, dashed lines where the study went on."""
    trainers = list(dict.fromkeys(span.trainer for span in shown.spans))
    unit, name = (3600.0, "hours") if shown.spans[-1].end > 7200 else (60.0, "minutes")
    traces = []
    for ending, (legend, colour) in LOOKS.items():
        spans = [span for span in shown.spans if span.ending == ending]
        if spans:
            traces.append(
                {
                    "type": "bar",
                    "orientation": "h",
                    "name": legend,
                    "base": [span.begin / unit for span in spans],
                    "x": [(span.end - span.begin) / unit for span in spans],
                    "y": [name_text(span.trainer) for span in spans],
                    "customdata": [span.trial for span in spans],
                    "marker": {"color": colour, "line": {"width": 1, "color": "rgba(255,255,255,0.6)"}},
                    "textposition": "none",
                    "hovertemplate": TRIAL_HOVER,
                }
            )
    rule = {"type": "line", "yref": "y domain", "y0": 0, "y1": 1, "line": {"dash": "dash", "width": 1.5}}
    order = [name_text(trainer) for trainer in reversed(trainers)]
    layout = {
        "xaxis": axis(f"{name} of work"),
        "yaxis": {"type": "category", "categoryorder": "array", "categoryarray": order, "tickfont": {"size": 11}},
        "barmode": "overlay",
        "shapes": [{**rule, "x0": moment / unit, "x1": moment / unit} for moment in shown.resumed],
        **clear_layout(height=170 + 26 * len(trainers), legend_y=-70 / (80 + 26 * len(trainers)), top=10),
    }
    return {"data": traces, "layout": layout}


def captions(shown: Timeline) -> list[str]:
    """What dashed lines are, and what is missing."""
    lines = []
    if shown.resumed:
        lines.append("Dashed: the study went on here after a stop; the time between is left out.")
    if shown.left_out:
        lines.append(f"{shown.left_out} more trainers are not shown.")
    return lines


FIGURE = Figure("Who trained when", compute, draw, captions, wide=True)
