"""Records become frames: compute first, draw later. Nothing here knows a figure or a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "trial",
    "digest",
    "state",
    "reason",
    "top1",
    "params",
    "macs",
    "activations",
    "peak_bytes",
    "seconds",
    "seed",
    "replicate",
    "source",
    "epochs",
)
NUMBERS = ("top1", "params", "macs", "activations", "peak_bytes", "seconds")


def trials(records: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """One row a record, columns COLUMNS and `bytes` (float32 weights); absent numbers are NaN."""
    import pandas as pd

    rows = [{column: record.get(column) for column in COLUMNS} for record in records]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    for column in NUMBERS:
        frame[column] = pd.to_numeric(frame[column], errors="coerce").astype(float)
    frame["replicate"] = pd.to_numeric(frame["replicate"], errors="coerce").fillna(0).astype(int)
    frame["bytes"] = 4 * frame["params"]
    return frame


def searched(frame: pd.DataFrame) -> pd.DataFrame:
    """The trials of the search itself, without later trainings of the same networks with other seeds."""
    return frame[frame["replicate"] == 0]


def by_state(frame: pd.DataFrame, state: str) -> pd.DataFrame:
    """The rows of one state that have a cost."""
    return frame[frame["state"] == state]


def front(frame: pd.DataFrame, metric: str = "macs") -> pd.DataFrame:
    """Pareto front, ascending in cost: complete records that no other beats on both top-1 and cost.

    Of equal points the first trial stands.
    """
    complete = by_state(searched(frame), "complete").dropna(subset=["top1", metric])
    ordered = complete.sort_values([metric, "top1", "trial"], ascending=[True, False, True])
    best_before = ordered["top1"].cummax().shift(fill_value=float("-inf"))
    return ordered[ordered["top1"] > best_before]


def retrained(frame: pd.DataFrame) -> pd.DataFrame:
    """Per network trained again: trial (of the search), costs, mean, deviation (n - 1) and n of top-1.

    The search's own score is left out: the network was chosen because that score was high.
    """
    again = by_state(frame, "complete").dropna(subset=["top1", "source"])
    groups = again[again["replicate"] > 0].groupby("source", sort=True)
    table = groups.agg(
        mean=("top1", "mean"),
        deviation=("top1", "std"),
        n=("top1", "size"),
        macs=("macs", "first"),
        params=("params", "first"),
        bytes=("bytes", "first"),
        peak_bytes=("peak_bytes", "first"),
    )
    return table.rename_axis("trial").reset_index()


def counts(frame: pd.DataFrame) -> dict[str, int]:
    """How many trials of the search ended in each state."""
    return {str(state): int(n) for state, n in searched(frame)["state"].value_counts(sort=False).items()}
