"""Loaded by every Python process that finds it on its path: notes which process writes what below a folder.

A line each in the file NAS_WATCH_LOG: role, process id, ``write``, ``folder`` or ``remove``, and the path within
NAS_WATCHED.
"""

import os
import sys

TRAINERS = ("nas.study.executors.worker", "nas.study.executors.joining", "submitit")  # what they are started as
ROLE = "trainer" if any(name in " ".join(sys.orig_argv) for name in TRAINERS) else "driver"
FOLDER = os.environ["NAS_WATCHED"]
LOG = os.open(os.environ["NAS_WATCH_LOG"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
CHANGES = ("os.truncate", "os.chmod", "os.utime", "sqlite3.connect")


def watch(event, arguments):
    if event == "open" and arguments[2] & WRITES:
        note("write", arguments[0])
    elif event == "os.rename":
        note("write", arguments[1])
    elif event in CHANGES:
        note("write", arguments[0])
    elif event == "os.mkdir":
        note("folder", arguments[0])
    elif event in ("os.remove", "os.rmdir"):
        note("remove", arguments[0])


def note(kind, path):
    if isinstance(path, int):
        return
    path = os.path.abspath(os.fsdecode(path))
    if path.startswith(FOLDER + os.sep):
        os.write(LOG, f"{ROLE}\t{os.getpid()}\t{kind}\t{path[len(FOLDER) + 1 :]}\n".encode())


sys.addaudithook(watch)
