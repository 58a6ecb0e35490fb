from __future__ import annotations

import argparse

import pytest

from nas.cli.app import COMMANDS
from nas.cli.parser import command, count, natural, span, workers


def test_a_value_may_start_with_a_minus_sign():
    p = command("x", "", "")
    p.add_argument("--budget", action="append")
    p.add_argument("--phi", type=float)
    p.add_argument("--flag", action="store_true")
    options = p.parse_args(["--budget", "-3MFLOPs", "--phi", "-0.5", "--flag"])
    assert (options.budget, options.phi, options.flag) == (["-3MFLOPs"], -0.5, True)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("45min", 2700), ("45m", 2700), ("2h", 7200), ("1.5h", 5400)],
)
def test_span(text, seconds):
    assert span(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "-5s", "2 h", "2d", "1e9", "nan", "h"])
def test_span_refuses(text):
    with pytest.raises(argparse.ArgumentTypeError):
        span(text)


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "x", "", "9" * 40])
def test_count_refuses(text):
    with pytest.raises(argparse.ArgumentTypeError):
        count(text)


def test_counts_and_workers():
    assert (count("3"), natural("0"), workers("auto"), workers("2")) == (3, 0, "auto", 2)


def test_help_lists_every_command(nas):
    done = nas("--help")
    assert done.code == 0
    assert all(f"  {name} " in done.out for name in COMMANDS)
    assert nas().out == done.out


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_every_command_has_an_example_that_parses(nas, name):
    from importlib import import_module

    done = nas(name, "--help")
    assert done.code == 0
    examples = done.out.partition("example:\n")[2].strip().splitlines()
    assert examples
    parser = import_module(f"nas.cli.{name}").parser()
    for example in examples:
        words = example.split()
        assert words[:2] == ["nas", name]
        parser.parse_args(words[2:])


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_prints_json_on_request(nas, name):
    assert "--json" in nas(name, "--help").out


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
    import nas.cli.cost as cost

    def stop(options):
        raise KeyboardInterrupt

    monkeypatch.setattr(cost, "run", stop)
    assert nas("cost", "efficientnet-b0").code == 130
