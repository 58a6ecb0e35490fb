from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import plotly.graph_objects as go
import pytest
from made_up_study import definition, empty, record

from nas.report.figures import FIGURES, accuracy, accuracy_data, curves
from nas.report.figures.known import Known, shared_labels
from nas.study import open_study

STUDIES = Path(__file__).parents[3] / "studies"


def of_state(study, state):
    return [r for r in study.records if r.state == state and not r.replicate]


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_keeps_its_contract(name, study):
    """Whole, stored, with one trial, and before the first: computed alike each time, drawn from that alone as plain
    values that Plotly knows."""
    figure = FIGURES[name]
    assert figure.title
    absent = ("timeline", "trained_family")  # the made-up study has no log, and no family beside it
    assert figure.compute(study) is not None or name in absent
    one_trial = replace(study, records=study.records[:1], base=study.records[0])
    for part in (study, open_study(STUDIES / "demonstration-digits"), one_trial, empty(study)):
        shown = figure.compute(part)
        assert shown == figure.compute(part)
        if shown is not None:
            for view in figure.computed(part).values():
                go.Figure(figure.draw(view))
            drawing = figure.draw(shown)
            assert json.loads(json.dumps(drawing, allow_nan=False)) == drawing == figure.draw(shown)
            go.Figure(drawing)  # refuses a property or a value that it does not know
            assert all(isinstance(caption, str) for caption in figure.captions(shown))


def test_every_trial_is_shown_by_its_state(study):
    shown = accuracy_data.compute(study)
    for state in ("complete", "pruned", "reused"):
        expected = [(float(r.macs), r.top1, r.trial) for r in of_state(study, state)]
        assert expected
        assert list(shown.points[state]) == expected


def test_infeasible_trials_are_ticks_by_cost_and_never_points(study):
    shown = accuracy_data.compute(study)
    costs = {float(r.macs) for r in of_state(study, "infeasible")}
    assert costs
    assert set(shown.infeasible) <= costs
    assert not costs & {point[0] for points in shown.points.values() for point in points}


def test_the_base_budget_and_reference_are_where_the_study_says(study):
    shown = accuracy_data.compute(study)
    assert shown.base == (study.base.macs, study.base.top1, study.base.trial)
    assert shown.limit == 4e8
    assert shown.reference == study.reference


def test_known_networks_beyond_the_figure_are_listed_not_drawn(study):
    shown = accuracy_data.compute(study)
    inside, outside = ({known.name for known in networks} for networks in (shown.known, shown.beyond))
    assert {"mobilenet-v2", "efficientnet-b0"} <= inside
    assert {"googlenet", "resnet-50"} <= outside
    assert not inside & outside
    caption = accuracy.captions(shown)[-1]
    assert all(f"{known.name} (" in caption for known in (shown.beyond[0], shown.beyond[-1]))
    assert f"… {len(shown.beyond) - 6} more …" in caption


def test_labels_that_would_overlap_share_one(study):
    near = (Known("a", 300_000_000), Known("b", 300_100_000), Known("c", 380_000_000))
    assert shared_labels(near, 6e6) == [("a, b", 3e8), ("c", 3.8e8)]
    shown = replace(accuracy_data.compute(study), known=near)
    assert {"a, b", "c"} <= {label["text"] for label in accuracy.draw(shown)["layout"]["annotations"]}


def test_front_line_is_a_step_that_ends_at_the_budget(study):
    drawing = accuracy.draw(accuracy_data.compute(study))
    (line,) = [trace for trace in drawing["data"] if trace["name"] == "Pareto front"]
    assert line["line"]["shape"] == "hv"
    assert line["x"][-1] == 4e8
    assert line["y"] == sorted(line["y"])


def test_retrained_networks_have_error_bars(study):
    shown = accuracy_data.compute(study)
    assert [network.seeds for network in shown.repeated] == [3, 3]
    (trace,) = [trace for trace in accuracy.draw(shown)["data"] if trace["name"].startswith("retrained")]
    assert trace["error_y"]["array"] == [100 * network.deviation for network in shown.repeated]


def test_a_budget_on_parameters_puts_parameters_on_the_axis(study):
    shown = accuracy_data.compute(replace(study, definition=definition(budgets=("5Mparams", "400MFLOPs"))))
    assert (shown.base[0], shown.limit) == (study.base.params, 5e6)
    assert accuracy.draw(shown)["layout"]["xaxis"]["title"]["text"] == "parameters"


def test_a_budget_on_weights_shows_bytes(study):
    shown = accuracy_data.compute(replace(study, definition=definition(budgets=("20MB",))))
    assert shown.base[0] == 4 * study.base.params


def test_a_study_without_trials_draws_its_space_alone(study):
    (bars,) = accuracy.draw(accuracy_data.compute(empty(study)))["data"]
    assert bars["name"] == "the space"
    assert curves.compute(empty(study)) is None


def test_the_base_is_the_last_curve_and_replicates_have_none(study):
    lines = curves.compute(study)
    assert lines[-1].base
    assert lines[-1].trial == study.base.trial
    assert len(lines) == len(of_state(study, "complete")) + len(of_state(study, "pruned"))


def test_a_training_of_one_epoch_has_no_curve(study):
    short = record(0, "complete", 100, 0.5, top1_by_epoch=(0.5,))
    assert curves.compute(replace(study, records=(short,))) is None
