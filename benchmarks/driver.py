"""CPU time of the driver a trial, on trainings that cost nothing: of the proposal, and of everything else.

    python benchmarks/driver.py [--trials 1000] [--last 100] [--sampler tpe …] [--from random]

The evaluator returns a number made of the network's cost; it and the reading of the network from its job, which
trainers do, are left out. With `--from random` the trials before the last ones are those of random search, made once
for all samplers; without it each sampler makes its own. Memory is the peak of the process, which grows with each
sampler: give one at a time to compare it.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from nas import search
from nas.study.executors.evaluated import Calls
from nas.study.propose.proposer import Proposer
from nas.study.propose.samplers import SAMPLERS
from search_spaces import Architecture, cost

SPACE, BUDGET = "mbconv", "400MFLOPs"


def by_cost(architecture: Architecture, seed: int, report: Any) -> float:
    """A score without a pattern."""
    return (cost(architecture).macs % 9_973) / 9_973


class Clock:
    """CPU time at each training's end, and what each proposal and each call of the evaluator took."""

    def __init__(self) -> None:
        self.ends: list[float] = []
        self.proposals: list[float] = []
        self.trainings: list[float] = []

    def watch(self, event: dict[str, Any]) -> None:
        if event["event"] == "finished" and event["record"]["state"] == "complete":
            self.ends.append(time.process_time())

    def timing(self, function: Any, times: list[float]) -> Any:
        """The function, which adds the time of each call to ``times``."""

        def timed(*arguments: Any) -> Any:
            start = time.process_time()
            try:
                return function(*arguments)
            finally:
                times.append(time.process_time() - start)

        return timed

    def line(self, name: str, last: int) -> str:
        """The row of a table: milliseconds a trial over the last ones."""
        training, proposal = (1e3 * sum(times[-last:]) / last for times in (self.trainings, self.proposals))
        whole = 1e3 * (self.ends[-1] - self.ends[-last - 1]) / last - training
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return f"| `{name}` | {whole:.1f} | {proposal:.1f} | {whole - proposal:.1f} | {memory:.0f} MB |"


def run(folder: Path, sampler: str, trials: int, clock: Clock) -> None:
    """Run a study, or go on with it."""
    propose, call = Proposer.next, Calls.__call__
    Proposer.next = clock.timing(propose, clock.proposals)  # type: ignore[method-assign]
    Calls.__call__ = clock.timing(call, clock.trainings)  # type: ignore[method-assign]
    options: dict[str, Any] = {"sampler": sampler, "trials": trials, "retrain": 0, "out": folder}
    try:
        search(SPACE, BUDGET, evaluate=by_cost, evaluator_name="cost", progress=clock.watch, **options)
    finally:
        Proposer.next, Calls.__call__ = propose, call  # type: ignore[method-assign]


def main() -> None:
    """Measure each sampler."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--last", type=int, default=100)
    parser.add_argument("--sampler", nargs="+", default=list(SAMPLERS), choices=list(SAMPLERS))
    parser.add_argument("--from", dest="before", choices=list(SAMPLERS))
    options = parser.parse_args()
    first = options.trials - options.last + 1
    print(f"| sampler, trials {first} to {options.trials} | ms a trial | proposal | else | peak |")
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        if options.before:
            run(root / "before", options.before, options.trials - options.last, Clock())
        for sampler in options.sampler:
            folder, clock, start = root / sampler, Clock(), time.process_time()
            if options.before:
                shutil.copytree(root / "before", folder)
                definition = folder / "study.yaml"
                text = definition.read_text().replace(f"sampler: {options.before}", f"sampler: {sampler}")
                definition.write_text(text)
                run(folder, sampler, first, Clock())  # what is made once for all trials
            run(folder, sampler, options.trials, clock)
            print(
                clock.line(sampler, min(options.last, len(clock.ends) - 1)),
                f"{time.process_time() - start:.1f} s in all",
            )


if __name__ == "__main__":
    main()
