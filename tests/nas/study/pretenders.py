"""Trainers for the local executor that misbehave in one way each."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

from nas.storage.files import replacing


def save(checkpoint, text):
    """A checkpoint as the real trainer writes it: beside its place first."""
    with replacing(Path(checkpoint)) as file:
        file.write(text.encode())


def good(task, seed, checkpoint, report):
    save(checkpoint, "trained")
    going = all(report(epoch, {"top1": epoch / 10}) for epoch in (1, 2, 3))
    return {"top1": 0.3, "top1_by_epoch": [0.1, 0.2, 0.3], "seconds": 0.0, "pruned": not going, "pid": os.getpid()}


def raises(task, seed, checkpoint, report):
    raise RuntimeError("no luck\nat all")


def dies_once(task, seed, checkpoint, report):
    marker = Path(checkpoint)
    if not marker.exists():
        save(checkpoint, "was here")
        os.kill(os.getpid(), signal.SIGKILL)
    return good(task, seed, checkpoint, report)


def dies(task, seed, checkpoint, report):
    os._exit(7)


def hungry(task, seed, checkpoint, report):
    raise MemoryError("out of it")


def hungry_once(task, seed, checkpoint, report):
    marker = Path(checkpoint)
    if not marker.exists():
        save(checkpoint, "was here")
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1125899906842624 bytes")
    return good(task, seed, checkpoint, report)


def no_room_once(task, seed, checkpoint, report):
    marker = Path(checkpoint).with_suffix(".tried")
    if not marker.exists():
        save(marker, "was here")
        raise OSError(28, "No space left on device")
    return good(task, seed, checkpoint, report)


def hangs(task, seed, checkpoint, report):
    report(1, {"top1": 0.1})
    time.sleep(600)


def slow_epoch(task, seed, checkpoint, report):
    for _ in range(60):
        time.sleep(0.1)
        report.alive()
    report(1, {"top1": 0.5})
    return {"top1": 0.5, "top1_by_epoch": [0.5], "seconds": 6.0, "pruned": False}


def tells_again(task, seed, checkpoint, report):
    """As a training that goes on: its last epoch at once, and then a long one without a sign of life."""
    report(1, {"top1": 0.1})
    time.sleep(2)
    report(2, {"top1": 0.2})
    return {"top1": 0.2, "top1_by_epoch": [0.1, 0.2], "seconds": 2.0, "pruned": False}


def hungry_for_whole_batches(task, seed, checkpoint, report):
    """A wide first stage has room for half a batch only."""
    if task["settings"]["accumulate"] == 1 and task["architecture"]["stages"][0]["out"] > 8:
        raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
    return good(task, seed, checkpoint, report)


def dies_where_a_file_is(task, seed, checkpoint, report):
    if (Path(checkpoint).parents[1] / "deadly").exists():
        os._exit(9)
    return good(task, seed, checkpoint, report)


def with_a_child(task, seed, checkpoint, report):
    """Starts a process, as workers that read images are, tells an epoch twice, and waits; the next time it is done."""
    if Path(checkpoint).exists():
        return {"top1": 0.1, "top1_by_epoch": [0.1], "seconds": 0.0, "pruned": False}
    save(checkpoint, "was here")
    subprocess.Popen(["sleep", "600"])
    report.alive()
    report(1, {"top1": 0.1})
    time.sleep(600)


def good_after_a_moment(task, seed, checkpoint, report):
    time.sleep(1)
    return good(task, seed, checkpoint, report)
