"""Each file of a study has one writer, and looking at a study writes nothing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

import nas as package
from nas.storage import layout
from nas.study.executors import mailbox

SPACE = """
schema: 1
image_size: 8
classes: 10
stem: [{block: {conv: {}}, out: 8}]
stages: [{block: {conv: {kernel: {choice: [1, 3]}}}, out: {choice: [8, 12, 16]}, stride: 2}]
head: {pooled: {}}
"""
SEARCH = (
    "search --space space.yaml --budget 1MFLOPs --recipe plain --epochs 1 --trials 2 --retrain 1 --seeds 1 --workers 2 "
    "--pruner none --out s"
)
BY_MAILBOX = {
    mailbox.DRIVER: {layout.DRIVER},
    "job.json": {layout.DRIVER},
    "answer.json": {layout.DRIVER},
    mailbox.TRAINER: {layout.TRAINER},
    "event.json": {layout.TRAINER},
    mailbox.CHECKPOINT: {layout.TRAINER},
    mailbox.EXIT: {layout.TRAINER},
}
TEMPORARY = re.compile(r"\.(.+)\.[^.]+-\d+-\d+\.tmp")
BY_LOCAL_TRAINERS = {name for name, writers in layout.WRITERS.items() if writers != {layout.ASKED}} - {
    layout.DAMAGED_LOG,  # there was no damage
    layout.BASELINE,  # nor was it asked for
    *(layout.JOINED, layout.SLURM),  # of a cluster
}


def named(path):
    """The file or folder of a study that a path in it belongs to, and the file that a temporary one will be."""
    parts = [TEMPORARY.sub(r"\1", part) for part in Path(path).parts]
    return parts[0], "/".join(parts)


def watch(work, *words):
    """The folder of a finished search, and what was written there: (role, process, kind, path)."""
    (work / "space.yaml").write_text(SPACE)
    code = [str(Path(__file__).with_name("watching")), str(Path(package.__file__).parents[1])]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([*code, os.environ.get("PYTHONPATH", "")]),
        "OMP_NUM_THREADS": "1",
        "NAS_WATCHED": str(work / "s"),
        "NAS_WATCH_LOG": str(work / "writes.tsv"),
    }
    command = [sys.executable, "-m", "nas", *SEARCH.split(), *words]
    done = subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    lines = (work / "writes.tsv").read_text().splitlines()
    return work / "s", [tuple(line.split("\t")) for line in lines]


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """Of a search with two local trainers."""
    return watch(tmp_path_factory.mktemp("watched"))


@pytest.fixture(scope="module")
def watched_cluster(tmp_path_factory):
    """Of one with two trainers that joined it through its folder."""
    pytest.importorskip("submitit", reason="the extra slurm is not installed")
    return watch(tmp_path_factory.mktemp("cluster"), "--executor", "slurm", "--address", "local")


def test_trainers_of_a_cluster_write_only_into_folders_of_their_own(watched_cluster):
    """From where the driver moves checkpoints to their places."""
    writers, joined = defaultdict(set), defaultdict(set)
    for role, process, kind, path in watched_cluster[1]:
        name, file = named(path)
        if kind == "write":
            writers[name].add(role)
            if name == layout.JOINED:
                joined[file].add((role, process))
    assert writers[layout.CHECKPOINTS] == {layout.DRIVER}
    of_trainers = {name for name, roles in writers.items() if layout.TRAINER in roles}
    assert of_trainers == {layout.JOINED, layout.SLURM}
    folders = {file for file in joined if Path(file).suffix in ("", mailbox.LEFT)}  # which both sides may put aside
    files = {file: roles for file, roles in joined.items() if file not in folders}
    assert not {file: roles for file, roles in files.items() if len(roles) > 1}
    kinds = defaultdict(set)
    for file, roles in files.items():
        kinds[re.sub(r"-\d+", "", Path(file).name)] |= {role for role, _ in roles}
    assert kinds | {mailbox.EXIT: {layout.TRAINER}} == BY_MAILBOX  # an exit that nobody waits for may not be written


def test_each_file_is_written_by_those_whom_the_layout_names(watched):
    writers = defaultdict(set)
    for role, _, kind, path in watched[1]:
        if kind == "write":
            writers[named(path)[0]].add(role)
    assert writers.keys() == BY_LOCAL_TRAINERS
    wrong = {name: roles for name, roles in writers.items() if not roles <= layout.WRITERS[name]}
    assert not wrong
    assert {path.name for path in watched[0].iterdir()} <= layout.WRITERS.keys()


def test_each_checkpoint_is_written_by_one_trainer_and_both_trained(watched):
    writers = defaultdict(set)
    for role, process, kind, path in watched[1]:
        if kind == "write" and named(path)[0] == layout.CHECKPOINTS:
            writers[named(path)[1]].add((role, process))
    trained = {path: processes for path, processes in writers.items() if path.endswith(".ckpt")}
    assert len(trained) == 3  # two candidates, and one of them with a further seed
    assert all(len(processes) == 1 for processes in trained.values())
    assert len(set().union(*trained.values())) == 2


def test_nothing_is_removed_but_by_its_writer_or_as_a_checkpoint_by_the_driver(watched):
    for role, _, kind, path in watched[1]:
        name, file = named(path)
        if kind == "remove" and role not in layout.WRITERS[name]:
            assert (role, name) == (layout.DRIVER, layout.CHECKPOINTS), path
            assert file == path, "what a trainer is writing"


def contents(folder):
    """Every file and folder with its bytes and its time."""
    paths = [folder, *sorted(folder.rglob("*"))]
    return {path: (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else None) for path in paths}


@pytest.mark.parametrize(
    "words",
    [
        "studies",
        "studies show {}",
        "report {} --text",
        "report {} --json",
        "report {} --trial 0",
        "report {} --out page.html",
        "cost {}",
        "scale {} --phi 1 --out scaled.yaml",
        "evaluate {} --data digits",
        "predict {} digit.png",
        "train {} --data digits --epochs 1 --out trained",
    ],
)
def test_looking_changes_nothing(nas, watched, tmp_path, words):
    from PIL import Image

    Image.new("L", (8, 8)).save(tmp_path / "digit.png")
    folder = watched[0]
    before = contents(folder)
    done = nas(*words.format(folder).split())
    assert done.code == 0, done.err
    assert contents(folder) == before


@pytest.mark.parametrize(
    ("words", "name"), [("--tables", layout.TABLES), ("", layout.REPORT), ("--dashboard", layout.DASHBOARD)]
)
def test_a_command_writes_what_it_is_asked_for_and_nothing_else(nas, watched, words, name):
    folder = watched[0]
    before = contents(folder)
    done = nas("report", folder, *words.split())
    assert done.code == 0, done.err
    changed = {path for path, content in contents(folder).items() if before.get(path) != content} - {folder}
    assert changed
    assert {path.relative_to(folder).parts[0] for path in changed} <= {name, layout.REPORT}
    assert layout.ASKED in layout.WRITERS[name]
