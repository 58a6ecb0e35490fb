from __future__ import annotations

from dataclasses import replace

import pytest
from made_up_study import NOISE as NOISY
from made_up_study import empty, record

from nas.report.statements import base_lines, comparison, fair_score, handed_over_lines, noise_verdict
from nas.study.outcome import BaseChoice, FinalScore
from nas.text.numbers import rounded, seconds_text
from nas.training.reference import Reference
from search_spaces.counting.intervals import wilson

NOISE = replace(NOISY, search_variance=3e-4, candidates=20, between_seeds=1e-4, between_candidates=2e-4, resolved=True)
REFERENCE = Reference(name="logistic regression", top1=0.95, low=0.94, high=0.96, images=359)


def test_wilson_equals_the_textbook_values():
    low, high = wilson(8, 10)  # Newcombe 1998 gives 0.4902 to 0.9433
    assert (round(low, 4), round(high, 4)) == (0.4902, 0.9433)


def test_wilson_stays_inside_at_the_ends():
    assert wilson(0, 10)[0] == 0.0
    assert wilson(10, 10)[1] == pytest.approx(1.0)
    assert wilson(0, 10)[1] > 0.2


@pytest.mark.parametrize(("hits", "n"), [(1, 0), (-1, 5), (6, 5)])
def test_wilson_refuses_what_is_no_share(hits, n):
    with pytest.raises(ValueError, match="0 <= hits <= n"):
        wilson(hits, n)


def test_noise_verdict_follows_the_estimates_and_prints_both():
    text = noise_verdict(NOISE)
    assert text.startswith("Candidates differ by more")
    assert "candidates differ by ±1.41 points" in text
    assert "seeds by ±1.00 points" in text
    assert "20 trials" in text
    assert "rough" in text
    assert "rough" not in noise_verdict(replace(NOISE, seeds=30))
    assert noise_verdict(replace(NOISE, resolved=False)).startswith("Differences between candidates are within noise")


def test_noise_that_was_not_estimated_is_called_so():
    for noise in (None, replace(NOISE, between_seeds=None), replace(NOISE, between_candidates=None)):
        assert "not estimated" in noise_verdict(noise)


def test_comparison_tells_ahead_from_clearly_ahead():
    reference = replace(REFERENCE, top1=0.9, low=0.89, high=0.91, images=3000)
    assert comparison(0.99, reference).endswith("by 9.0 points.")
    assert comparison(0.915, reference).endswith("the intervals overlap.")
    assert "does not beat" in comparison(0.9, reference)


def test_the_score_that_selection_has_not_touched_is_compared(study):
    base = record(3, "complete", 100, 0.99)
    assert fair_score(base, None) == 0.99
    assert fair_score(base, BaseChoice(trial=3)) == 0.99
    choice = BaseChoice(trial=3, fresh=0.91, replicates=2)
    assert fair_score(base, choice) == 0.91
    chosen = replace(study, base=base, choice=choice, reference=REFERENCE)
    assert base_lines(chosen)[-1] == "The base (91.0 %) does not beat logistic regression (-4.0 points)."


def test_without_a_base_the_lines_say_so(study):
    assert base_lines(empty(study)) == ["no base yet: no training was completed"]


@pytest.mark.parametrize(
    ("number", "text"),
    [(385_814_752, "385.8 M"), (1_827_141_392, "1.827 G"), (12, "12"), (4_500, "4.500 k"), (None, "–")],
)
def test_rounded(number, text):
    assert rounded(number) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (59.6, "1 min 00 s"), (185, "3 min 05 s"), (7620, "2 h 07 min")]
)
def test_seconds(seconds, text):
    assert seconds_text(seconds) == text


FINAL = FinalScore(
    trial=3, recipe="fast", recipe_digest="r", epochs=24, image_size=100, folder="final/a", params=5, macs=7,
    validation=0.99, top1=0.97, images=300, seconds=1.0,
)  # fmt: skip


def test_what_is_handed_over_is_compared_not_what_the_search_scored(study):
    base, choice = record(3, "complete", 100, 0.5), BaseChoice(trial=3, fresh=0.4, replicates=2)
    handed_over = replace(study, base=base, choice=choice, reference=REFERENCE, final=FINAL, test_reads=1)
    assert base_lines(handed_over)[-1].startswith("The base as trained in the end (99.0 %) beats logistic regression")
    assert "test split, read once: top-1 97.0 %" in handed_over_lines(handed_over)[-1]


def test_a_test_split_that_was_read_again_is_not_called_read_once(study):
    again = replace(study, base=record(3, "complete", 100, 0.5), final=FINAL, test_reads=2)
    assert "test split, read 2 times in this study" in handed_over_lines(again)[-1]
