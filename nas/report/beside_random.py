"""Random search beside the study: where it lies, and in words what it would have chosen."""

from __future__ import annotations

from nas.storage import layout
from nas.study import Study, open_study
from nas.study.outcome import RandomSearch
from nas.text.numbers import rounded
from nas.text.scores import Scale
from search_spaces.errors import UserError


def random_study(study: Study) -> Study | None:
    """The random search that was made beside a study, as far as it has come; None without one, or for a damaged one."""
    try:
        return open_study(study.folder / layout.BASELINE)
    except UserError:
        return None


def random_search_lines(study: Study) -> list[str]:
    """What random search of as many trainings would have chosen, and how far the base is ahead of that."""
    random, scale, epochs = study.baseline, study.definition.scale, study.definition.settings.get("epochs")
    if random is None or study.base is None:
        return []
    costs = [
        f"{count / epochs:.1f} whole trainings" if epochs else "" for count in (random.epochs, random.search_epochs)
    ]
    shared = f", {random.shared} of them shared with the search" if random.shared else ""
    cost = f" ({costs[0]}, the search {costs[1]})" if epochs else ""
    seeds = f"on average over {random.replicates} further seeds" if random.replicates else "in its search"
    score = scale.marked(random.top1 if random.fresh is None else random.fresh)
    lines = [
        f"random search of {random.trials} trainings{cost}{shared} would choose a network of "
        f"{rounded(random.macs)} MACs, {score} {seeds}"
    ]
    if random.digest == study.base.digest:
        return [*lines, "that is the base, too"]
    return [*lines, f"the base is {_ahead(random, scale)}"]


def _ahead(random: RandomSearch, scale: Scale) -> str:
    """``1.20 points ahead (95 %: -0.30 to 2.70 points)``, by the objective."""
    difference = f"{scale.deviation(abs(random.difference))} {'ahead' if random.difference >= 0 else 'behind'}"
    if random.low is None or random.high is None:
        return f"{difference}; without further seeds nothing says whether that is chance"
    verdict = "" if random.low > 0 or random.high < 0 else ", so that chance may explain it"
    low, high = (f"{'-' if end < 0 else ''}{scale.deviation(abs(end))}" for end in (random.low, random.high))
    return f"{difference} (95 %: {low} to {high}){verdict}"
