from __future__ import annotations

from dataclasses import replace

from nas.report.figures import accuracy, curves
from nas.report.source import Known


def of_state(facts, state):
    return [r for r in facts.records if r["state"] == state and not r["replicate"]]


def test_every_trial_is_shown_by_its_state(facts):
    shown = accuracy.data(facts)
    for state in ("complete", "pruned", "reused"):
        expected = [(float(r["macs"]), r["top1"], r["trial"]) for r in of_state(facts, state)]
        assert expected
        assert list(shown.points[state]) == expected


def test_infeasible_trials_are_ticks_by_cost_and_never_points(facts):
    shown = accuracy.data(facts)
    costs = {float(r["macs"]) for r in of_state(facts, "infeasible")}
    assert costs
    assert set(shown.infeasible) <= costs
    assert not costs & {point[0] for points in shown.points.values() for point in points}


def test_the_base_budget_and_reference_are_where_the_study_says(facts):
    shown = accuracy.data(facts)
    assert shown.base == (facts.base["macs"], facts.base["top1"], facts.base["trial"])
    assert shown.limit == 4e8
    assert shown.reference == (0.967, 0.943, 0.981)


def test_known_networks_beyond_the_figure_are_listed_not_drawn(facts):
    shown = accuracy.data(facts)
    assert {k.name for k in shown.known} == {"mobilenet-v2", "efficientnet-b0"}
    assert [k.name for k in shown.beyond] == ["googlenet", "resnet-50"]


def test_labels_that_would_overlap_share_one(facts):
    near = (Known("a", 300_000_000), Known("b", 300_100_000), Known("c", 380_000_000))
    texts = {a.text for a in accuracy.draw(accuracy.data(replace(facts, known=near))).layout.annotations}
    assert {"a, b", "c"} <= texts


def test_front_line_is_a_step_that_ends_at_the_budget(facts):
    figure = accuracy.draw(accuracy.data(facts))
    (line,) = [trace for trace in figure.data if trace.name == "Pareto front"]
    assert line.line.shape == "hv"
    assert line.x[-1] == 4e8
    assert list(line.y) == sorted(line.y)


def test_retrained_networks_have_error_bars(facts):
    shown = accuracy.data(facts)
    assert [r.n for r in shown.repeated] == [3, 3]
    (trace,) = [t for t in accuracy.draw(shown).data if t.name.startswith("retrained")]
    assert list(trace.error_y.array) == [100 * r.deviation for r in shown.repeated]


def test_a_budget_on_parameters_puts_parameters_on_the_axis(facts):
    shown = accuracy.data(replace(facts, metric="params", limit=5e6, known=()))
    assert shown.base[0] == facts.base["params"]
    assert accuracy.draw(shown).layout.xaxis.title.text == "parameters"


def test_a_study_without_trials_draws(facts):
    empty = replace(facts, records=(), base=None, reference=None, limit=None)
    assert not accuracy.draw(accuracy.data(empty)).data
    assert curves.data(empty) == ()


def test_the_base_is_the_last_curve_and_replicates_have_none(facts):
    lines = curves.data(facts)
    assert lines[-1].base
    assert lines[-1].trial == facts.base["trial"]
    assert len(lines) == len(of_state(facts, "complete")) + len(of_state(facts, "pruned"))
