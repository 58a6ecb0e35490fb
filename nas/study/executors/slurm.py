"""Trainers as an array of long-lived jobs of slurm, or of submitit's local cluster; needs the extra `[slurm]`.

Partition, account and time limit are those that sbatch reads from its own environment: ``SBATCH_PARTITION``,
``SBATCH_ACCOUNT``, ``SBATCH_TIMELIMIT`` and so on.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nas.storage import layout
from nas.study.executors import joining

DAY = 24 * 60  # minutes
PATIENCE = 10.0  # seconds
GONE = "Invalid job id"  # what squeue says of jobs that ended a while ago


@dataclass(frozen=True)
class Serve:
    """One element of the array: a trainer that joins the study, with these environment variables. It is queued again
    where the cluster needs its place for somebody else."""

    study: str
    environment: Mapping[str, str]

    def __call__(self) -> None:
        os.environ.update(self.environment)
        joining.serve(Path(self.study))

    def checkpoint(self) -> Any:
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)


class Array:
    """The jobs that submitit started, ``count`` trainers of ``threads`` cores and perhaps a GPU each, on ``cluster``:
    slurm or local."""

    def __init__(
        self, study: Path, cluster: str, count: int, threads: int, gpu: bool, environment: Mapping[str, str]
    ) -> None:
        path = os.pathsep.join(filter(None, sys.path))
        self._serve = Serve(str(study.absolute()), {**environment, "PYTHONPATH": path})
        self._logs = study / layout.SLURM
        self._cluster, self._count, self._threads, self._gpu = cluster, count, threads, gpu
        self._jobs: list[Any] = []

    def start(self) -> None:
        """Submit all."""
        import submitit

        executor = submitit.AutoExecutor(folder=self._logs, cluster=self._cluster)
        resources = {"nodes": 1, "tasks_per_node": 1, "cpus_per_task": self._threads, "gpus_per_node": int(self._gpu)}
        executor.update_parameters(name="nas", timeout_min=DAY, slurm_array_parallelism=self._count, **resources)
        with executor.batch():
            self._jobs = [executor.submit(self._serve) for _ in range(self._count)]

    def any_left(self) -> bool:
        """Whether one of them waits or runs."""
        if self._cluster == "slurm":
            return bool(self._jobs) and is_queued(job.job_id for job in self._jobs)
        return not all(job.done() for job in self._jobs)

    def end(self) -> None:
        """Cancel all; those of this machine have a moment to end by themselves, since the study has."""
        if self._cluster == "slurm":
            subprocess.run(["scancel", "--quiet", *(job.job_id for job in self._jobs)], capture_output=True)
            return
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.any_left():
            time.sleep(PATIENCE / 100)
        for job in self._jobs:
            if not job.done():
                job.cancel(check=False)


def is_queued(ids: Iterable[str]) -> bool:
    """Whether one of these jobs waits or runs. By ``squeue``: ``sacct``, which submitit asks, knows nothing where slurm
    keeps no accounts. Where it cannot be asked now, they count as there."""
    command = ["squeue", "--noheader", "--format=%i", f"--jobs={','.join(ids)}"]
    done = subprocess.run(command, capture_output=True, text=True)
    return bool(done.stdout.strip()) or (done.returncode != 0 and GONE not in done.stderr)
