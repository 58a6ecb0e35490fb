from __future__ import annotations

import argparse
import subprocess
import sys
from importlib import import_module

import pytest

from nas.cli.app import COMMANDS
from nas.cli.parser import command, count, natural


def test_a_value_may_start_with_a_minus_sign():
    p = command("x", "", "")
    p.add_argument("--budget", action="append")
    p.add_argument("--phi", type=float)
    p.add_argument("--flag", action="store_true")
    options = p.parse_args(["--budget", "-3MFLOPs", "--phi", "-0.5", "--flag"])
    assert (options.budget, options.phi, options.flag) == (["-3MFLOPs"], -0.5, True)


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "x", "", "9" * 40])
def test_count_refuses(text):
    with pytest.raises(argparse.ArgumentTypeError):
        count(text)


def test_counts():
    assert (count("3"), natural("0")) == (3, 0)


def test_help_lists_every_command(nas):
    done = nas("--help")
    assert done.code == 0
    assert all(f"  {name} " in done.out for name in COMMANDS)
    assert nas().out == done.out


def examples(help_text):
    """The words of every example below `example:`."""
    return [line.split() for line in help_text.partition("example:\n")[2].strip().splitlines()]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_examples_that_parse(nas, name):
    done = nas(name, "--help")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"usage: nas {name} ")
    assert "--json" in done.out
    parser = import_module(f"nas.cli.{name.replace('-', '_')}").parser()
    assert examples(done.out)
    for nas_, command_, *words in examples(done.out):
        assert (nas_, command_) == ("nas", name)
        parser.parse_args(words)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_refuses_an_unknown_option_in_one_line(nas, name):
    _, *words = examples(nas(name, "--help").out)[0]
    done = nas(*words, "--jsno")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"nas {name}: unknown argument '--jsno'; did you mean '--json'?")
    assert done.err.count("\n") == 1


def test_help_needs_neither_torch_nor_optuna_nor_pandas():
    program = (
        "import sys; from nas.cli.app import COMMANDS, main\n"
        "codes = [main([name, '--help']) for name in COMMANDS]\n"
        "print(codes, [name for name in ('torch', 'optuna', 'pandas', 'plotly', 'rich') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == f"{[0] * len(COMMANDS)} []"


def test_version(nas):
    assert nas("--version").out.startswith("nas 0.")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["serch"], "did you mean 'search'?"),
        (["cost", "efficientnet-b0", "--jsn"], "did you mean '--json'?"),
        (["cost"], "required: ARCH"),
        (["cost", "efficientnet-b0", "--image-size", "0"], "at least 1"),
        (["scale", "efficientnet-b0", "--phi", "1", "--variant", "b3"], "not allowed"),
        (["--nonsense"], "unknown argument"),
    ],
)
def test_wrong_usage_is_one_line_and_code_2(nas, words, said):
    done = nas(*words)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert done.err.count("\n") == 1


def test_interrupted_is_130(nas, monkeypatch):
    def stop(options):
        raise KeyboardInterrupt

    monkeypatch.setattr("nas.cli.cost.run", stop)
    assert nas("cost", "efficientnet-b0").code == 130
