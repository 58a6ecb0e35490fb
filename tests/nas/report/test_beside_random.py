"""What the page says of random search beside the study."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import pytest

from nas.report.agreement import agreement_lines
from nas.report.beside_random import random_search_lines
from nas.report.fairness import not_shown
from nas.report.figures import best_so_far
from nas.report.figures.course import UNITS, price, resampled, trained
from nas.report.page import page
from nas.storage import layout
from nas.study.definition import write_definition
from nas.study.log import open_log
from nas.study.outcome import RandomSearch

RANDOM = RandomSearch(
    state="finished",
    trials=12,
    shared=3,
    epochs=24,
    search_epochs=30,
    trial=4,
    digest="n1-other",
    macs=3_000_000,
    params=20_000,
    top1=0.61,
    fresh=0.6,
    replicates=2,
    difference=0.012,
    low=-0.003,
    high=0.027,
)


@pytest.fixture
def compared(study):
    return replace(study, baseline=RANDOM)


def test_it_says_cost_choice_and_difference_with_its_interval(compared):
    choice, ahead = random_search_lines(compared)
    assert choice.startswith("random search of 12 trainings (")
    assert "3 of them shared with the search" in choice
    assert "3.000 M MACs, 60.0 % on average over 2 further seeds" in choice
    assert ahead == ("the base is 1.20 points ahead (95 %: -0.30 points to 2.70 points), so that chance may explain it")
    assert choice in page(compared)
    assert set(random_search_lines(compared)) <= set(agreement_lines(compared))


def test_a_clear_difference_and_one_without_seeds(compared):
    clear = replace(compared, baseline=replace(RANDOM, low=0.002))
    assert random_search_lines(clear)[1].endswith("(95 %: 0.20 points to 2.70 points)")
    single = replace(compared, baseline=replace(RANDOM, fresh=None, replicates=0, low=None, high=None))
    assert random_search_lines(single)[1].endswith("without further seeds nothing says whether that is chance")
    behind = replace(compared, baseline=replace(RANDOM, difference=-0.012))
    assert "1.20 points behind" in random_search_lines(behind)[1]


def test_the_same_choice_is_said_to_be(compared):
    same = replace(compared, baseline=replace(RANDOM, digest=compared.base.digest))
    assert random_search_lines(same)[1] == "that is the base, too"


def test_only_without_it_the_page_does_not_show_chance(study, compared):
    assert random_search_lines(study) == []
    assert any("better than chance" in line for line in not_shown(study))
    assert not any("better than chance" in line for line in not_shown(compared))


@pytest.fixture
def with_random(study, tmp_path):
    """The study with random search in its folder: its own first records, as trainings of another study."""
    folder = tmp_path / layout.BASELINE
    folder.mkdir()
    definition = replace(study.definition, question=replace(study.question, sampler="random"))
    write_definition(folder, definition)
    with closing(open_log(folder / layout.LOG)) as log:
        for record in trained(study.records)[:9]:
            log.append("finished", trial=record.trial, record=record.to_data())
    return study


@pytest.mark.parametrize("unit", UNITS)
def test_its_course_is_drawn_with_a_band_over_both_costs(with_random, unit):
    shown = best_so_far.compute(with_random, unit)
    made = trained(with_random.records)[:9]
    assert shown.beside[-1][0] == pytest.approx(sum(price(r, 8, unit) for r in made))
    assert shown.beside[-1][1] == max(r.top1 for r in made if r.state == "complete")
    assert all(low <= expected <= high for _, low, expected, high in shown.random)
    assert shown.random[-1][0] == pytest.approx(shown.beside[-1][0])
    assert min(r.top1 for r in made if r.state == "complete") <= shown.random[0][1] < shown.random[-1][3]
    traces = {trace["name"]: trace for trace in best_so_far.draw(shown)["data"]}
    assert traces["random search"]["y"] == [100 * best for _, best, _ in shown.beside]
    assert "customdata" not in traces["random search"]
    assert any("band" in line for line in best_so_far.captions(shown))


def test_a_resampled_course_is_that_of_the_search_itself_where_all_trainings_are_alike(study):
    alike = [replace(study.records[0], trial=n, state="complete", top1=0.5, epochs=8) for n in range(6)]
    rows = resampled(alike, 8, "trainings", 1)
    assert {row[1:] for row in rows} == {(0.5, 0.5, 0.5)}
    assert rows[-1][0] == 6
