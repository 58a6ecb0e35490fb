"""The tables of a page through pandas: for notebooks, and as CSV, JSON and Parquet."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from nas.report.agreement import known_effects
from nas.report.facts import head_facts
from nas.report.trials import Trials
from nas.study import Study
from search_spaces.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

FORMATS = ("csv", "json", "parquet")
PARQUET = "parquet needs pyarrow: python -m pip install pyarrow"


def frames(study: Study) -> dict[str, pd.DataFrame]:
    """``trials``: one row a trial, with what it is in words, and its decisions in columns of their own; ``epochs``: one
    row an epoch of a training; ``effects``: which decisions pay; ``facts``: the head of the page."""
    import pandas as pd

    trials = Trials(study)
    key = study.definition.scale.key
    table = study.trials().drop(columns=["decisions", "constraints", f"{key}_by_epoch", "loss_by_epoch"])
    described = [trials.by_number[record.trial] for record in study.records]
    table.insert(4, "words", [one.short for one in described])
    names = list(dict.fromkeys(name for one in described for name in one.labels))
    decided = pd.DataFrame([one.labels for one in described], columns=names, index=table.index, dtype="object")
    curves = [
        {"trial": record.trial, "epoch": epoch, key: score, "loss": _at(record.loss_by_epoch, epoch)}
        for record in study.records
        for epoch, score in enumerate(record.top1_by_epoch, start=1)
    ]
    effects = [vars(effect) for effect in known_effects(study)]
    facts = [{"name": name, "text": text} for name, text in head_facts(study, trials.space).items()]
    return {
        "trials": pd.concat([table, decided], axis=1),
        "epochs": pd.DataFrame(curves, columns=["trial", "epoch", key, "loss"]),
        "effects": pd.DataFrame(effects, columns=["decision", "best", "worst", "gain", "low", "high"]),
        "facts": pd.DataFrame(facts, columns=["name", "text"]),
    }


def write_frames(study: Study, folder: Path) -> tuple[list[Path], list[str]]:
    """Write every table in every format into ``folder``; the files, and one line for each format that is not to be had
    here. Raises UserError where the folder cannot be written."""
    missing = [] if find_spec("pyarrow") else [PARQUET]
    paths = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, frame in frames(study).items():
            for kind in FORMATS if not missing else FORMATS[:-1]:
                paths.append(folder / f"{name}.{kind}")
                _write(frame, paths[-1], kind)
    except OSError as error:
        raise UserError(f"{folder}: cannot write the tables there ({error.strerror})") from error
    return paths, missing


def _write(frame: pd.DataFrame, path: Path, kind: str) -> None:
    if kind == "csv":
        frame.to_csv(path, index=False)
    elif kind == "json":
        frame.to_json(path, orient="records", indent=1, force_ascii=False)
    else:
        frame.to_parquet(path, index=False)


def _at(values: tuple[float, ...], epoch: int) -> float | None:
    return values[epoch - 1] if len(values) >= epoch else None
