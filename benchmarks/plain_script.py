"""A search of 20 trainings on the digits by `nas search`, and by a plain script of PyTorch, Optuna and fvcore.

    python benchmarks/plain_script.py [--trials 20] [--cores 1] [--epochs E] [--loaders 0] [--rounds 1]
    python benchmarks/plain_script.py --two        # two trainers of one thread against one
    python benchmarks/plain_script.py --overhead 12  # so many trainings of 10 s that sleep

Both train the same networks, which `nas search` drew, on the same cores in batches of the same size for the same number
of steps, without pruning, retraining or final training; start-up included. `plain_search.py` is the script: its
parameters and multiply-adds are compared with those of the study, exactly. Wall time, and CPU time of all processes.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SPACE, BUDGET, LIMIT = "mbconv", "400MFLOPs", 400_000_000
PLAIN = ("--sampler", "random", "--pruner", "none", "--retrain", "0", "--final", "none")
SECONDS, EPOCHS = 10.0, 5  # of a training that sleeps


@dataclass(frozen=True)
class Run:
    """Seconds of a command: by the clock, and of all its processes' CPU time; ``spent`` says where the former went."""

    wall: float
    cpu: float
    spent: dict[str, float]

    def __str__(self) -> str:
        parts = ", ".join(f"{name} {seconds:.1f}" for name, seconds in self.spent.items())
        return f"{self.wall:.1f} s wall, {self.cpu:.1f} s CPU ({parts})"


def timed(words: list[str], threads: int) -> tuple[float, float]:
    """Wall and CPU seconds of a command, children included."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - start
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def ours(folder: Path, options: argparse.Namespace, workers: int) -> Run:
    """`nas search`, and where its wall time went by its own log."""
    words = ["--space", SPACE, "--budget", BUDGET, "--trials", str(options.trials), "--workers", str(workers), *PLAIN]
    words += ["--epochs", str(options.epochs)] if options.epochs else []
    began = time.time()
    wall, cpu = timed([sys.executable, "-m", "nas", "search", *words, "--out", str(folder)], 1)
    events = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    times = {kind: [e["time"] - began for e in events if e["event"] == kind] for kind in ("started", "finished")}
    trained = sum(e["record"]["seconds"] for e in events if e["event"] == "finished") / workers
    busy = times["finished"][-1] - times["started"][0]
    spent = {
        "until the first training began": times["started"][0],
        "until the first ended": times["finished"][0],
        "training a trainer": trained,
        "between trainings, trainers' start among it": busy - trained,
        "after the last": wall - times["finished"][-1],
    }
    return Run(wall, cpu, spent)


def plain(folder: Path, study: Path, options: argparse.Namespace) -> Run:
    """The script on the study's candidates; raises AssertionError where it trained other networks."""
    from nas.study import open_study

    searched = open_study(study)
    records = [record for record in searched.records if record.counted]
    settings = searched.definition.settings
    data: dict[str, Any] = {
        "threads": options.cores,
        "limit": LIMIT,
        "batch": settings["batch"],
        "epochs": settings["epochs"],
        "loaders": options.loaders,
        "decisions": {decision.name: decision.labels for decision in searched.space().decisions},
        "candidates": [dict(record.decisions) for record in records],
    }
    question, answer = folder / "question.json", folder / "answer.json"
    question.write_text(json.dumps(data))
    script = Path(__file__).with_name("plain_search.py")
    wall, cpu = timed([sys.executable, str(script), str(question), str(answer)], options.cores)
    result = json.loads(answer.read_text())
    costs = [(trained["params"], trained["macs"]) for trained in result["trained"]]
    assert costs == [(record.params, record.macs) for record in records], "the script trained other networks"
    print(f"  mean top-1: nas {mean(records)}, script {mean(result['trained'])}")
    return Run(wall, cpu, result["spent"])


def mean(trained: list[Any]) -> str:
    scores = [t["top1"] if isinstance(t, dict) else t.top1 for t in trained]
    return f"{statistics.fmean(scores):.1%}"


def beside(options: argparse.Namespace) -> None:
    """Both searches, one after the other."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.cores])
    ratios = []
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory() as folder:
            study = Path(folder) / "study"
            our_run = ours(study, options, options.cores)
            their_run = plain(Path(folder), study, options)
        ratios.append((their_run.wall / our_run.wall, their_run.cpu / our_run.cpu))
        print(f"nas search: {our_run}\nplain script: {their_run}")
    walls, cpus = zip(*ratios, strict=True)
    print(
        f"| {options.trials} trainings on the digits by a plain script against `nas search`, {options.cores} core(s), "
        f"wall / CPU time | at least 3 | {spread(walls)} / {spread(cpus)} | `plain_script.py` |"
    )


def spread(values: tuple[float, ...]) -> str:
    middle = f"{statistics.median(values):.2f}"
    return middle if len(values) == 1 else f"{middle} ({min(values):.2f} to {max(values):.2f})"


def two(options: argparse.Namespace) -> None:
    """Two trainers of one thread against one."""
    runs = {}
    for workers in (1, 2):
        with tempfile.TemporaryDirectory() as folder:
            runs[workers] = ours(Path(folder) / "study", options, workers)
        print(f"{workers} trainer(s): {runs[workers]}")
    ratio = runs[1].wall / runs[2].wall
    name = f"two trainers of one thread against one, {options.trials} trainings"
    print(f"| {name} | 1.7 | {ratio:.2f} | `plain_script.py --two` |")


def sleeping(task: dict[str, Any], seed: int, checkpoint: str, report: Any) -> dict[str, Any]:
    """A training of ten seconds that costs nothing."""
    scores = []
    for epoch in range(1, EPOCHS + 1):
        time.sleep(SECONDS / EPOCHS)
        scores.append((seed % 1000) / 1000)
        report(epoch, {"top1": scores[-1], "loss": 1.0, "seconds": SECONDS * epoch / EPOCHS})
    return {"top1": scores[-1], "top1_by_epoch": scores, "seconds": SECONDS, "pruned": False}


def overhead(trainings: int) -> None:
    """What the driver and its log add to trainings of ten seconds: wall time between a training's end and the next
    one's begin, and CPU time of the driver."""
    from nas.search import conduct
    from nas.study.plan import plan
    from nas.study.run_options import RunOptions

    times: list[tuple[str, float]] = []

    def watch(event: dict[str, Any]) -> None:
        if event["event"] in ("started", "finished"):
            times.append((event["event"], time.perf_counter()))
            cpu.append(time.process_time())

    cpu: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        study_plan = plan(SPACE, BUDGET, out=Path(folder) / "study", retrain=0, epochs=EPOCHS, pruner="none")
        run_options = RunOptions(trials=trainings + 1, workers=1, final="none", keep="none")
        conduct(study_plan, run_options, progress=watch, trainer=f"{Path(__file__).stem}:sleeping")
    ends = [moment for kind, moment in times if kind == "finished"]
    wall = ends[-1] - ends[0]  # without the first, in which the trainer starts
    share, driver = 1 - trainings * SECONDS / wall, (cpu[-1] - cpu[1]) / wall
    name = f"driver and log in the wall time of {trainings} trainings of {SECONDS:.0f} s; CPU time of the driver"
    print(f"| {name} | 2 % | {share:.1%}; {driver:.1%} | `plain_script.py --overhead {trainings}` |")


def main() -> None:
    """Measure what is asked for and print rows for README.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in (("trials", 20), ("cores", 1), ("loaders", 0), ("rounds", 1)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--two", action="store_true")
    parser.add_argument("--overhead", type=int, metavar="N")
    options = parser.parse_args()
    if options.overhead:
        overhead(options.overhead)
    elif options.two:
        two(options)
    else:
        beside(options)


if __name__ == "__main__":
    main()
