"""Networks in words, and how they differ."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nas.report.trials import Trials, network_rows, page_data
from nas.report.words import active_labels, brief, decision_name, difference, network_words, row_words
from search_spaces import Bottleneck, MBConv, Stage, cost, load
from search_spaces.known.networks import names, network


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        (Stage(MBConv(kernel=5, expand_ratio=6), out=40, repeats=3), "MBConv 5×5, expand 6, SE, 40 wide, 3 repeats"),
        (Stage(MBConv(se_ratio=0), out=16, stride=2), "MBConv 3×3, expand 6, 16 wide, 1 repeat, stride 2"),
        (Stage(Bottleneck(), out=256, repeats=2), "Bottleneck, 256 wide, 2 repeats"),
        (
            Stage(blocks=(MBConv(), MBConv(kernel=5)), out=8),
            "MBConv 3×3, expand 6, SE then MBConv 5×5, expand 6, SE, 8 wide, 2 repeats",
        ),
    ],
)
def test_a_row_in_words(stage, words):
    assert row_words(stage) == words


@pytest.mark.parametrize("name", names())
def test_every_known_network_has_words_for_each_row_and_a_drawing_of_its_cost(name):
    architecture = network(name)
    words = network_words(architecture)
    assert len(words) == len(architecture.stem) + len(architecture.stages) + 1
    assert all(text for _, text in words)
    rows = network_rows(architecture)
    assert sum(row.macs for row in rows) == cost(architecture).macs
    assert sum(row.params for row in rows) == cost(architecture).params


def test_a_difference_names_only_what_differs():
    one = {
        "stem.0.out": "8",
        "stages.2.block.kernel": "5",
        "stages.2.out": "48",
        "stages.4.repeats": "4",
        "head.out": "64",
    }
    other = one | {"stages.2.block.kernel": "3", "stages.2.out": "40", "stages.4.repeats": "1"}
    assert difference(one, other) == "stage 3: 5×5, 48 wide; stage 5: 4 repeats"
    assert difference(one, one) == ""
    assert difference({"stages.0.block": "conv"}, {"stages.0.block": "basic"}) == "stage 1: conv"
    assert difference({"stages.0.block.se_ratio": "0"}, {}) == "stage 1: no SE"


def test_a_long_difference_says_how_much_is_left_out():
    words = "; ".join(f"stage {n}: 5×5, expand 6" for n in range(1, 8))
    assert brief(words, 60) == "stage 1: 5×5, expand 6; stage 2: 5×5, expand 6 … and 5 more rows"
    assert brief(words, 10**4) == words


def test_decisions_have_names_for_people():
    assert decision_name("stages.2.block.mbconv.kernel") == "stage 3 mbconv kernel"
    assert decision_name("stages.0.block") == "stage 1 block"
    assert decision_name("stages.1.bottleneck(se_ratio=0.25).out") == "stage 2 bottleneck(se_ratio=0.25) out"
    assert decision_name("act") == "act"


def test_labels_of_branches_not_taken_are_left_out(study):
    space = load("mbconv")
    labels = space.vector(5)
    assert active_labels(space, {**labels}) == labels


def test_the_page_knows_each_trial_as_the_study_does(study):
    data = page_data(Trials(study))
    by_trial = {trial["n"]: trial for trial in data["trials"]}
    for record in study.records:
        trial = by_trial[record.trial]
        assert {tuple(data["decisions"][place]) for place in trial["d"]} == set(record.decisions.items())
        assert trial["macs"] == record.macs
        assert trial.get("score") == (None if record.top1 is None else float(f"{record.top1:.5g}"))
    assert by_trial[study.base.trial]["short"] == "the base"
    assert by_trial[study.base.trial]["again"] == [r.trial for r in study.records if r.source == study.base.trial]


def test_a_study_whose_blocks_are_missing_still_has_its_decisions(study):
    space = {**study.definition.space, "stages": [{"block": {"no_such_block": {}}, "out": 8}]}
    foreign = replace(study, definition=replace(study.definition, space=space))
    trials = Trials(foreign)
    assert trials.space is None
    assert trials.by_number[0].labels == study.records[0].decisions
    assert trials.by_number[0].rows == ()
