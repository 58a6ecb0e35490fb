"""On a terminal of any width no line of progress wraps; redirected, nothing is cut."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import threading
import unicodedata

import pytest

NETWORK = """
schema: 1
image_size: 8
classes: 10
stem: [{block: {conv: {}}, out: 8}]
stages: [{block: {conv: {}}, out: %s, stride: 2}]
head: {pooled: {}}
"""
COMMANDS = {
    "train": "train net.yaml --data digits --epochs 2 --threads 1",
    "search": "search --space space.yaml --budget 1MFLOPs --epochs 2 --trials 2 --retrain 1 --seeds 1 --workers 1",
}
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "net.yaml").write_text(NETWORK % 16)
    (tmp_path / "space.yaml").write_text(NETWORK % "{choice: [8, 12, 16]}")
    return tmp_path


def stderr_of(words, folder, columns=None, **environment):
    """What the command writes to stderr: a terminal of so many columns, or None for a pipe."""
    command = [sys.executable, "-m", "nas", *words.split()]
    settings = {"cwd": folder, "env": {**os.environ, **environment}}
    if columns is None:
        return subprocess.run(command, capture_output=True, text=True, check=True, **settings).stderr
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    chunks: list[bytes] = []
    reader = threading.Thread(target=read_all, args=(ours, chunks))
    reader.start()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, check=False, **settings)
    os.close(theirs)
    reader.join(10)
    text = b"".join(chunks).decode()
    assert done.returncode == 0, text
    return text


def read_all(descriptor, chunks):
    try:
        while chunk := os.read(descriptor, 65536):
            chunks.append(chunk)
    except OSError:  # how Linux says that the other end is closed
        pass


def width(line):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


@pytest.mark.parametrize(("columns", "term"), [(60, "xterm-256color"), (80, "xterm-256color"), (60, "dumb")])
@pytest.mark.parametrize("command", COMMANDS)
def test_no_line_of_progress_is_wider_than_the_terminal(folder, command, term, columns):
    text = stderr_of(COMMANDS[command], folder, columns, TERM=term, COLUMNS=str(columns))
    lines = re.split(r"[\r\n]+", ESCAPES.sub("", text))
    assert any("epoch" in line or "trial" in line for line in lines)
    assert [line for line in lines if width(line) > columns] == []
    assert term != "dumb" or "\x1b" not in text


@pytest.mark.parametrize("command", COMMANDS)
def test_redirected_lines_are_whole(folder, command):
    text = stderr_of(COMMANDS[command], folder)
    assert "\x1b" not in text
    assert "\r" not in text
    assert "…" not in text
