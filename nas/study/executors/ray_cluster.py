"""Trainings as actors of a Ray cluster; needs the extra `[ray]`.

Nodes need share no folder: code and decoded images reach each node once, and each checkpoint comes back to the driver,
which alone writes into the study's folder, so that a node that dies takes nothing with it.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nas.storage.files import replacing
from nas.study.errors import StudyError
from nas.study.executors.attempts import Attempt, Patience, Silence
from nas.study.executors.protocol import MEMORY, Handler, Job
from nas.study.executors.ray_trainer import TELL_EVERY, Trainer

DOUBT_EVERY = 0.5  # seconds between questions whether an actor lives
NODE_PATIENCE = 2.0  # seconds until the cluster knows that a node is dead
MAX_UNBORN = 3
CODE = ("nas", "search_spaces", "scaling")  # packages that are brought to the nodes


@dataclass
class Place:
    """An actor, where it is (None until the cluster has room for it), the job that it has, and the answer to come: its
    next message, or where it is."""

    actor: Any
    answer: Any
    silence: Silence
    where: dict[str, Any] | None = None
    attempt: Attempt | None = None
    signs: int = 0
    in_doubt: bool = False

    @property
    def is_idle(self) -> bool:
        """Whether it is there and has no job."""
        return self.where is not None and self.attempt is None


@dataclass(frozen=True)
class Resources:
    """What each training needs; ``environment`` holds variables of its process."""

    cpus: int
    gpus: int
    environment: Mapping[str, str]


class RayCluster:
    """``workers`` trainings at once, or as many as the cluster at ``address`` has room for. ``data`` (spec, seed,
    images) are brought to the nodes; images that are read file by file must lie at the same path on each."""

    def __init__(
        self,
        address: str | None,
        workers: int | None,
        resources: Resources,
        data: tuple[str | None, int, Any],
        patience: Patience | None = None,
    ) -> None:
        import ray

        self._ray = ray
        self._patience = patience or Patience()
        self._workers, self._resources = workers, resources
        self._places: list[Place] = []
        with _same_signals():
            _connect(address, resources)
        spec, seed, images = data
        self._data = (spec, seed, None if images is None else ray.put(images))
        self._waiting: deque[Attempt] = deque()
        self._waited = time.monotonic()
        self._unborn = 0  # actors that died before they were there, one after another

    def free(self) -> int:
        return self._room() - self._busy() - len(self._waiting)

    def _busy(self) -> int:
        return sum(place.attempt is not None for place in self._places)

    def _room(self) -> int:
        if self._workers is not None:
            return self._workers
        there, needs = self._ray.cluster_resources(), self._resources
        room = [int(there.get("CPU", 0) // needs.cpus)] + ([int(there.get("GPU", 0))] if needs.gpus else [])
        return max(1, min(room))  # where all nodes are gone a job waits for one

    def submit(self, job: Job) -> None:
        self._waiting.append(Attempt(job))

    def wait(self, handler: Handler, timeout: float | None = None) -> None:
        self._assign(handler)
        answers = [place.answer for place in self._places if not place.is_idle]
        if not answers:
            return
        limit = TELL_EVERY if timeout is None else min(timeout, TELL_EVERY)
        ready, _ = self._ray.wait(answers, num_returns=1, timeout=limit)
        for place in list(self._places):
            if place.answer in ready:
                self._hear(place, handler)
            elif place.attempt is not None and (reason := place.silence.reason()) is not None:
                self._lost(place, handler, reason)
        self._check_room()

    def _assign(self, handler: Handler) -> None:
        """Give waiting jobs to idle actors, and ask for as many actors as there are jobs and room."""
        for place in [place for place in self._places if place.is_idle][: len(self._waiting)]:
            self._start(place, self._waiting.popleft(), handler)
        while len(self._places) < min(self._room(), self._busy() + len(self._waiting)):
            needs = self._resources
            kind = self._ray.remote(num_cpus=needs.cpus, num_gpus=needs.gpus, max_concurrency=3)(Trainer)
            actor = kind.remote(*self._data)
            self._places.append(Place(actor, actor.where.remote(), Silence(self._patience)))

    def _start(self, place: Place, attempt: Attempt, handler: Handler) -> None:
        assert place.where is not None
        place.attempt, place.silence = attempt, Silence(self._patience)
        path = Path(attempt.job.checkpoint)
        place.actor.train.remote(attempt.job.to_data(), path.read_bytes() if path.exists() else None)
        place.answer = place.actor.listen.remote()
        where = f"process {place.where['pid']} on {place.where['host']}"
        handler.started(attempt.job.trial, attempt.number, where)

    def _check_room(self) -> None:
        if self._busy() or not self._waiting:
            self._waited = time.monotonic()
        elif time.monotonic() - self._waited > self._patience.first:
            raise StudyError(f"the cluster has had no room for a training for {self._patience.first:.0f} s")

    def _hear(self, place: Place, handler: Handler) -> None:
        try:
            answer = self._ray.get(place.answer)
        except self._ray.exceptions.ActorUnavailableError:
            time.sleep(DOUBT_EVERY)
            place.answer, place.in_doubt = place.actor.where.remote(), True  # whether it lives will be known
            return
        except self._ray.exceptions.RayError as error:
            self._gone(place, handler, error)
            return
        if place.in_doubt:
            self._lost(place, handler, "its process was cut off for a moment")
            return
        if place.attempt is None:
            place.where, self._unborn = answer, 0
            return
        if answer["signs"] != place.signs or answer["kind"] != "alive":
            place.signs = answer["signs"]
            place.silence.end()
        if "checkpoint" in answer:
            path = Path(place.attempt.job.checkpoint)
            path.parent.mkdir(exist_ok=True)
            with replacing(path) as file:
                file.write(answer["checkpoint"])
        self._take(place, place.attempt, answer, handler)
        if place.attempt is not None:
            place.answer = place.actor.listen.remote()

    def _take(self, place: Place, attempt: Attempt, message: dict[str, Any], handler: Handler) -> None:
        trial = attempt.job.trial
        match message["kind"]:
            case "epoch":
                place.actor.verdict.remote(handler.epoch(trial, message["epoch"], message["metrics"]))
            case "stopped":
                raise StudyError(f"trial {trial} stopped, and the study with it: {message['reason']}")
            case "failed" if message["memory"]:
                self._lost(place, handler, message["reason"], MEMORY)
            case "failed":
                place.attempt = None
                handler.failed(trial, message["reason"])
            case "done":
                place.attempt = None
                handler.done(trial, message["result"])

    def _gone(self, place: Place, handler: Handler, error: Exception) -> None:
        """An actor has died: with its node, which is no sign of anything, or by itself."""
        reason = str(error).strip().splitlines()[0][:200]
        if place.where is None:
            self._release(place)
            self._unborn += 1
            if self._unborn >= MAX_UNBORN:
                raise StudyError(f"no trainer can be started on the cluster: {reason}")
        elif place.attempt is not None and self._is_dead(place.where["node"]):
            self._release(place)
            self._waiting.appendleft(place.attempt.interrupted(handler, "its node has died"))
        else:
            self._lost(place, handler, f"its process died ({reason})")

    def _is_dead(self, node: str) -> bool:
        """Whether the node is known to be dead; the cluster may need a moment to know it."""
        end = time.monotonic() + NODE_PATIENCE
        while any(known["NodeID"] == node and known["Alive"] for known in self._ray.nodes()):
            if time.monotonic() > end:
                return False
            time.sleep(NODE_PATIENCE / 20)
        return True

    def _lost(self, place: Place, handler: Handler, reason: str, *cause: str) -> None:
        self._release(place)
        following = place.attempt.lost(handler, reason, *cause) if place.attempt else None
        place.attempt = None
        if following is not None:
            self._waiting.appendleft(following)

    def _release(self, place: Place) -> None:
        """Give an actor up."""
        self._places.remove(place)
        self._ray.kill(place.actor)

    def paused(self) -> AbstractContextManager[None]:
        return nullcontext()

    def close(self) -> None:
        places, self._places = self._places, []
        for place in places:
            with suppress(Exception):  # of a cluster that is gone, too
                self._ray.kill(place.actor)
        self._ray.shutdown()


def _connect(address: str | None, resources: Resources) -> None:
    """Raises StudyError where no cluster answers."""
    import ray

    variables = {**resources.environment, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    modules = [str(Path(sys.modules[name].__path__[0])) for name in CODE if name in sys.modules]
    try:
        ray.init(address, runtime_env={"py_modules": modules, "env_vars": variables}, log_to_driver=False)
    except Exception as error:  # of that very class, where a node does not start in time
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise StudyError(f"no Ray cluster answers at {address or 'this machine'}: {reason}") from None


@contextmanager
def _same_signals() -> Iterator[None]:
    """Ray's handlers do not take the place of ours."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
