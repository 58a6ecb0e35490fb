"""Sentences that a report and the terminal share: the base, the reference, the noise."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from typing import Any

from nas.report.intervals import wilson

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
    base: Mapping[str, Any] | None,
    reference: Mapping[str, Any] | None,
    choice: Mapping[str, Any] | None = None,
) -> list[str]:
    """The base's score, its mean over further seeds, the reference on the same images, and which is ahead."""
    if base is None or base.get("top1") is None:
        return ["no base yet: no training was completed"]
    images = None if reference is None else int(reference["images"])
    score = with_interval(base["top1"], images) if images else points(base["top1"])
    lines = [f"base: trial {base['trial']}, top-1 {score} on validation"]
    if choice is not None and choice.get("fresh") is not None:
        lines.append(fresh_line(choice))
    return lines if reference is None else [*lines, reference_line(reference), comparison(base, reference)]


def fresh_line(choice: Mapping[str, Any]) -> str:
    """The base's mean over further seeds: unlike its search score, no selection has touched it."""
    mean = points(choice["fresh"])
    return f"trained again with {choice['replicates']} further seeds it reaches {mean} on average"


def reference_line(reference: Mapping[str, Any]) -> str:
    """What the reference scores on the same validation images."""
    interval = f"({100 * reference['low']:.1f} to {points(reference['high'])})"
    score = f"top-1 {points(reference['top1'])} {interval}"
    return f"{reference['name']}: {score} on the same {reference['images']} images"


def comparison(base: Mapping[str, Any], reference: Mapping[str, Any]) -> str:
    """Whether the base beats the reference, and whether the intervals say so."""
    gap = 100 * (base["top1"] - reference["top1"])
    if gap <= 0:
        return f"The base does not beat {reference['name']} ({gap:+.1f} points)."
    low, _ = wilson(min(base["top1"], 1.0) * reference["images"], reference["images"])
    clear = low > reference["high"]
    return f"The base beats {reference['name']} by {gap:.1f} points" + ("." if clear else "; the intervals overlap.")


def noise_verdict(noise: Mapping[str, Any] | None) -> str:
    """Whether candidates differ by more than seeds do, with both estimates and what they come from.

    Variances are of top-1 as a fraction; they are told as standard deviations in points, too.
    """
    if noise is None or noise.get("seed_variance") is None or noise.get("candidate_variance") is None:
        return (
            "Noise between seeds was not estimated (no network was trained again with several seeds): "
            "take differences between candidates to be within noise."
        )
    numbers = (
        f"between candidates {_deviation(noise['candidate_variance'])} from {noise['search_trials']} trials, "
        f"between seeds {_deviation(noise['seed_variance'])} from {noise['seed_trainings']} trainings "
        f"of {noise['seed_candidates']} networks"
    )
    if noise.get("resolved"):
        return f"Candidates differ by more than seeds do: {numbers}."
    return f"Differences between candidates are within noise: {numbers}."


def _deviation(variance: float) -> str:
    return f"variance {variance:.2e} (±{100 * sqrt(max(0.0, variance)):.2f} points)"
