"""The table of samplers, and what each promises."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from nas.study.objectives import Objective
from nas.study.propose.candidates import Candidates, History
from nas.study.propose.generations import Generations
from nas.study.propose.optuna_samplers import Past
from nas.study.propose.samplers import SAMPLERS
from search_spaces import digest, within

LABELS = {f"d{i}": ("a", "b", "c") for i in range(6)}


def ask_tpe(decisions, records, objective, seed):
    return Past(decisions, objective).ask_tpe(records, seed)


def ask_nsga2(decisions, records, objective, seed):
    return Past(decisions, objective).ask_nsga2(records, seed)


def records_of(record, size, seed=0):
    """Random decisions; the score is the share of a's, those with more than three b's are over the budget."""
    rng = random.Random(seed)
    records = []
    for trial in range(size):
        decisions = {name: rng.choice(labels) for name, labels in LABELS.items()}
        share = sum(label == "a" for label in decisions.values()) / len(decisions)
        over = sum(label == "b" for label in decisions.values()) - 3
        state = "infeasible" if over > 0 else "complete"
        top1 = None if over > 0 else share
        records.append(record(trial, state, top1, decisions=decisions, constraints={"1MFLOPs": float(over)}))
    return records


@pytest.fixture
def candidates(space):
    return Candidates(within(space, "0.13MFLOPs"), digest)


@pytest.fixture
def past(candidates, record):
    """Four candidates within the budget, trained; the last is the best."""
    start = [candidates.uniform("start", lambda key: None, random.Random(seed)) for seed in range(4)]
    return [
        record(i, top1=0.1 * i, decisions=candidates.space.labels_of(c.architecture), training_key=c.training_key)
        for i, c in enumerate(start)
    ]


def history(candidates, records, sampler, seed=0, known=None):
    keys = {r.training_key: r.trial for r in records}
    return History(candidates, records, "top1", known or keys.get, seed, len(records), sampler)


@pytest.mark.parametrize("name", SAMPLERS)
def test_every_sampler_keeps_its_contract(name, candidates, past):
    """Pure in history and seed; what promises to stay within proposes only what is new and within the budgets, and
    None or an error that says so where nothing is left."""
    sampler = SAMPLERS[name]
    proposals = set()
    for seed in range(20):
        first, again = (sampler.propose(history(candidates, past, name, seed)) for _ in range(2))
        assert first.architecture == again.architecture
        assert first.architecture in candidates.space
        proposals.add(first.architecture)
        if sampler.stays_within:
            assert first.fits
            assert first.training_key not in {r.training_key for r in past}
    assert len(proposals) > 1 or name == "predictor"  # which looks at all of so few and takes the best


def test_a_new_sampler_is_one_line(candidates, monkeypatch, space, by_cost, tmp_path):
    from nas import search
    from nas.study.propose.samplers import Sampler

    def largest(history):
        """The largest that fits and is not known."""
        members = history.candidates.feasible.sample(history.rng("largest"), 50)
        unknown = [m for m in members if history.known(history.candidates.of(m, "").training_key) is None]
        return history.candidates.of(max(unknown, key=lambda a: by_cost(a, 0, None)), "largest") if unknown else None

    monkeypatch.setitem(SAMPLERS, "largest", Sampler(largest, stays_within=True, start=2))
    study = search(space, "0.13MFLOPs", evaluate=by_cost, sampler="largest", trials=4, retrain=0, out=tmp_path / "s")
    assert [record.origin for record in study.records] == ["start", "start", "largest", "largest"]


@pytest.mark.parametrize("ask", [ask_tpe, ask_nsga2])
def test_a_proposal_is_a_function_of_history_and_seed(record, ask):
    past = records_of(record, 30)
    assert ask(LABELS, past, "top1", 5) == ask(LABELS, past, "top1", 5)
    assert len({tuple(ask(LABELS, past, "top1", seed).values()) for seed in range(10)}) > 1


@pytest.mark.parametrize("ask", [ask_tpe, ask_nsga2])
def test_every_decision_gets_one_of_its_labels_from_the_first_proposal(record, ask):
    for past in ([], records_of(record, 1), records_of(record, 20)):
        labels = ask(LABELS, past, "top1", 1)
        assert labels.keys() == LABELS.keys()
        assert all(label in LABELS[name] for name, label in labels.items())


def test_what_scored_well_is_proposed_more_often(record):
    past = records_of(record, 60)
    proposals = [ask_tpe(LABELS, past, "top1", seed) for seed in range(20)]
    share = sum(label == "a" for p in proposals for label in p.values()) / (20 * len(LABELS))
    assert share > 0.5


@pytest.mark.parametrize("ignored", [{"state": "failed"}, {"replicate": 1}, {"source": 0}])
def test_failures_retrainings_and_repeats_are_not_shown(record, ignored):
    past = records_of(record, 20)
    more = record(99, **{"state": "complete", "top1": 1.0, **ignored}, decisions=dict.fromkeys(LABELS, "c"))
    assert ask_tpe(LABELS, past, "top1", 3) == ask_tpe(LABELS, [*past, more], "top1", 3)


def test_a_running_training_is_shown(record):
    past = records_of(record, 20)
    running = [record(20 + i, "running", None, decisions=ask_tpe(LABELS, past, "top1", 3)) for i in range(5)]
    changed = [
        ask_tpe(LABELS, past, "top1", seed) != ask_tpe(LABELS, [*past, *running], "top1", seed) for seed in range(8)
    ]
    assert any(changed)


def test_nsga2_breeds_from_the_best_of_its_generation(record):
    """Once two generations are known, a's are proposed far more often than by chance (a third)."""
    past = [r for r in records_of(record, 120) if r.state == "complete"]
    proposals = [ask_nsga2(LABELS, past, "top1", seed) for seed in range(60)]
    share = sum(label == "a" for labels in proposals for label in labels.values()) / (60 * len(LABELS))
    assert share > 0.45


def test_samplers_that_find_nothing_new_say_so(candidates, past):
    for name in ("evolution", "local"):
        assert SAMPLERS[name].propose(history(candidates, past, name, known=lambda key: 0)) is None


def test_local_search_begins_beside_the_best(candidates, past):
    proposal = SAMPLERS["local"].propose(history(candidates, past, "local"))
    best = candidates.space.decide(past[-1].decisions)
    assert proposal.architecture in set(candidates.space.neighbours(best))


SEVERAL = Objective("pareto", limits=(("macs", 100.0),))


def by_optuna(records, objective, sampler):
    """What a study of Optuna's proposes that is made anew from the records."""
    import optuna
    from optuna.trial import TrialState, create_trial

    spaces = {name: optuna.distributions.CategoricalDistribution(labels) for name, labels in LABELS.items()}
    study = optuna.create_study(directions=["maximize"] * objective.size, sampler=sampler)
    states = {"complete": TrialState.COMPLETE, "running": TrialState.RUNNING}
    study.add_trials(
        create_trial(
            state=states.get(r.state, TrialState.PRUNED),
            values=objective.values(r) if r.state == "complete" else None,
            params=r.decisions,
            distributions=spaces,
            intermediate_values=dict(enumerate(r.top1_by_epoch, start=1)) if r.state == "pruned" else {},
            constraints=dict(r.constraints),
        )
        for r in records
    )
    return study.ask(spaces).params


@pytest.mark.parametrize("objective", [Objective("top1"), SEVERAL])
@pytest.mark.parametrize("sampler", ["tpe", "nsga2"])
def test_proposals_from_trials_that_are_kept_equal_those_of_a_study_made_anew(record, objective, sampler):
    """Trainings end in another order than they began, and some are pruned."""
    from optuna.samplers import TPESampler

    past, rng = Past(LABELS, objective), random.Random(1)
    records = [replace(r, macs=rng.randrange(100)) for r in records_of(record, 70)]
    for size in range(0, 70, 3):
        ended = records[: max(0, size - 4)] + [r for r in records[max(0, size - 4) : size] if r.trial % 2]
        trials = {r.trial for r in ended}
        shown = [r if r.trial in trials else replace(r, state="running", top1=None) for r in records[:size]]
        if not objective.is_several:
            shown = [replace(r, state="pruned") if r.trial % 7 == 3 and r.top1 is not None else r for r in shown]
        if sampler == "tpe":
            ours, theirs = past.ask_tpe(shown, size), TPESampler(seed=size, n_startup_trials=0, multivariate=True)
        else:
            ours, theirs = past.ask_nsga2(shown, size), Generations(size, {})
        assert (size, ours) == (size, by_optuna(shown, objective, theirs))
