"""`nas spaces … --proxies`: what is guessed of networks without training, and whether it is more than their size."""

from __future__ import annotations

import argparse
import random
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from nas.cli import output
from nas.data.by_name import DEMONSTRATION
from search_spaces.errors import UserError

if TYPE_CHECKING:
    from nas.study.rank_correlation import Tau
    from search_spaces.counting.feasible import Feasible

DRAWN = 50  # networks, where nothing is said
EVERY = 20  # networks a line
OF_SPACES = ("budget", "image_size", "classes", "exact", "sample", "out", "data")


def of_study(options: argparse.Namespace) -> int:
    """Kendall's tau of each proxy with the scores of the networks that a study has trained."""
    from nas.proxies.of_study import agreement, work_out
    from nas.study import open_study

    for name in OF_SPACES:
        if getattr(options, name):
            raise UserError(f"--{name.replace('_', '-')}: the study {options.space} says this itself")
    study = open_study(Path(options.space))
    work_out(study, progress=_progress)
    taus = agreement(study)
    if options.json:
        output.print_json({name: asdict(value) for name, value in taus.items()})
    elif not taus:
        output.say("fewer than four networks were trained to the end: their order says nothing")
    else:
        output.print_table(("proxy", "tau with the scores", "95 % interval", "networks"), _rows(taus), "lrrr")
        output.say(
            "within the study's budgets; below 0: the lower, the better; params and macs are what others must beat"
        )
    return 0


def of_draws(feasible: Feasible, options: argparse.Namespace) -> int:
    """Proxies of networks drawn within the budgets, and Kendall's tau of each with parameters and multiply-adds."""
    from nas.data.by_name import load_data
    from nas.proxies import PROXIES, TRIVIAL, proxies_of
    from nas.study.rank_correlation import tau

    drawn = feasible.sample(random.Random(options.seed), options.sample or DRAWN)
    data = load_data(options.data or DEMONSTRATION)
    rows = []
    for row in proxies_of((network.at(network.image_size, len(data.classes)) for network in drawn), data):
        rows.append(row)
        _progress(len(rows), len(drawn))
    if options.json:
        output.print_json(rows)
        return 0
    columns = {name: [row[name] for row in rows] for name in PROXIES}
    table = [(name, *(_text(tau(columns[name], columns[size])) for size in TRIVIAL)) for name in PROXIES]
    output.print_table(("proxy", *(f"tau with {size}" for size in TRIVIAL)), table, "lrr")
    output.say(f"{len(rows)} networks drawn within the budgets; what a study trained says which proxy is right")
    return 0


def _progress(done: int, of: int) -> None:
    if done % EVERY == 0 or done == of:
        output.say(f"proxies of {done} of {of} networks")


def _rows(taus: Mapping[str, Tau]) -> list[tuple[str, str, str, int]]:
    return [(name, f"{t.value:.2f}", f"{t.low:.2f} to {t.high:.2f}", t.networks) for name, t in taus.items()]


def _text(value: Tau | None) -> str:
    return "–" if value is None else f"{value.value:.2f}"
