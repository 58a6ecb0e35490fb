"""Tests use what users may use: no name of the packages that begins with an underscore."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PACKAGES = ("search_spaces", "scaling", "nas")
DOTTED = re.compile(rf"({'|'.join(PACKAGES)})(\.\w+)*\._[^_]\w*")


def is_private(name: str) -> bool:
    """Whether it begins with one underscore; `_repr_html_` and its like are what notebooks call."""
    return len(name) > 1 and name[0] == "_" != name[1] and not name.endswith("_")


def defined_names() -> set[str]:
    """Private names of functions, classes, variables, fields and attributes in the packages."""
    names = set()
    for path in (path for package in PACKAGES for path in (TESTS.parent / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                names.add(node.name)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.add(node.id)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                names.add(node.attr)
    return {name for name in names if is_private(name)}


PRIVATE = defined_names()


def uses(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and str(node.module).partition(".")[0] in PACKAGES:
            yield from (f"{node.module}.{alias.name}" for alias in node.names if is_private(alias.name))
        elif isinstance(node, ast.Attribute) and node.attr in PRIVATE:
            yield ast.unparse(node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and DOTTED.fullmatch(node.value):
            yield node.value
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("setattr", "getattr")):
            yield from (name for name in map(ast.unparse, node.args) if name.strip("'") in PRIVATE)


@pytest.mark.parametrize("path", sorted(TESTS.rglob("*.py")), ids=lambda path: str(path.relative_to(TESTS)))
def test_no_private_name_is_used(path):
    private = list(uses(ast.parse(path.read_text(encoding="utf-8"))))
    assert private == []


def test_the_rule_sees_every_way_to_use_a_private_name():
    name = sorted(PRIVATE)[0]
    private = (f"from nas import {name}", f"x.{name}", f"setattr(x, '{name}', 1)", f"patch('nas.cli.{name}', 1)")
    assert all(list(uses(ast.parse(text))) for text in private)
    assert not list(uses(ast.parse("from torch import _C; x.y; setattr(x, 'y', 1); '_hash'")))
