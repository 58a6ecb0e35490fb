from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from small_family import WIDTHS, family_plan

import nas
from nas.families.conduct import conduct
from nas.study import open_study
from nas.study.errors import StudyError
from nas.study.log import read_log
from nas.study.members import results
from nas.study.run_options import RunOptions
from search_spaces.errors import UserError

TRAINED = 3 * 3  # three different networks, three seeds each


@pytest.fixture
def path_of_pretenders(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(Path(__file__).parent), *sys.path])


@pytest.fixture
def train(tmp_path, path_of_pretenders):
    def run(trainer="by_cost", seeds=3, widths=None, keep="none", **options):
        plan = family_plan(tmp_path / "study", seeds, widths)
        return conduct(plan, RunOptions(workers=1, keep=keep, **options), trainer=f"family_pretenders:{trainer}")

    return run


def test_every_member_is_trained_with_every_seed_and_equal_networks_once(train):
    study = train()
    states = Counter(record.state for record in study.records)
    assert states == {"complete": TRAINED, "reused": 3}
    assert study.state == "finished"
    outcome = results(study.records)
    assert [len(row.scores) for row in outcome.rows] == [3] * len(WIDTHS)
    assert outcome["same"].scores == outcome["middle"].scores
    assert "middle" in outcome["same"].reused
    assert outcome.ranked[0].name == "wide"
    assert (study.folder / "report.html").is_file()


def test_a_study_of_given_networks_has_no_decisions_that_could_pay(train):
    study = train(seeds=1)
    assert study.effects() == []
    with pytest.raises(UserError, match="study is a study of given networks, not of a space"):
        study.space()


def test_members_share_the_order_of_the_images_and_seeds_differ(train):
    study = train()
    by_member = results(study.records)
    gaps = {round(a - b, 9) for a, b in zip(by_member["wide"].scores, by_member["thin"].scores, strict=True)}
    assert len(gaps) == 1
    assert len(set(by_member["wide"].scores)) == 3
    assert len({record.seed for record in study.records if record.state == "complete"}) == TRAINED


def test_the_same_call_does_nothing_more_and_more_seeds_go_on(train):
    first = train(seeds=1)
    trials = len(first.records)
    assert len(train(seeds=1).records) == trials
    second = train(seeds=2)
    assert [record for record in second.records if record.trial < trials] == list(first.records)
    assert all(len(row.scores) == 2 for row in results(second.records).rows)


def test_other_members_in_the_folder_are_refused(train):
    train(seeds=1)
    with pytest.raises(UserError, match="holds another study; it differs in space"):
        train(seeds=1, widths={"thin": 8, "wide": 32})


def test_checkpoints_are_kept_as_asked(train):
    assert not list((train(seeds=2).folder / "checkpoints").iterdir())


@pytest.mark.parametrize(("keep", "count"), [("base", 3), ("all", 6)])
def test_checkpoints_of_first_seeds_or_of_all(train, keep, count):
    assert len(list((train(seeds=2, keep=keep).folder / "checkpoints").iterdir())) == count


def test_a_network_that_fails_is_said_and_tried_again_by_the_next_run(train):
    study = train("fails_on_wide_ones", seeds=1)
    assert {r.decisions["member"] for r in study.records if r.state == "failed"} == {"middle", "wide"}
    assert [row.name for row in results(study.records).rows] == ["thin"]
    again = train(seeds=1)
    assert {row.name for row in results(again.records).rows} == set(WIDTHS)


def test_a_study_in_which_everything_fails_stops(train):
    with pytest.raises(StudyError, match=r"^stopped after 4 failed trainings: .*no luck"):
        train("fails")


def test_no_training_begins_after_the_time(train):
    study = train(time=1e-9)
    assert (study.state, study.records) == ("time", ())


@pytest.mark.parametrize(("seeds", "widths", "message"), [(0, None, "seeds: must be"), (1, {}, "members: must be")])
def test_wrong_plans_are_refused(tmp_path, seeds, widths, message):
    with pytest.raises(UserError, match=f"^{message}"):
        family_plan(tmp_path / "x", seeds, {} if widths == {} else None) if widths is None else _without_members(
            tmp_path
        )


def _without_members(folder):
    from small_family import network

    from nas.families.plan import plan

    return plan("family", network(8), [], "digits", out=folder / "x")


def test_killed_at_random_nothing_is_lost_and_nothing_trained_twice(tmp_path):
    rng, folder = random.Random(5), tmp_path / "study"
    script = Path(__file__).with_name("small_family.py")
    package = str(Path(nas.__file__).parents[1])
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join([package, str(script.parent)])}
    kills, finished = 0, set()
    for _ in range(40):
        process = subprocess.Popen([sys.executable, str(script), str(folder)], env=environment)
        deadline = time.monotonic() + 60
        wanted = _lines(folder) + rng.randint(8, 20)
        while process.poll() is None and _lines(folder) < wanted and time.monotonic() < deadline:
            time.sleep(0.002)
        process.kill()
        killed = process.wait() == -signal.SIGKILL
        kills += killed
        done = _finished(folder)
        assert finished <= done  # what a run has finished stays
        finished = done
        if not killed:
            break
    assert kills >= 2
    study = open_study(folder)
    states = Counter(record.state for record in study.records)
    assert states == {"complete": TRAINED, "reused": 3}
    assert len(finished) == TRAINED + 3


def _lines(folder):
    path = folder / "log.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def _finished(folder):
    events = read_log(folder / "log.jsonl").events if (folder / "log.jsonl").exists() else ()
    trials = [event["trial"] for event in events if event["event"] == "finished"]
    assert len(trials) == len(set(trials))
    return set(trials)
