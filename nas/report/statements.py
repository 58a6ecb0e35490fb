"""Sentences that a report and the terminal share: the base, the reference, the noise."""

from __future__ import annotations

from nas.data.by_name import DEMONSTRATION as DIGITS
from nas.study import Record, Study
from nas.study.outcome import BaseChoice, FinalScore, Measured, Noise, TestScore
from nas.text.numbers import interval, percent, rounded
from nas.text.scores import TOP1, Scale
from nas.training.reference import Reference
from search_spaces.counting.intervals import wilson

MIN_FREEDOM = 10  # degrees of freedom below which a variance between seeds is called rough

DEMONSTRATION = (
    "The images are scikit-learn's digits, 8×8 and grey: this is a demonstration of the path, not a result. "
    "Use your own with --data folder:PATH."
)


def is_demonstration(study: Study) -> bool:
    """Whether the data are the built-in digits."""
    return study.definition.data is not None and study.question.data == DIGITS


def score_interval(share: float, images: int) -> str:
    """``93.6 to 97.7 %``: the 95 % Wilson interval of a share of images."""
    return interval(*wilson(min(share, 1.0) * images, images))


def with_interval(share: float, images: int | None) -> str:
    """``96.1 % (93.6 to 97.7 %)``: a share of images with its 95 % Wilson interval, where their number is known."""
    return percent(share) + (f" ({score_interval(share, images)})" if images else "")


def _score(scale: Scale, number: float, images: int | None) -> str:
    """With its interval where it is a share of images."""
    return with_interval(number, images) if scale is TOP1 else scale.text(number)


def base_lines(study: Study) -> list[str]:
    """The base's score, its mean over further seeds, the reference on the same images, and which is ahead."""
    base, choice, reference = study.base, study.choice, study.reference
    if base is None or base.top1 is None:
        return ["no base yet: no training was completed"]
    scale, images = study.definition.scale, None if reference is None else reference.images
    score = f"{scale.name} {_score(scale, base.top1, images)}{scale.where} in the search{_at(study.size_of(base))}"
    lines = [f"base: trial {base.trial}, {score}"]
    if choice is not None and choice.fresh is not None:
        mean = f"{scale.name} {_score(scale, choice.fresh, images)} on average"
        lines.append(f"base trained again with {_seeds(choice.replicates)}: {mean}")
    lines += smaller_base_lines(study)
    if reference is None:
        return lines
    return [*lines, reference_line(reference), compared_line(study, reference)]


def smaller_base_lines(study: Study) -> list[str]:
    """The bases of the smaller budgets of a series, with their files."""
    scale, lines = study.definition.scale, []
    for tier in study.question.tiers[1:]:
        record = study.bases.get(str(tier.budget))
        if record is None:
            continue
        final = study.finals.get(record.trial)
        trained = f", trained in the end {percent(final.validation)}" if final else ""
        score = f"{scale.name} {scale.text(record.top1)}{trained}, {rounded(record.macs)} MACs"
        lines.append(f"base within {tier.budget}: trial {record.trial}, {score} ({tier.base_file})")
    return lines


def compared_line(study: Study, reference: Reference) -> str:
    """What the study hands over beside the reference, on validation images: the base as trained in the end, or else as
    the search trained it."""
    assert study.base is not None
    if study.final is None:
        return comparison(fair_score(study.base, study.choice), reference)
    return comparison(study.final.validation, reference, "The base as trained in the end")


def sizes_line(study: Study) -> str:
    """At which image sizes the scores of trials and the costs hold."""
    side, searched = study.definition.image_size, study.search_size
    if study.has_own_sizes:
        return f"scores and costs hold at the image size of each network, {search_sizes(study)}"
    if side == searched:
        return f"scores and costs hold at {side} px"
    return f"scores of trials hold at {searched} px, costs at {side} px"


def search_sizes(study: Study) -> str:
    """``32 px``, or ``32 to 48 px`` of given networks that differ in it."""
    sizes = [study.size_of(record) for record in study.records] or [study.search_size]
    return f"{min(sizes)} px" if min(sizes) == max(sizes) else f"{min(sizes)} to {max(sizes)} px"


def handed_over_lines(study: Study) -> list[str]:
    """What the network that the study hands over reaches, at which image size and on which split; or that it has not
    been trained at its deployment."""
    if study.final is not None:
        return final_lines(study.final, study.test_reads)
    lines = [] if study.test is None else [tested_line(study.test, study.test_reads)]
    if study.base is None or study.definition.data is None:
        return lines
    side, searched = study.deployment_of(study.base), study.size_of(study.base)
    if side == searched:
        return lines
    return [
        *lines,
        f"these scores hold at {searched} px, the costs at {side} px: --final trains and tests the base there",
    ]


def final_lines(final: FinalScore, reads: int) -> list[str]:
    """The base as it was trained in the end; ``reads`` is how often the study has read the test split."""
    network = f"{rounded(final.macs)} MACs at {final.image_size} px"
    tested = with_interval(final.top1, final.images)
    return [
        f"base trained in the end ({network}): {final.epochs} epochs of recipe {final.recipe}, "
        f"top-1 {percent(final.validation)} on validation",
        f"test split, {read_note(reads)}: top-1 {tested}",
    ]


def read_note(reads: int) -> str:
    """How often the study has read its test split: each network that it ends with is tested."""
    return "read once" if reads == 1 else f"read {reads} times in this study"


def tested_line(test: TestScore, reads: int) -> str:
    """The base as the search trained it, on the test split."""
    score = with_interval(test.top1, test.images)
    return f"test split, {read_note(reads)}: top-1 {score}{_at(test.image_size)}"


def _at(image_size: int | None) -> str:
    return f", at {image_size} px" if image_size else ""


def latency_lines(study: Study) -> list[str]:
    """What was measured for budgets of latency: the base, and how many networks were refused; else nothing."""
    if not study.latencies and not study.unsteady:
        return []
    base, lines = study.base_latency, []
    if base is not None:
        lines.append(f"base: latency {base.latency_ms:.2f} ms ({latency_note(base)})")
    unsteady = f", {len(study.unsteady)} could not be measured steadily and were passed over" if study.unsteady else ""
    counted = f"{len(study.latencies)} networks measured, {study.too_slow} of them outside the budget{unsteady}"
    return [*lines, f"latency: {counted}"]


def latency_note(measured: Measured) -> str:
    """Its 95th percentile, and how it was measured."""
    within = "" if measured.p95_ms is None else f"95 % of runs within {measured.p95_ms:.2f} ms; "
    return f"{within}{how_measured(measured.device, measured.threads, measured.batch, measured.processor)}"


def how_measured(device: str | None, threads: int | None, batch: int = 1, processor: str | None = None) -> str:
    """``cpu (its name), 1 thread, batch 1``, as far as it is known."""
    where = (device or "the study's device") + (f" ({processor})" if processor else "")
    on_cpu = threads is not None and not str(device).startswith("cuda")
    several = f", {threads} thread{'' if threads == 1 else 's'}" if on_cpu else ""
    return f"{where}{several}, batch {batch}"


def fair_score(base: Record, choice: BaseChoice | None) -> float:
    """The mean over further seeds, which no selection has touched, where there is one; else the search's score."""
    fresh = None if choice is None else choice.fresh
    return float(base.top1 or 0.0) if fresh is None else fresh


def score_note(base: Record, choice: BaseChoice | None, scale: Scale = TOP1) -> str:
    """Where :func:``fair_score`` comes from."""
    if choice is None or choice.fresh is None:
        return f"trial {base.trial}"
    return f"mean of {_seeds(choice.replicates)}; {scale.text(base.top1)} in the search, trial {base.trial}"


def reference_line(reference: Reference) -> str:
    """What the reference scores on the same validation images."""
    score = f"top-1 {percent(reference.top1)} ({interval(reference.low, reference.high)})"
    return f"{reference.name}: {score} on the same {reference.images} images"


def comparison(score: float, reference: Reference, subject: str = "The base") -> str:
    """Whether a score beats the reference, and whether the intervals say so."""
    gap, subject = 100 * (score - reference.top1), f"{subject} ({percent(score)})"
    if gap <= 0:
        return f"{subject} does not beat {reference.name} ({gap:+.1f} points)."
    low, _ = wilson(min(score, 1.0) * reference.images, reference.images)
    clear = low > reference.high
    return f"{subject} beats {reference.name} by {gap:.1f} points" + ("." if clear else "; the intervals overlap.")


def noise_verdict(noise: Noise | None, scale: Scale = TOP1) -> str:
    """Whether candidates differ by more than seeds do, with both estimates and what they come from.

    They are given as standard deviations: in points of top-1, or in the score's own scale.
    """
    if noise is None or noise.between_seeds is None or noise.between_candidates is None:
        return (
            "Noise between seeds was not estimated (no network was trained again with several seeds): "
            "take differences between candidates to be within noise."
        )
    numbers = (
        f"candidates differ by {scale.spread(noise.between_candidates)} ({noise.candidates} trials), "
        f"seeds by {scale.spread(noise.between_seeds)} ({noise.seeds} trainings "
        f"of {noise.retrained} network{'s' if noise.retrained > 1 else ''}"
    )
    numbers += ", which is a rough estimate)" if noise.seeds - noise.retrained < MIN_FREEDOM else ")"
    if noise.resolved:
        return f"Candidates differ by more than seeds do: {numbers}."
    return f"Differences between candidates are within noise: {numbers}."


def _seeds(n: int) -> str:
    return f"{n} further seed{'s' if n > 1 else ''}"
