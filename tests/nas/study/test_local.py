"""The local executor with trainers that die, hang, raise or run out of memory."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from heard import Heard

from nas.study.errors import StudyError
from nas.study.executors.answers import answer
from nas.study.executors.attempts import Patience, Silence
from nas.study.executors.local import TRAINER_MEMORY, Local, environments
from nas.study.executors.protocol import Job
from nas.study.executors.worker import is_out_of_memory


@pytest.fixture
def local(tmp_path, monkeypatch):
    """Makes an executor of two workers, with any patience."""
    monkeypatch.setattr(sys, "path", [str(Path(__file__).parent), *sys.path])
    with contextlib.ExitStack() as stack:

        def start(**patience):
            executor = Local([{}, {}], tmp_path, Patience(**patience))
            stack.callback(executor.close)
            return executor

        yield start


@pytest.fixture
def executor(local):
    return local()


def run(executor, tmp_path, *names, go=True):
    heard = Heard(go)
    for trial, name in enumerate(names):
        executor.submit(Job(trial, f"pretenders:{name}", {}, 0, str(tmp_path / f"{trial}.ckpt")))
    while len(heard.ended()) < len(names):
        executor.wait(heard)
    return heard


def test_two_at_once_each_epoch_in_order(executor, tmp_path):
    assert executor.free() == 2
    heard = run(executor, tmp_path, "good", "good")
    assert executor.free() == 2
    for trial in (0, 1):
        events = [event[:3] for event in heard.events if event[1] == trial]
        assert events[:4] == [("started", trial, 1), *(("epoch", trial, e) for e in (1, 2, 3))]
    assert len({event[2]["pid"] for event in heard.ended()}) == 2


def test_processes_live_on_between_trainings(executor, tmp_path):
    first, second = (run(executor, tmp_path, "good").ended()[0][2]["pid"] for _ in range(2))
    assert first == second


def test_the_verdict_reaches_the_trainer(executor, tmp_path):
    heard = run(executor, tmp_path, "good", go=False)
    assert [e for e in heard.events if e[0] == "epoch"] == [("epoch", 0, 1)]
    assert heard.ended()[0][2]["pruned"] is True


def test_what_a_trainer_raises_is_the_reason_and_its_process_goes_on(executor, tmp_path):
    assert run(executor, tmp_path, "raises").ended() == [("failed", 0, "RuntimeError: no luck")]
    assert "Traceback" in (tmp_path / "workers.log").read_text()
    assert run(executor, tmp_path, "good").ended()[0][0] == "done"


def test_what_a_question_raises_is_its_problem_and_its_process_goes_on(executor, tmp_path):
    assert answer(executor, "pretenders:raises", {}, str(tmp_path / "0.ckpt")) == {"problem": "RuntimeError: no luck"}
    assert answer(executor, "pretenders:good", {}, str(tmp_path / "0.ckpt"))["top1"] == 0.3


def test_out_of_memory_gets_a_fresh_process(executor, tmp_path):
    heard = run(executor, tmp_path, "hungry_once")
    assert [event[0] for event in heard.events[:3]] == ["started", "retried", "started"]
    assert heard.ended()[0][0] == "done"


def test_a_full_disk_is_not_held_against_the_candidate(executor, tmp_path):
    with pytest.raises(StudyError, match=r"trial 0 stopped, .*No space left on device"):
        run(executor, tmp_path, "no_room_once")
    assert run(executor, tmp_path, "no_room_once").ended()[0][0] == "done"


def test_a_dead_training_is_started_again(executor, tmp_path):
    heard = run(executor, tmp_path, "dies_once", "good")
    assert ("retried", 0, 1, "its process was killed by signal 9") in heard.events
    assert ("started", 0, 2) in heard.events
    assert {event[:2] for event in heard.ended()} == {("done", 0), ("done", 1)}


def test_one_that_always_dies_is_given_up_and_its_machine_is_the_cause(executor, tmp_path):
    heard = run(executor, tmp_path, "dies")
    assert [e[0] for e in heard.events] == ["started", "retried", "started", "retried", "started", "failed"]
    assert heard.ended() == [("failed", 0, "its process exited with 7 (attempt 3 of 3)")]
    assert heard.causes == ["machine"]


def test_one_that_never_has_the_memory_gets_one_fresh_process(executor, tmp_path):
    heard = run(executor, tmp_path, "hungry")
    assert [e[0] for e in heard.events] == ["started", "retried", "started", "failed"]
    assert heard.ended() == [("failed", 0, "MemoryError: out of it (attempt 2 of 2)")]
    assert heard.causes == ["memory"]


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:114] data. DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:83] data. DefaultCPUAllocator: not enough memory"),
        RuntimeError("MPS backend out of memory"),
        RuntimeError("std::bad_alloc"),
        OSError(12, "Cannot allocate memory"),
    ],
)
def test_memory_that_does_not_suffice_is_known_by_any_of_its_names(error):
    assert is_out_of_memory(error)
    wrapped = ValueError("in a step")
    wrapped.__cause__ = error
    assert is_out_of_memory(wrapped)


def test_real_errors_of_numpy_and_torch_for_want_of_memory_are_known():
    for allocate in (lambda: np.empty(2**55), lambda: torch.empty(2**55)):
        with pytest.raises((MemoryError, RuntimeError)) as caught:
            allocate()
        assert is_out_of_memory(caught.value)


@pytest.mark.parametrize(
    "error", [RuntimeError("shapes differ"), OSError(28, "No space left on device"), KeyError("m")]
)
def test_other_errors_are_no_want_of_memory(error):
    assert not is_out_of_memory(error)


def test_a_hanging_one_is_noticed(local, tmp_path):
    heard = run(local(first=2.0, least=0.2, factor=0.0), tmp_path, "hangs")
    assert "no sign of life for" in heard.ended()[0][2]


def test_a_long_epoch_with_signs_of_life_does_not_hang(local, tmp_path):
    """A first epoch far longer than the patience: its steps are signs of life."""
    heard = run(local(first=30.0, least=2.5, factor=0.0), tmp_path, "slow_epoch")
    assert [event[0] for event in heard.events] == ["started", "epoch", "done"]


def test_processes_stand_still_in_a_pause_which_is_no_silence(local, tmp_path):
    executor = local(least=2.5, factor=0.0)
    heard = Heard()
    executor.submit(Job(0, "pretenders:slow_epoch", {}, 0, str(tmp_path / "0.ckpt")))
    executor.wait(heard)  # it lives
    [process] = psutil.Process().children()
    with executor.paused():
        time.sleep(3)
        assert process.status() == psutil.STATUS_STOPPED
    while not heard.ended():
        executor.wait(heard)
    assert [event[0] for event in heard.events] == ["started", "epoch", "done"]


def test_a_process_that_grew_is_replaced(local, tmp_path):
    executor = local(growth=0.0, grown_kib=-(1 << 40))
    first, second = (run(executor, tmp_path, "good").ended()[0][2]["pid"] for _ in range(2))
    assert first != second


@pytest.mark.parametrize(
    ("device", "workers", "seen"),
    [("cuda", "auto", ["4", "7"]), ("cuda", 3, ["4", "7", "4"]), ("cuda:1", 1, ["7"]), ("cpu", 2, [None, None])],
)
def test_each_worker_sees_one_gpu_or_none_in_particular(monkeypatch, device, workers, seen):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,7")
    variables = environments({"device": device, "threads": 1}, workers, trials=8)
    assert [worker.get("CUDA_VISIBLE_DEVICES") for worker in variables] == seen
    assert all(worker["OMP_NUM_THREADS"] == "1" for worker in variables)
    assert all(worker["OMP_WAIT_POLICY"] in ("PASSIVE", os.environ.get("OMP_WAIT_POLICY")) for worker in variables)


def test_auto_fills_the_cores_that_a_container_has(monkeypatch):
    monkeypatch.setattr("nas.study.executors.local.usable_cores", lambda: 3)
    assert len(environments({"device": "cpu", "threads": 1}, "auto", trials=8)) == 3


def test_auto_takes_no_more_trainers_than_there_is_memory_for(monkeypatch):
    monkeypatch.setattr("nas.study.executors.local.usable_cores", lambda: 8)
    for memory, count in ((10 * TRAINER_MEMORY, 8), (3 * TRAINER_MEMORY + 1, 3), (0, 1), (None, 8)):
        monkeypatch.setattr("nas.study.executors.local.usable_memory", lambda memory=memory: memory)
        assert len(environments({"device": "cpu", "threads": 1}, "auto", trials=20)) == count


def test_the_limit_of_silence_grows_with_the_longest_so_far_and_never_beyond_the_first():
    silence = Silence(Patience(first=1800, least=600, factor=20))
    assert silence.deadline() - silence.heard == 1800
    silence.signs = 2
    for longest, limit in ((1, 600), (45, 900), (1000, 1800)):
        silence.longest = longest
        assert silence.deadline() - silence.heard == pytest.approx(limit)


@pytest.mark.parametrize("signum", [signal.SIGSTOP, signal.SIGKILL])
def test_a_trainer_that_is_stopped_or_killed_is_replaced_with_what_it_started(local, tmp_path, signum):
    executor = local(first=30, least=2, factor=0)
    heard = Heard()
    executor.submit(Job(0, "pretenders:with_a_child", {}, 0, str(tmp_path / "0.ckpt")))
    while not any(event[0] == "epoch" for event in heard.events):
        executor.wait(heard)
    [trainer] = psutil.Process().children()
    [child] = trainer.children()
    trainer.send_signal(signum)
    while not heard.ended():
        executor.wait(heard)
    assert [event[0] for event in heard.events] == ["started", "epoch", "retried", "started", "done"]
    assert psutil.wait_procs([child], timeout=10)[1] == []


def test_one_that_tells_its_last_epoch_again_keeps_the_patience_of_the_beginning(local, tmp_path):
    heard = run(local(first=20, least=0.5, factor=0), tmp_path, "tells_again")
    assert heard.ended()[0][0] == "done"
    assert not any(name == "retried" for name, *_ in heard.events)
