"""The head of the page, its warnings, and what it says it does not show."""

from __future__ import annotations

from dataclasses import replace

from made_up_study import SPACE, definition, empty

from nas.report.facts import head_facts, interruptions_line, reasons, trials_line
from nas.report.fairness import conditions, differences, folder_test_reads, not_shown, warnings
from nas.study.definition import write_definition
from nas.study.outcome import FinalScore


def test_the_head_says_what_was_asked_and_at_which_size_numbers_hold(study):
    facts = head_facts(study, SPACE)
    assert f"{len(SPACE.decisions)} decisions" in facts["asked"]
    assert "400MFLOPs" in facts["asked"]
    assert facts["sizes"] == (
        "scores of trials hold at 32 px on the validation split; costs hold at 224 px and 1,000 classes"
    )
    seconds = sum(record.seconds for record in study.records)
    assert facts["cost"].startswith(f"{seconds / 3600:.3g} device-hours")


def test_counts_have_their_reasons(study):
    assert "1 failed" in trials_line(study)
    assert "6 further trainings with other seeds" in trials_line(study)
    assert reasons(study, "failed") == ["out of memory <3 times> (1)"]
    assert trials_line(empty(study)) == "none yet"
    many = tuple(replace(r, state="failed", reason=f"reason {r.trial}" * 20) for r in study.records)
    lines = reasons(replace(study, records=many), "failed")
    assert len(lines) == 5
    assert lines[-1] == "and 27 other reasons"
    assert all(len(line) < 100 for line in lines)


def test_interruptions_are_counted(study):
    assert interruptions_line(replace(study, openings=1)) == "none"
    assert interruptions_line(replace(study, openings=3, retries=2)) == (
        "went on 2 times after a stop, 2 trainings started again after a trainer died"
    )


def test_few_seeds_no_baseline_and_noise_are_warned_of(study):
    plain = replace(study, test_reads=1)
    assert len(warnings(plain)) == 1  # differences within noise
    single = replace(plain, choice=replace(study.choice, replicates=0, fresh=None), reference=None)
    text = " ".join(warnings(single))
    assert "trained with one random seed" in text
    assert "No baseline" in text
    few = replace(plain, choice=replace(study.choice, replicates=2))
    assert any(line.startswith("Few seeds") for line in warnings(few))
    assert "within noise" in " ".join(warnings(plain))
    assert warnings(empty(study)) == []


def test_a_test_split_read_more_than_once_is_warned_of(study, tmp_path):
    """Over the studies of the same data that lie in one folder."""
    data = {"name": "digits", "spec": "digits", "digest": "d1-abc", "seed": 0}
    lines = '{"event": "test", "trial": 1}\n{"event": "epoch"}\n{"event": "final", "trial": 1}\n'
    for name, digest in (("one", "d1-abc"), ("two", "d1-abc"), ("other", "d1-other")):
        (tmp_path / name).mkdir()
        write_definition(tmp_path / name, definition(data={**data, "digest": digest}))
        (tmp_path / name / "log.jsonl").write_text(lines)
    here = replace(study, folder=tmp_path / "one", definition=definition(data=data), test_reads=1)
    assert folder_test_reads(here) == 3
    assert any("was read 3 times by the studies of this folder" in line for line in warnings(here))
    alone = replace(here, folder=tmp_path / "nowhere", test_reads=2)
    assert any("read 2 times in this study" in line for line in warnings(alone))


def test_what_the_page_does_not_show(study):
    text = " ".join(not_shown(replace(study, test=None)))
    assert "no test was made" in text
    assert "Latency" in text
    assert "no random search of equal cost" in text
    final = FinalScore(study.base.trial, "fast", "r", 9, 64, "final/x", 1, 1, 0.9, 0.9, 100, 1.0)
    random = replace(study.definition, question=replace(study.question, sampler="random"))
    tested = " ".join(not_shown(replace(study, final=final, definition=random)))
    assert "no test was made" not in tested
    assert "random search" not in tested


def test_studies_are_comparable_on_equal_data_recipe_size_and_epochs(study):
    longer = replace(study, definition=definition(settings={**study.definition.settings, "epochs": 80}))
    other_sampler = definition(question=replace(study.question, sampler="random", seed=5))
    assert differences([study, replace(study, definition=other_sampler)]) == []
    assert differences([study, longer])[0].startswith("The studies differ in epochs: 8 (")
    recipe = definition(recipe={**study.definition.recipe, "lr": 0.5})
    assert conditions(replace(study, definition=recipe))["recipe"] != conditions(study)["recipe"]
