"""The page of the language says what is so."""

from __future__ import annotations

import re
import runpy
from dataclasses import fields
from pathlib import Path

import pytest

from search_spaces import BLOCKS, Space, UserError, cost
from search_spaces.files.codec import from_data
from search_spaces.files.strict_yaml import parse
from search_spaces.network.defaults import NORMS
from search_spaces.network.heads import HEADS

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "language.md").read_text(encoding="utf-8")
FILE, *ROWS = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
MISTAKES = re.findall(r"^\| `(\{.*)` \| `(.*)` \|$", PAGE, flags=re.MULTILINE)


def network(rows):
    return from_data({"schema": 1, "image_size": 32, "stages": rows})


def test_the_space_in_python_is_the_space_in_yaml():
    names: dict = {}
    [program] = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    exec(program, names)
    assert from_data(parse(FILE)) == names["space"]
    assert f"print(space.size)  # {names['space'].size}\n" in program


@pytest.mark.parametrize("text", ROWS)
def test_the_rows_shown_are_rows_that_fit(text):
    value = network(parse(text))
    assert cost(next(iter(value)) if isinstance(value, Space) else value).params > 0


def test_there_are_rows_and_mistakes_to_try():
    assert (len(ROWS), len(MISTAKES)) == (2, 8)


@pytest.mark.parametrize(("row", "error"), MISTAKES)
def test_a_mistake_has_the_error_shown(row, error):
    with pytest.raises(UserError, match=f"^{re.escape(error)}$"):
        cost(network([parse(row)]))


def test_the_reference_is_that_of_the_tables():
    """If this fails: python docs/reference.py docs/language.md, and the same of docs/training.md"""
    rewrite = runpy.run_path(str(DOCS / "reference.py"))["rewrite"]
    assert rewrite(PAGE) == PAGE
    training = (DOCS / "training.md").read_text(encoding="utf-8")
    assert rewrite(training, "training") == training


@pytest.mark.parametrize("kind", [*BLOCKS.values(), *HEADS.values(), *NORMS.values()])
def test_every_field_stands_in_the_reference(kind):
    entry = PAGE.split(f"#### `{kind.kind}`, in Python `{kind.__name__}`\n")[1].split("\n#")[0]
    assert re.findall(r"^\| `(\w+)` \|", entry, flags=re.MULTILINE) == [field.name for field in fields(kind)]
