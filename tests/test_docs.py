"""README and docs: examples run, commands and links exist, and what the tables hold is named."""

from __future__ import annotations

import ast
import importlib
import re
import shlex
import shutil
from pathlib import Path

import pytest
from PIL import Image

from nas.cli.app import COMMANDS
from nas.data.by_name import DATA_SETS
from nas.data.folder import LIMITS
from nas.storage.downloads import TIMEOUT
from nas.study.checkpoints import KEEP
from nas.study.executors.table import EXECUTORS
from nas.study.objectives import OBJECTIVES
from nas.study.propose.samplers import SAMPLERS
from nas.study.pruners import PRUNERS
from nas.training.recipes import MEASURED, RECIPES
from scaling import RULES
from search_spaces import cost, load
from search_spaces.known.networks import names
from search_spaces.known.spaces import SPACES

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PAGES = (README, *sorted((ROOT / "docs").glob("*.md")))
LINKED = (*PAGES, ROOT / "CHANGELOG.md", *ROOT.glob("benchmarks/*.md"), *ROOT.glob("studies/*/README.md"))
TABLES = {  # page: names that it must hold
    "docs/networks.md": (*names(), *SPACES),
    "docs/training.md": (*RECIPES, *DATA_SETS),
    "docs/scaling.md": tuple(RULES),
    "docs/studies.md": (*SAMPLERS, *PRUNERS, *OBJECTIVES, *EXECUTORS, *KEEP),
}


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def parser_of(command: str):
    return importlib.import_module(f"nas.cli.{command.replace('-', '_')}").parser()


def title(path: Path) -> str:
    return str(path.relative_to(ROOT))


def examples(path: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text(path), flags=re.DOTALL)


def test_the_readme_is_short_and_says_how_to_install():
    assert README.stat().st_size <= 6144
    for line in ("python -m pip install -e . && nas search", 'python -m pip install -e ".[test]" && pytest'):
        assert line in text(README)
    assert f"EfficientNet-B0 has {cost(load('efficientnet-b0')).macs:,}" in text(README)


@pytest.mark.parametrize("path", [page for page in PAGES if examples(page, "python")], ids=title)
def test_python_examples_run_and_give_what_their_comments_say(path, tmp_path, monkeypatch):
    shutil.copytree(ROOT / "studies" / "demonstration-digits", tmp_path / "studies" / "demonstration-digits")
    monkeypatch.chdir(tmp_path)
    scope: dict[str, object] = {"__name__": __name__}
    for example in examples(path, "python"):
        exec(compile(example, str(path), "exec"), scope)
        for node in ast.parse(example).body:
            comment = re.search(r"  # ([\d.,]+)$", example.splitlines()[node.end_lineno - 1])
            if isinstance(node, ast.Expr) and comment and not ast.unparse(node).startswith("print("):
                assert f"{eval(ast.unparse(node), scope):,}" == comment[1], ast.unparse(node)


@pytest.mark.parametrize("path", [page for page in PAGES if examples(page, "sh")], ids=title)
def test_commands_of_examples_are_understood(path):
    """The words of each `nas` in a shell example are what its parser takes."""
    for line in "".join(examples(path, "sh")).splitlines():
        words = shlex.split(line, comments=True)
        while "nas" in words:
            words = words[words.index("nas") + 1 :]
            arguments = words[: words.index("&&")] if "&&" in words else words
            parser_of(arguments[0]).parse_args(arguments[1:])


@pytest.mark.parametrize("path", PAGES, ids=title)
def test_commands_and_options_named_in_a_text_exist(path):
    prose = re.sub(r"```.*?```", "", text(path), flags=re.DOTALL)
    for command, rest in re.findall(r"`nas ([a-z][a-z-]*)([^`]*)`", prose):
        assert command in COMMANDS, command
        help_text = parser_of(command).format_help()
        for option in re.findall(r"--[a-z-]+", rest):
            assert option in help_text, f"{command} {option}"


def test_every_command_is_in_the_table_of_the_readme():
    rows = "\n".join(line.split("|")[1] for line in text(README).splitlines() if line.startswith("| `nas "))
    for command in COMMANDS:
        assert re.search(rf"`nas {command}\b", rows), command


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", text(path), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", LINKED, ids=title)
def test_links_lead_somewhere(path):
    for link in re.findall(r"\]\(([^)\s]+)\)", text(path)):
        name, _, anchor = link.partition("#")
        if not link.startswith(("http:", "https:")):
            target = path.parent / name if name else path
            assert target.exists(), link
            assert not anchor or anchor in anchors(target), link


def test_the_limits_of_data_are_those_of_the_code():
    rows = text(ROOT / "docs/limits.md")
    for words in (
        f"| {LIMITS.decoded_bytes // 10**9} GB | made smaller, to {LIMITS.side} px",
        f"| {LIMITS.headers:,} | an evenly spaced sample",
        f"| {2 * Image.MAX_IMAGE_PIXELS // 10**6 + 1} million pixels",
        f"| {TIMEOUT / 60:.0f} minute |",
    ):
        assert words in rows, words


def test_every_page_is_linked_from_the_readme():
    for page in PAGES[1:]:
        assert f"({title(page)})" in text(README)


@pytest.mark.parametrize(("page", "name"), [(page, name) for page, table in TABLES.items() for name in table])
def test_every_name_of_a_table_is_in_its_page(page, name):
    assert f"`{name}`" in text(ROOT / page)


def test_what_recipes_gave_stands_beside_each_name():
    assert MEASURED.keys() == RECIPES.keys()
    for name, figures in MEASURED.items():
        [row] = [line for line in text(ROOT / "docs/training.md").splitlines() if line.startswith(f"| `{name}` |")]
        assert figures in row, name
