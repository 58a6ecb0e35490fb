"""Sentences that a report and the terminal share: the base, the reference, the noise."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from typing import Any

from search_spaces.counting.intervals import wilson

FEW = 10  # degrees of freedom below which a variance between seeds is called rough

DEMONSTRATION = (
    "The images are scikit-learn's digits, 8×8 and grey: this is a demonstration of the path, not a result. "
    "Use your own with --data folder:PATH."
)


def points(share: float, digits: int = 1) -> str:
    """A fraction in per cent for people: `96.9 %`."""
    return f"{100 * share:.{digits}f} %"


def with_interval(share: float, images: int) -> str:
    """`96.1 % (93.6 to 97.7 %)`: a share of images with its 95 % Wilson interval."""
    low, high = wilson(min(share, 1.0) * images, images)
    return f"{points(share)} ({100 * low:.1f} to {points(high)})"


def base_lines(
    base: Mapping[str, Any] | None, reference: Mapping[str, Any] | None, choice: Mapping[str, Any] | None = None
) -> list[str]:
    """The base's score, its mean over further seeds, the reference on the same images, and which is ahead."""
    if base is None or base.get("top1") is None:
        return ["no base yet: no training was completed"]
    images = None if reference is None else int(reference["images"])
    lines = [f"base: trial {base['trial']}, top-1 {_score(base['top1'], images)} on validation in the search"]
    if choice is not None and choice.get("fresh") is not None:
        mean = _score(choice["fresh"], images)
        lines.append(f"base trained again with {_seeds(choice['replicates'])}: top-1 {mean} on average")
    if reference is None:
        return lines
    return [*lines, reference_line(reference), comparison(fair_score(base, choice), reference)]


def test_line(test: Mapping[str, Any]) -> str:
    """The base on the test split."""
    return f"test split, read once for this base: top-1 {with_interval(test['top1'], test['images'])}"


def fair_score(base: Mapping[str, Any], choice: Mapping[str, Any] | None) -> float:
    """The mean over further seeds, which no selection has touched, where there is one; else the search's score."""
    fresh = None if choice is None else choice.get("fresh")
    return float(base["top1"] if fresh is None else fresh)


def score_note(base: Mapping[str, Any], choice: Mapping[str, Any] | None) -> str:
    """Where :func:`fair_score` comes from."""
    if choice is None or choice.get("fresh") is None:
        return f"trial {base['trial']}"
    return f"mean of {_seeds(choice['replicates'])}; {points(base['top1'])} in the search, trial {base['trial']}"


def reference_line(reference: Mapping[str, Any]) -> str:
    """What the reference scores on the same validation images."""
    interval = f"({100 * reference['low']:.1f} to {points(reference['high'])})"
    score = f"top-1 {points(reference['top1'])} {interval}"
    return f"{reference['name']}: {score} on the same {reference['images']} images"


def comparison(score: float, reference: Mapping[str, Any]) -> str:
    """Whether the base's score beats the reference, and whether the intervals say so."""
    gap = 100 * (score - reference["top1"])
    if gap <= 0:
        return f"The base does not beat {reference['name']} ({gap:+.1f} points)."
    low, _ = wilson(min(score, 1.0) * reference["images"], reference["images"])
    clear = low > reference["high"]
    return f"The base beats {reference['name']} by {gap:.1f} points" + ("." if clear else "; the intervals overlap.")


def noise_verdict(noise: Mapping[str, Any] | None) -> str:
    """Whether candidates differ by more than seeds do, with both estimates and what they come from.

    Variances are of top-1 as a fraction; they are told as standard deviations in points, too.
    """
    if noise is None or noise.get("between_seeds") is None or noise.get("between_candidates") is None:
        return (
            "Noise between seeds was not estimated (no network was trained again with several seeds): "
            "take differences between candidates to be within noise."
        )
    numbers = (
        f"between candidates {_deviation(noise['between_candidates'])} from {noise['candidates']} trials, "
        f"between seeds {_deviation(noise['between_seeds'])} from {noise['seeds']} trainings "
        f"of {noise['retrained']} network{'s' if noise['retrained'] > 1 else ''}"
    )
    if noise["seeds"] - noise["retrained"] < FEW:
        numbers += ", which is a rough estimate"
    if noise.get("resolved"):
        return f"Candidates differ by more than seeds do: {numbers}."
    return f"Differences between candidates are within noise: {numbers}."


def _deviation(variance: float) -> str:
    return f"variance {variance:.2e} (±{100 * sqrt(max(0.0, variance)):.2f} points)"


def _score(share: float, images: int | None) -> str:
    return with_interval(share, images) if images else points(share)


def _seeds(n: int) -> str:
    return f"{n} further seed{'s' if n > 1 else ''}"
