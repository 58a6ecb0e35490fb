"""What a report shows of a study, as plain values; the only file here that reads a study."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nas.study import Study

METRICS = {"macs": "MACs", "params": "parameters", "bytes": "weight bytes", "peak_bytes": "peak bytes"}


@dataclass(frozen=True)
class Known:
    """A known network and what it costs at the study's image size and classes."""

    name: str
    cost: int


@dataclass(frozen=True)
class Facts:
    """A study as read: definition, records as plain dicts, and what was derived from them.

    `metric` is the cost on the x axis, the one of the first countable budget; `limit` its upper limit.
    """

    folder: Path
    name: str
    state: str
    definition: Mapping[str, Any]
    budgets: tuple[str, ...]
    metric: str
    limit: float | None
    records: tuple[Mapping[str, Any], ...]
    base: Mapping[str, Any] | None
    reference: Mapping[str, Any] | None
    noise: Mapping[str, Any] | None
    choice: Mapping[str, Any] | None
    test: Mapping[str, Any] | None
    known: tuple[Known, ...]
    problems: tuple[str, ...] = ()

    @property
    def name_of_space(self) -> str:
        """Name of the space that was searched."""
        return str(self.definition["name"])

    @property
    def demonstration(self) -> bool:
        """Whether the data are the built-in digits."""
        return data_name(self.definition) == "digits"


def data_name(definition: Mapping[str, Any]) -> str:
    """Name of the data of a study, or of the user's own evaluator in its place."""
    data = definition.get("data")
    return str(data["name"] if data else definition.get("evaluator"))


def read(folder: Path) -> Facts:
    """Read a study folder; neither torch nor optuna is imported.

    Raises:
        UserError: the folder holds no study.
    """
    from nas.study import open_study

    return facts_of(open_study(folder))


def facts_of(study: Study) -> Facts:
    """What a report shows of an opened study."""
    from search_spaces import Budget

    budgets = tuple(Budget.parse(text) for text in study.definition["budgets"])
    counted = next((budget for budget in budgets if budget.metric in METRICS), None)
    metric = counted.metric if counted else "macs"
    return Facts(
        folder=study.folder,
        name=study.folder.resolve().name,
        state=study.state,
        definition=study.definition,
        budgets=tuple(str(budget) for budget in budgets),
        metric=metric,
        limit=None if counted is None else float(counted.high),
        records=tuple(record.to_data() for record in study.records),
        base=None if study.base is None else study.base.to_data(),
        reference=study.reference,
        noise=study.noise,
        choice=study.choice,
        test=study.test,
        known=known_networks(study.definition, metric),
        problems=study.problems,
    )


def known_networks(definition: Mapping[str, Any], metric: str) -> tuple[Known, ...]:
    """Known networks by cost at the study's deployment image size and classes, ascending.

    A network whose head binds its own image size is left out where that differs.
    """
    from search_spaces import UserError, cost
    from search_spaces.known.networks import names, network

    found = []
    for name in names():
        try:
            total = cost(network(name).at(definition["image_size"], definition["classes"]))
        except UserError:
            continue
        found.append(Known(name, int(getattr(total, metric))))
    return tuple(sorted(found, key=lambda known: (known.cost, known.name)))
