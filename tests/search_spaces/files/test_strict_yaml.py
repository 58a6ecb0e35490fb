from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_spaces import UserError
from search_spaces.files.strict_yaml import dump, parse

SCALARS = {
    str: ["on", "off", "yes", "No", "y", "12:30:45", "1_000", "2026-01-31", "0b11", "=", "0o9", "0x", "1.2.3", "nULL"],
    int: ["0", "-3", "+7", "010", "0o17", "0xFf"],
    float: ["1e-5", "1E5", ".5", "1.", "-0.25", "6.02e+23", ".inf", "-.INF"],
    bool: ["true", "True", "FALSE"],
}


@pytest.mark.parametrize("kind", SCALARS)
def test_a_scalar_is_what_the_core_schema_of_yaml_1_2_says(kind):
    values = {text: parse(f"a: {text}")["a"] for text in SCALARS[kind]}
    assert {text: type(value) for text, value in values.items()} == dict.fromkeys(SCALARS[kind], kind)
    if kind is str:
        assert all(value == text for text, value in values.items())


def test_numbers_have_their_plain_meaning():
    assert [parse(text) for text in ("010", "0o17", "0xFf", "1e-5", "-.inf")] == [10, 15, 255, 1e-5, -math.inf]
    assert math.isnan(parse(".nan"))
    assert [parse(text) for text in ("~", "null", "")] == [None, None, None]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("a: {x: 1}\nb:\n  <<: {y: 2}", r"^line 3: merge keys \(<<\) are not allowed$"),
        ("a: 1\n'a': 2", r"^line 2: the key 'a' stands twice$"),
        ("{a: {b: 1, c: 2, b: 3}}", r"^line 1: the key 'b' stands twice$"),
        ("1: a", r"^line 1: a key must be text, got 1$"),
        ("on: a\non: b", r"^line 2: the key 'on' stands twice$"),
        ("? [a]\n: b", r"^line 1: a key must be text, got \['a'\]$"),
        ("a: &x 1", r"^line 1: anchors and aliases \(& and \*\) are not allowed$"),
        ("a: 1\nb: *x", r"^line 2: anchors and aliases"),
        ("a: !!set {x}", r"^line 1: tags \(!\) are not allowed$"),
        ("a: !!binary aGk=", r"^line 1: tags"),
        ("a: !mine 1", r"^line 1: tags"),
        ("a: !!python/object/apply:os.system [ls]", r"^line 1: tags"),
        ("a: &x [*x]", r"^line 1: anchors"),
        ("a: 1\n---\nb: 2", r"^line 2: not valid YAML: but found another document$"),
        ("a: [", r"^line 1: not valid YAML"),
        ("[" * 100, r"^line 1: nested more than 60 deep$"),
        ("a: " + "9" * 5000, r"^not valid YAML: .*integer string conversion"),
    ],
)
def test_a_trap_is_refused_with_its_line_and_rule(text, rule):
    with pytest.raises(UserError, match=rule):
        parse(text)


keys = st.text().filter(lambda key: key != "<<")
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3))


@given(st.dictionaries(keys, values, max_size=4))
def test_what_is_dumped_is_parsed_as_it_was(data):
    assert parse(dump(data)) == data


@pytest.mark.parametrize("text", [text for texts in SCALARS.values() for text in texts])
def test_text_that_looks_like_a_number_is_quoted(text):
    assert parse(dump({"a": text})) == {"a": text}


def test_json_is_yaml():
    data = {"a": [1, 2.5, None, True, "on"], "b": {"c": "1e-5", "d": 1e-5}}
    assert parse(json.dumps(data)) == data
