from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from nas.cli.signals import ENDING, ending_in_order


@pytest.fixture(autouse=True)
def as_in_a_terminal():
    """Signals as an interactive shell leaves them, whoever runs the tests."""
    handlers = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGTERM: signal.SIG_DFL,
        signal.SIGHUP: signal.SIG_DFL,
    }
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


@pytest.mark.parametrize("number", ENDING)
def test_the_first_signal_interrupts_and_its_code_is_the_shells(number):
    before = [signal.getsignal(other) for other in ENDING]
    with ending_in_order() as ending, pytest.raises(KeyboardInterrupt):
        signal.raise_signal(number)
    assert ending.code == CODES[number]
    assert [signal.getsignal(other) for other in ENDING] == before


def test_after_the_first_signal_the_system_takes_the_next():
    with ending_in_order():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        assert [signal.getsignal(number) for number in ENDING] == [signal.SIG_DFL] * 3


def test_what_nohup_ignores_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ending_in_order():
            signal.raise_signal(signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_command_ends_with_its_code_where_nobody_reads():
    program = "import signal, sys; from nas.cli import app, cost; cost.run = lambda options: signal.raise_signal(15)"
    program += "; sys.exit(app.main(['cost', 'vgg-16']))"
    with open("/dev/full", "wb") as full:
        assert subprocess.run([sys.executable, "-c", program], check=False, stderr=full).returncode == 143


def test_its_code_is_the_shells_also_where_the_signal_came_within_an_exec_of_text(tmp_path):
    """By which dataclasses are made; Python looks at it where it runs a module."""
    program = """
import sys
from nas.cli import app, cost
cost.run = lambda options: exec("import signal; signal.raise_signal(15)")
sys.exit(app.main(["cost", "vgg-16"]))
"""
    (tmp_path / "program.py").write_text(program)
    done = subprocess.run([sys.executable, "-m", "program"], check=False, capture_output=True, cwd=tmp_path)
    assert done.returncode == 143
