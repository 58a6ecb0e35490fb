"""`nas studies` and `nas report` on a study that is written event by event, without any training."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from nas.cli.progress import Lines, Watched, block_lines, watched
from nas.report.figures import FIGURES
from nas.study import open_study
from nas.study.definition import Definition, write_definition
from nas.study.log import open_log
from nas.study.question import Question
from nas.study.records import Record
from search_spaces import cost, digest, save
from search_spaces.files.codec import to_data
from search_spaces.known.spaces import space

SPACE = space("nas-bench-macro")
QUESTION = Question(SPACE.name, sampler="random", retrain=1)


def definition() -> Definition:
    """The question of the study."""
    return Definition(
        question=QUESTION,
        name=SPACE.name,
        space=to_data(SPACE),
        budgets=("90MFLOPs",),
        image_size=32,
        classes=10,
        data={"name": "digits", "spec": "digits", "digest": "d", "seed": 0, "classes": ["0", "1"]},
        evaluator=None,
        recipe={"name": "proxy"},
    )


def events() -> list[dict]:
    """Five trials of the search, two further trainings of the best, the reference, the noise, the base."""
    rng = random.Random(0)
    found = [{"event": "opened", "trials": 4}]
    states = [("complete", 0.91), ("pruned", 0.55), ("infeasible", None), ("complete", 0.95), ("failed", None)]
    for trial, (state, top1) in enumerate([*states, ("complete", 0.94), ("complete", 0.93)]):
        total = cost(SPACE.sample(rng))
        record = Record(
            trial=trial,
            state="running",
            digest=digest(SPACE.sample(rng)),
            params=total.params,
            macs=total.macs,
            activations=total.activations,
            peak_bytes=total.peak_bytes,
            replicate=max(0, trial - 4),
            source=3 if trial > 4 else None,
        ).to_data()
        found.append({"event": "proposed", "trial": trial, "record": record})
        curve = [] if top1 is None else [top1 / 2, top1]
        ended = record | {"state": state, "top1": top1, "top1_by_epoch": curve, "epochs": len(curve)}
        ended["reason"] = "out of memory" if state == "failed" else None
        found.append({"event": "finished", "trial": trial, "record": ended})
    found.append(
        {"event": "reference", "name": "logistic regression", "top1": 0.92, "low": 0.89, "high": 0.94, "images": 359}
    )
    found.append(
        {
            "event": "noise",
            "search_variance": 8e-4,
            "candidates": 2,
            "between_seeds": 5e-5,
            "retrained": 1,
            "seeds": 2,
            "between_candidates": 7.5e-4,
            "resolved": True,
        }
    )
    choice = {"trial": 3, "mean": 0.94, "fresh": 0.935, "replicates": 2, "rule": "best mean"}
    return [*found, {"event": "base", **choice}, {"event": "ended", "state": "finished"}]


@pytest.fixture
def study(tmp_path):
    """The folder of the finished study."""
    folder = tmp_path / "studies" / "mine"
    folder.mkdir(parents=True)
    write_definition(folder, definition())
    log = open_log(folder / "log.jsonl")
    for event in events():
        fields = {name: value for name, value in event.items() if name != "event"}
        log.append(event["event"], **fields)
    log.close()
    save(SPACE.sample(random.Random(0)), folder / "base.yaml")
    return folder


def test_list(nas, study):
    (row,) = nas("studies", "--json").data
    assert (row["folder"], row["state"], row["trained"], row["top1"]) == ("studies/mine", "finished", 3, 0.95)
    assert "studies/mine" in nas("studies", "list").out
    assert nas("studies", "--root", "elsewhere", "--json").data == []


def test_list_shows_the_score_of_an_evaluator_as_it_is(nas, study):
    assert "base top-1" in nas("studies").out
    write_definition(
        study, replace(definition(), data=None, recipe=None, evaluator="mine", question=QUESTION.of_evaluator())
    )
    (row,) = nas("studies", "--json").data
    assert (row["top1"], row["score"]) == (None, 0.95)
    out = nas("studies").out
    assert "score 0.95" in out
    assert "top-1" not in out


def test_a_damaged_study_does_not_hide_the_others(nas, study):
    other = study.parent / "broken"
    other.mkdir()
    (other / "study.yaml").write_text("schema: 1\nnonsense: 1\n")
    (other / "log.jsonl").write_text("")
    states = {row["folder"]: row["state"] for row in nas("studies", "--json").data}
    assert states["studies/mine"] == "finished"
    assert states["studies/broken"].startswith("unreadable")


def test_show_prints_the_table_and_the_verdict(nas, study):
    out = nas("studies", "show", "mine").out
    assert "top-1 95.0 %" in out
    assert "logistic regression: top-1 92.0 % (89.0 to 94.0 %) on the same 359 images" in out
    assert "2 further seeds: top-1 93.5 %" in out
    assert "Candidates differ by more than seeds do" in out
    assert len(nas("studies", "show", "studies/mine", "--json").data["records"]) == 7


def test_rm_removes_a_study_on_request_only(nas, study):
    assert nas("studies", "rm", "mine").code == 2
    assert study.is_dir()
    assert nas("studies", "rm", "mine", "--yes").code == 0
    assert not study.exists()


def test_rm_refuses_a_study_in_use(nas, study):
    from nas.storage.lock import locked

    with locked(study):
        done = nas("studies", "rm", "mine", "--yes")
    assert done.code == 2
    assert "in use" in done.err
    assert study.is_dir()


def test_the_help_of_report_names_the_figures(nas):
    text = " ".join(nas("report", "--help").out.split())
    assert all(figure.title in text for figure in FIGURES.values())


def test_report_writes_the_page(nas, study):
    done = nas("report", study)
    assert (done.code, done.out.strip()) == (0, str(study / "report.html"))
    text = (study / "report.html").read_text()
    assert "Which network of nas-bench-macro is best on digits within 90MFLOPs?" in text
    assert not [path for path in study.iterdir() if path.name.endswith(".tmp")]


def test_report_as_text_and_as_json_write_nothing(nas, study):
    assert "out of memory" in nas("report", study, "--text").out
    (data,) = nas("report", study, "--json").data
    assert (data["base"], len(data["records"])) == (3, 7)
    assert not (study / "report.html").exists()


def test_the_base_of_a_study_is_a_network(nas, study):
    assert nas("cost", "studies/mine", "--json").data["name"] == "mine"
    assert nas("scale", "--phi", 1).out.startswith("base: mine  ")


def test_lines_are_said_for_every_trial_that_was_trained(study, capsys):
    with Lines(Watched(QUESTION, 4)) as lines:
        for event in events():
            lines(event)
        lines({"event": "problem", "text": "log.jsonl line 3 is damaged"})
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 6 + 1  # all but the infeasible one, and the problem
    assert said[-1] == "log.jsonl line 3 is damaged"
    assert "trial 3: complete 95.0 %" in said[2]
    assert "failed (out of memory)" in said[3]
    assert "trial 6 (trial 3 again, seed 2): complete 93.0 %" in said[5]


def test_the_live_block_shows_best_and_running():
    state = Watched(QUESTION, 4, 4)
    for event in events()[:-4]:
        state.take(event)
    state.take({"event": "proposed", "trial": 7, "record": Record(trial=7, state="running").to_data()})
    state.take({"event": "epoch", "trial": 7, "epoch": 1, "top1": 0.3, "seconds": 1.0})
    bar, best, running = block_lines(state)
    assert "3/4" in bar
    assert best.startswith("best so far 95.0 %, trial 3")
    assert running == "running: trial 7 epoch 1/4"


def test_no_more_retrainings_are_announced_than_there_are_candidates():
    state = Watched(Question("nas-bench-macro", retrain=5, seeds=2), 4)
    for event in events():
        state.take(event)
    complete = sum(r.state == "complete" and not r.replicate for r in state.folded.records.values())
    assert (complete, state.again) == (2, 4)


def test_the_result_names_base_report_and_next_command(study):
    from nas.cli.search import result_data, result_lines

    lines = result_lines(open_study(study))
    assert f"report: {study / 'report.html'}" in lines
    assert f"next: nas scale {study} --phi 3" in lines
    assert any("demonstration" in line for line in lines)
    assert result_data(open_study(study))["base"]["trial"] == 3


def test_retrainings_of_former_candidates_count_on_both_sides():
    """A longer search has chosen others to train again: never 5 of 4."""
    searched = [Record(trial, "complete", top1=trial / 10) for trial in range(4)]
    former = [Record(9 + seed, "complete", top1=0.2, source=0, replicate=seed) for seed in (1, 2)]
    now = [Record(20 + seed, "complete", top1=0.2, source=3, replicate=seed) for seed in (1, 2)]
    state = watched(Question("nas-bench-macro", retrain=1, seeds=2), 4, 4, [*searched, *former, *now[:1]])
    assert (state.retrained, state.again) == (3, 4)
    state = watched(Question("nas-bench-macro", retrain=1, seeds=2), 4, 4, [*searched, *former, *now])
    assert (state.retrained, state.again) == (4, 4)
