"""Options say their name, default, rule and help once; Python and the command line read them there."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import pytest

from nas.cli.options import Groups, add_options, given
from nas.cli.parser import Parser
from nas.cli.search import parser
from nas.study.options import from_options, option, options_of
from nas.study.question import Question
from nas.study.run_options import RunOptions, split_options
from search_spaces import UserError
from search_spaces.values import Value, an_integer


def parsed(*words):
    return parser().parse_args(["--space", "mbconv", "--budget", "400MFLOPs", *words])


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("45min", 2700), ("45m", 2700), ("2h", 7200), ("1.5h", 5400)],
)
def test_a_time_is_read_as_seconds(text, seconds):
    assert given(RunOptions, parsed("--time", text)) == {"time": seconds}


@pytest.mark.parametrize("text", ["0", "-5s", "2 h", "2d", "1e9", "nan", "h"])
def test_a_wrong_time_is_refused(text, capsys):
    with pytest.raises(SystemExit):
        parsed("--time", text)
    assert "must be a" in capsys.readouterr().err


@pytest.mark.parametrize("kind", [Question, RunOptions])
def test_every_option_is_in_the_help_with_its_default(kind):
    text = " ".join(parser().format_help().split())
    for f in (f for f in options_of(kind) if f.metadata["group"]):
        name = "budget" if f.name == "budgets" else f.name.replace("_", "-")
        assert f"--{name} " in text
        assert f.metadata["help"].split(";")[0] in text
        assert f.default is None or f.default == () or f"({f.default})" in text


@pytest.mark.parametrize("kind", [Question, RunOptions])
def test_every_default_keeps_its_rule(kind):
    for f in options_of(kind):
        assert f.default is None or f.metadata["rule"](f.default) == f.default
    assert kind() == kind()


def test_what_is_given_reaches_the_question():
    words = ("--seed", "3", "--sampler", "local", "--retrain", "0", "--image-size", "96")
    expected = {"seed": 3, "sampler": "local", "retrain": 0, "image_size": 96}
    assert given(Question, parsed(*words)) == {"space": "mbconv"} | expected
    assert given(RunOptions, parsed("--workers", "auto", "--trials", "5")) == {"workers": "auto", "trials": 5}
    assert given(RunOptions, parsed("--workers", "2")) == {"workers": 2}


def test_a_mistyped_option_is_named_with_the_nearest():
    with pytest.raises(UserError, match=r"unknown option 'sed'; did you mean 'seed'"):
        from_options(Question, {"sed": 1})
    assert split_options({"trials": 3, "sed": 1}) == (RunOptions(trials=3), {"sed": 1})


def test_a_new_option_is_one_line():
    """Its flag, rule, default and help come with it."""

    @dataclass(frozen=True)
    class Coffee(Value):
        cups: int = option(an_integer(), 1, "how many cups", "N", group="the break", read=int)

    p = Parser(prog="coffee")
    add_options(Groups(p), Coffee)
    assert "how many cups (1)" in p.format_help()
    assert from_options(Coffee, given(Coffee, p.parse_args(["--cups", "3"]))) == Coffee(cups=3)
    assert given(Coffee, p.parse_args([])) == {}
    with pytest.raises(UserError, match="cups: must be an integer of at least 1, got 0"):
        Coffee(cups=0)
    assert isinstance(p.parse_args([]), argparse.Namespace)
