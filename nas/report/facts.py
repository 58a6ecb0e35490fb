"""The head of a page: what was asked, on what, how, at what price, and how it went; each number with its image size."""

from __future__ import annotations

from collections import Counter

from nas.report import tables
from nas.report.statements import sizes_line
from nas.study import Study
from nas.study.members import MEMBER
from nas.study.records import STATES
from nas.text.numbers import seconds_text
from search_spaces import Space

SHORT_DIGEST = 11  # characters
MAX_REASONS = 4  # of one state that are named
LONG_REASON = 80  # characters


def head_facts(study: Study, space: Space | None) -> dict[str, str]:
    """What a reader must know before any figure, by its name for people."""
    facts = {
        "asked": _asked(study, space),
        "data": _data(study),
        "trained": _trained(study),
        "sizes": _sizes(study),
        "device": _device(study),
        "versions": ", ".join(f"{name} {version}" for name, version in study.definition.versions.items()),
        "random seeds": _seeds(study),
        "cost": cost_line(study),
        "trials": trials_line(study),
        "interruptions": interruptions_line(study),
    }
    return {name: text for name, text in facts.items() if text}


def cost_line(study: Study) -> str:
    """Device-hours of all trainings, those of the search apart from those with further seeds and the final one."""
    parts = {
        "the search": sum(record.seconds for record in study.records if not record.replicate),
        "further seeds": sum(record.seconds for record in study.records if record.replicate),
        "the final training": study.final.seconds if study.final else 0.0,
    }
    total = sum(parts.values())
    shares = ", ".join(f"{name} {seconds_text(seconds)}" for name, seconds in parts.items() if seconds)
    return f"{total / 3600:.3g} device-hours ({shares})" if total else "nothing was trained"


def trials_line(study: Study) -> str:
    """How many trials ended in each state, and the reasons of those that failed."""
    counts = tables.counts(study.records)
    ended = [f"{counts[state]} {state}" for state in STATES if counts[state]]
    again = sum(1 for record in study.records if record.replicate)
    return ", ".join(ended + ([f"{again} further trainings with other seeds"] if again else [])) or "none yet"


def reasons(study: Study, state: str) -> list[str]:
    """Why trials ended in ``state``, the commonest reason first."""
    counted = Counter(record.reason for record in study.records if record.state == state and record.reason)
    lines = [f"{_cut(reason)} ({count})" for reason, count in counted.most_common(MAX_REASONS)]
    more = len(counted) - MAX_REASONS
    return [*lines, f"and {more} other reasons"] if more > 0 else lines


def interruptions_line(study: Study) -> str:
    """How often the study went on after a stop, and trainings after the death of a trainer."""
    resumed = max(0, study.openings - 1)
    times = "once" if resumed == 1 else f"{resumed} times"
    parts = [f"went on {times} after a stop"] if resumed else []
    if study.retries:
        parts.append(f"{study.retries} training{'s' if study.retries > 1 else ''} started again after a trainer died")
    return ", ".join(parts) or "none"


def _asked(study: Study, space: Space | None) -> str:
    definition, question = study.definition, study.question
    members = {record.decisions[MEMBER] for record in study.records if MEMBER in record.decisions}
    if members:
        return f"{len(members)} given networks of {definition.name}, all trained alike; ranked by {question.objective}"
    limits = " and ".join(definition.budgets) or "no budget"
    limits += "".join(f", a base also within {budget}" for budget in question.smaller_budgets)
    size = f" ({len(space.decisions)} decisions, {_count(space.size)} vectors of them)" if space else ""
    wanted = f", {study.trials_wanted} trainings" if study.trials_wanted else ""
    order = "" if question.goal.sign > 0 else ", the smaller the better"
    pruner = question.pruner or "none"
    return (
        f"space {definition.name}{size}; {limits}; ranked by {question.objective}{order}; "
        f"sampler {question.sampler}, pruner {pruner}{wanted}"
    )


def _data(study: Study) -> str:
    data = study.definition.data
    if data is None:
        return f"none: candidates are scored by {study.definition.data_name}"
    images = ", ".join(f"{count:,} {split}" for split, count in data.get("images", {}).items())
    classes = f"{len(data['classes'])} classes" if data.get("classes") else ""
    digest = f"digest {str(data.get('digest', ''))[:SHORT_DIGEST]}"
    return "; ".join(part for part in (str(data["name"]), images and f"images: {images}", classes, digest) if part)


def _trained(study: Study) -> str:
    recipe, settings = study.definition.recipe, study.definition.settings
    if recipe is None:
        return ""
    words = [f"recipe {recipe.get('name', '?')}", _epochs(settings.get("epochs", recipe.get("epochs", "?")))]
    words += [f"batch {settings['batch']}"] if "batch" in settings else []
    words += [str(settings["dtype"])] if "dtype" in settings else []
    return ", ".join(words)


def _epochs(number: object) -> str:
    return f"{number} epoch{'' if number == 1 else 's'}"


def _sizes(study: Study) -> str:
    definition = study.definition
    if study.has_own_sizes:
        return f"{sizes_line(study)}, the scores on the validation split, costs with {definition.classes:,} classes"
    scores = f"scores of trials hold at {study.search_size} px on the validation split"
    if definition.data is None:
        scores = f"scores are those of {definition.data_name}"
    return f"{scores}; costs hold at {definition.image_size} px and {definition.classes:,} classes"


def _device(study: Study) -> str:
    settings = study.definition.settings
    if "device" not in settings:
        return ""
    threads = settings.get("threads") if settings["device"] == "cpu" else None
    return str(settings["device"]) + (f", {threads} thread{'s' if threads > 1 else ''} a training" if threads else "")


def _seeds(study: Study) -> str:
    question, choice = study.question, study.choice
    further = choice.replicates if choice else 0
    return f"study {question.seed}; one a trial, and {further} further for the base"


def _count(number: int) -> str:
    return f"{number:,}" if number < 10**9 else f"{number:.3g}"


def _cut(text: str) -> str:
    return text if len(text) <= LONG_REASON else f"{text[: LONG_REASON - 1]}…"
