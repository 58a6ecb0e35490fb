"""Which executors there are, what each needs, and how it is made for a study."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING

from nas.study.definition import Definition
from nas.study.executors.evaluated import Calls
from nas.study.executors.inline import Inline
from nas.study.executors.local import Local, cpu_workers, environments, training_environment
from nas.study.executors.protocol import Executor, Wish
from search_spaces.errors import UserError
from search_spaces.files.outside import outside_blocks

if TYPE_CHECKING:
    from nas.study.plan import Plan

Make = Callable[["Plan", Definition, Wish], Executor]
LOCAL = "local"  # as an address: a cluster on this machine


def local(plan: Plan, definition: Definition, options: Wish) -> Executor:
    """Processes of this machine: one per GPU, or several on the CPU."""
    return Local(environments(definition.settings, options.workers, options.trials), plan.folder)


def inline(plan: Plan, definition: Definition, options: Wish) -> Executor:
    """The user's evaluator, one call at a time in this process."""
    assert plan.evaluate is not None
    return Inline(Calls(plan.evaluate, outside_blocks(definition.question.blocks)))


def ray(plan: Plan, definition: Definition, options: Wish) -> Executor:
    """Actors of a Ray cluster, which may share no folder with this machine."""
    from nas.study.executors.ray_cluster import RayCluster, Resources

    settings, data = definition.settings, definition.data or {}
    needs = Resources(settings.get("threads", 1), int(_on_gpu(definition)), training_environment(settings))
    images = None if plan.data is None or plan.data.streamed else plan.data
    workers = None if options.workers == "auto" else int(options.workers)
    return RayCluster(options.address, workers, needs, (data.get("spec"), data.get("seed", 0), images))


def slurm(plan: Plan, definition: Definition, options: Wish) -> Executor:
    """Long-lived jobs of slurm that join through the study's folder, which all machines share."""
    from nas.study.executors.shared_folder import SharedFolder
    from nas.study.executors.slurm import Array

    threads = definition.settings.get("threads", 1)
    workers = cpu_workers(definition.settings) if options.workers == "auto" else int(options.workers)
    environment = training_environment(definition.settings)
    cluster = LOCAL if options.address == LOCAL else "slurm"
    return SharedFolder(
        plan.folder, Array(plan.folder, cluster, workers, threads, _on_gpu(definition), environment), workers
    )


def _on_gpu(definition: Definition) -> bool:
    return str(definition.settings.get("device")).startswith("cuda")


EXECUTORS: dict[str, Make] = {
    "local": local,
    "inline": inline,
    "ray": ray,
    "slurm": slurm,
}
"""Name to ``make(plan, definition, options)``. A new executor is one file and one line; it must pass the contract
test."""

EXTRAS = {"ray": "ray", "slurm": "submitit"}
"""Executors that need a package which an extra of the executor's name installs."""


def check_executor(plan: Plan, options: Wish) -> None:
    """Raise UserError for what the executor needs and this machine or this study lacks; starts nothing."""
    name = _name_of(plan, options)
    if name == "inline" and plan.evaluate is None:
        raise UserError("the executor inline needs an evaluator: search(…, evaluate=…)")
    if name in ("local", *EXTRAS) and plan.evaluate is not None:
        raise UserError(f"the executor {name} trains networks; your evaluator runs inline")
    if name in EXTRAS and find_spec(EXTRAS[name]) is None:
        raise UserError(f"the executor {name} needs {EXTRAS[name]}: pip install 'nas-and-scaling[{name}]'")
    if options.address is not None and name not in EXTRAS:
        raise UserError(f"is for the executors {' and '.join(EXTRAS)}, got {options.address!r} for {name}", "address")
    if name == "slurm" and options.address != LOCAL:
        if shutil.which("sbatch") is None:
            raise UserError("the executor slurm needs sbatch on this machine; --address local runs its trainers here")
        if options.workers == "auto":
            raise UserError("must be a number for slurm: how many trainers to ask for", "workers")


def _name_of(plan: Plan, options: Wish) -> str:
    automatic = "local" if plan.evaluate is None else "inline"
    return automatic if options.executor == "auto" else options.executor


def executor_of(plan: Plan, definition: Definition, options: Wish) -> Executor:
    """The executor of the options; ``auto`` is inline for an evaluator, else local. Raises UserError as
    :func:`check_executor`."""
    check_executor(plan, options)
    return EXECUTORS[_name_of(plan, options)](plan, definition, options)
