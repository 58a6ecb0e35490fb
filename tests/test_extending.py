"""What docs/extending.md says can be added, added as it says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import types
from pathlib import Path

import pytest

from nas import search
from nas.cli.app import COMMANDS
from nas.data.by_name import DATA_SETS, load_data
from nas.report.figures import FIGURES
from nas.report.page import write_report
from nas.study import Record
from nas.study.executors.table import EXECUTORS
from nas.study.objectives import OBJECTIVES
from nas.study.propose.samplers import SAMPLERS
from nas.study.pruners import PRUNERS, Pruner
from scaling import RULES
from search_spaces import cost

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")


def source(section: str) -> str:
    """The first program of a section."""
    body = PAGE.split(f"\n## {section}\n")[1].split("\n## ")[0]
    return re.findall(r"```python\n(.*?)```", body, flags=re.DOTALL)[0]


@pytest.fixture
def example(monkeypatch):
    """The example of a section, as a module that can be imported by the name ``example``."""

    def module_of(section: str) -> types.ModuleType:
        module = types.ModuleType("example")
        monkeypatch.setitem(sys.modules, "example", module)
        exec(source(section), vars(module))
        return module

    return module_of


def test_every_section_has_a_test():
    sections = re.findall(r"^## (.*)$", PAGE, flags=re.MULTILINE)
    tests = "".join(name for name in globals() if name.startswith("test_"))
    assert sections
    for section in sections:
        assert f"test_{section.lower().replace(' ', '_')}_can_be_added" in tests


def test_a_block_can_be_added(tmp_path):
    (tmp_path / "my_blocks.py").write_text(source("A block"), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "tests/battery/test_blocks.py", "--blocks", "my_blocks", "-k", "twice"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "7 passed" in done.stdout


def test_a_data_set_can_be_added(example, monkeypatch):
    example("A data set")
    monkeypatch.setitem(DATA_SETS, "stripes", "example:stripes")
    data = load_data("stripes")
    assert (data.channels, data.image_size, data.classes) == (1, 8, ("horizontal", "vertical"))
    assert [len(split) for split in (data.train, data.val, data.test)] == [120, 40, 40]


@pytest.fixture
def searched(tmp_path):
    """A search of a table-like evaluator, of six trainings."""

    def run(**options):
        options = {"trials": 6, "retrain": 0, "out": tmp_path / "study", **options}
        score = lambda architecture, seed, report: cost(architecture).macs / 1e9  # noqa: E731
        return search("nas-bench-macro", "90MFLOPs", evaluate=score, **options)

    return run


def test_a_sampler_can_be_added(example, monkeypatch, searched):
    monkeypatch.setitem(SAMPLERS, "largest", example("A sampler").SAMPLER)
    study = searched(sampler="largest")
    assert [record.origin for record in study.records] == ["start"] * 2 + ["largest"] * 4


def test_a_pruner_can_be_added(example, monkeypatch, searched):
    hopeless = example("A pruner").hopeless
    monkeypatch.setitem(PRUNERS, "hopeless", Pruner(hopeless))
    assert searched(pruner="hopeless").question.pruner == "hopeless"
    done = [Record(trial=0, state="complete", top1=0.9)]

    def verdict(*curve):
        return hopeless(done, Record(trial=1, state="running", top1_by_epoch=curve, epochs=len(curve)), 4)

    assert verdict(0.1, 0.2)
    assert not verdict(0.1)
    assert not verdict(0.1, 0.5)


def test_an_objective_can_be_added(example, monkeypatch, searched):
    objective = example("An objective").per_parameter
    monkeypatch.setitem(OBJECTIVES, "per_parameter", objective)
    study = searched(objective="per_parameter")
    assert study.base == max(study.records, key=lambda record: objective(record, {}))


def test_an_executor_can_be_added(example, monkeypatch, searched):
    monkeypatch.setitem(EXECUTORS, "constant", example("An executor").constant)
    assert [record.top1 for record in searched(executor="constant").records] == [0.5] * 6


def test_a_recipe_field_can_be_added(example):
    from nas.training.recipes import RECIPES
    from search_spaces import UserError

    dimmed, plain = example("A recipe field").Dimmed, RECIPES["plain"]
    assert dimmed(**plain.to_data()).digest == plain.digest
    assert dimmed(**plain.to_data(), dim=0.5).digest != plain.digest
    with pytest.raises(UserError, match=r"recipe\.dim: must be a number at least 0 and at most 1, got 2"):
        dimmed(**plain.to_data(), dim=2)


def test_a_rule_of_scaling_can_be_added(example, monkeypatch, nas):
    rule = example("A rule of scaling").RULE
    monkeypatch.setitem(RULES, rule.name, rule)
    scaled = nas("scale", "resnet-50", "--phi", 1, "--rule", "deep", "--json").data["scaled"]
    assert (scaled["image_size"], round(scaled["nominal_ratio"], 9)) == (224, 2)


def test_a_figure_can_be_added(example, monkeypatch, tmp_path):
    monkeypatch.setitem(FIGURES, "seconds", example("A figure").FIGURE)
    folder = shutil.copytree(ROOT / "studies" / "demonstration-digits", tmp_path / "study")
    assert "Time of training" in write_report(folder).read_text(encoding="utf-8")


def test_a_command_can_be_added(example, monkeypatch, nas):
    monkeypatch.setitem(sys.modules, "nas.cli.size", example("A command"))
    monkeypatch.setitem(COMMANDS, "size", "how many decision vectors a space has")
    assert nas("size", "nas-bench-macro").out == "6,561\n"
    assert nas("size", "nas-bench-macro", "--json").data["size"] == 6561
    assert "nas size mbconv" in nas("size", "--help").out
    assert "how many decision vectors" in nas("--help").out
