"""What proxies say of the networks that a study has trained, and whether they would have told their order."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas.proxies import PROXIES, proxies_of
from nas.storage import layout
from nas.storage.files import write_atomic
from nas.study.objectives import ranked
from nas.study.rank_correlation import Tau, tau
from search_spaces.errors import UserError
from search_spaces.files.plain_json import parse_json

if TYPE_CHECKING:
    from nas.study import Study

Table = Mapping[str, Mapping[str, float]]
"""From a training key to the network's proxies."""


def stored_proxies(folder: Path) -> Table:
    """What :func:`work_out` has left in a study's folder, but for rows that are not numbers of all proxies."""
    try:
        table = parse_json((folder / layout.PROXIES).read_text())
    except (OSError, ValueError):
        return {}
    rows = table if isinstance(table, dict) else {}
    return {key: row for key, row in rows.items() if isinstance(row, dict) and _is_whole(row)}


def _is_whole(row: Mapping[str, Any]) -> bool:
    return set(row) == set(PROXIES) and all(type(value) is float for value in row.values())


def work_out(study: Study, progress: Callable[[int, int], None] = lambda done, of: None) -> Table:
    """The proxies of all networks that the study has trained to the end, as they were trained; they are stored in its
    folder, and only those that are not there are worked out. ``progress`` is told how many of them are done.

    Raises UserError where the study trained nothing itself, and where its data cannot be read.
    """
    from nas.data.by_name import load_data
    from nas.training.recipe import Recipe
    from nas.training.settings import trained_network

    definition = study.definition
    if definition.data is None or definition.recipe is None:
        raise UserError(f"{study.folder} was searched by a function of its own: there is no data for proxies")
    data = load_data(definition.data["spec"], definition.data.get("seed", 0))
    recipe, space = Recipe.from_data(definition.recipe), study.space()
    known = stored_proxies(study.folder)
    missing = {
        str(r.training_key): r for r in ranked(study.records, study.question.goal) if r.training_key not in known
    }
    networks = [
        trained_network(space.decide(record.decisions), recipe, study.search_size, len(data.classes))
        for record in missing.values()
    ]
    fresh = {}
    for number, (key, values) in enumerate(zip(missing, proxies_of(networks, data), strict=True), start=1):
        fresh[key] = values
        progress(number, len(missing))
    table = {**known, **fresh}
    if fresh:
        write_atomic(study.folder / layout.PROXIES, json.dumps(table, indent=0))
    return table


def agreement(study: Study) -> dict[str, Tau]:
    """How each proxy ranks the networks that the study has trained to the end (all of them within its budgets) beside
    their scores, by its stored proxies. Negative: the lower, the better."""
    table = stored_proxies(study.folder)
    goal = study.question.goal
    records = [record for record in ranked(study.records, goal) if record.training_key in table]
    scores = [goal.value(record) for record in records]
    rows = [table[str(record.training_key)] for record in records]
    taus = {name: tau([row[name] for row in rows], scores) for name in PROXIES}
    return {name: value for name, value in taus.items() if value is not None}
