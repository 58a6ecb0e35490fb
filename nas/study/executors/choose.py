"""Which executor runs a study, and in what environment each of its workers lives."""

from __future__ import annotations

import os
import time as clock
from collections.abc import Callable, Mapping
from typing import Any

from nas.storage import layout
from nas.study.executors.executor import Executor, Job
from nas.study.executors.inline import Inline
from nas.study.executors.local import Local
from nas.study.plan import Evaluate, Plan
from nas.study.question import Definition
from search_spaces.files.codec import from_data
from search_spaces.files.load import outside_blocks


def executor_of(made: Plan, definition: Definition, workers: int | str, trials: int) -> Executor:
    if made.evaluate is not None:
        return Inline(_evaluator(made.evaluate, outside_blocks(definition.blocks)))
    return Local(environments(definition.settings, workers, trials), made.folder / layout.WORKERS_LOG)


def environments(settings: Mapping[str, Any], workers: int | str, trials: int) -> list[dict[str, str]]:
    """The environment of each worker: its threads on the CPU, and which GPU it sees."""
    threads = {name: str(settings.get("threads", 1)) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
    if str(settings.get("device")).startswith("cuda"):
        index = str(settings["device"]).partition(":")[2]
        devices = _visible_gpus()
        devices = [devices[int(index)]] if index else devices
        count = len(devices) if workers == "auto" else int(workers)
        return [{**threads, "CUDA_VISIBLE_DEVICES": devices[i % len(devices)]} for i in range(count)]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    count = min(max(1, cores // settings.get("threads", 1)), trials) if workers == "auto" else int(workers)
    return [threads] * count


def _visible_gpus() -> list[str]:
    import torch

    named = [name for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name]
    return named or [str(index) for index in range(torch.cuda.device_count())]


def _evaluator(evaluate: Evaluate, blocks: Any) -> Callable[..., dict[str, Any]]:
    """The user's evaluator as a trainer for the inline executor."""

    def train(job: Job, report: Callable[[int, dict[str, Any]], bool]) -> dict[str, Any]:
        start, curve, verdicts = clock.perf_counter(), [], [True]

        def told(epoch: int, top1: float) -> bool:
            seconds = clock.perf_counter() - start
            curve.append(float(top1))
            verdicts.append(report(epoch, {"top1": float(top1), "seconds": seconds}))
            return verdicts[-1]

        architecture = from_data(job.task["architecture"], blocks=blocks)
        score = float(evaluate(architecture, job.seed, told))
        return {
            "top1": score,
            "top1_by_epoch": curve or [score],
            "seconds": clock.perf_counter() - start,
            "pruned": not verdicts[-1],
        }

    return train
