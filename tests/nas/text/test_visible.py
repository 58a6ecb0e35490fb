"""Names from elsewhere can neither steer a terminal nor turn a line round; plots in characters."""

from __future__ import annotations

import pytest

from nas.text.plot import HEIGHT, Marks, scatter
from nas.text.visible import one_line, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("mbconv", "mbconv"),
        ("größe 日本 ✓", "größe 日本 ✓"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("safe\u202efdp.exe", "safe\\u202efdp.exe"),
        ("a\x00b\x7f\x9bc", "a\\x00b\\x7f\\x9bc"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("\u0646\u200c\u0647", "\u0646\u200c\u0647"),
    ],
)
def test_what_steers_is_written_out_and_letters_stay(text, shown):
    assert visible(text) == shown


def test_one_line_has_no_ends_of_lines():
    assert one_line("a\r\nb\tc\x1b") == "a b c\\x1b"


def test_a_plot_has_its_extremes_in_the_corners_and_names_its_marks():
    marks = [
        Marks("•", "trained", [(1.0, 10.0), (3.0, 30.0)]),
        Marks("★", "base", [(3.0, 30.0)]),
        Marks("·", "none", []),
    ]
    lines = scatter(marks, lambda x: f"{x:.0f}", lambda y: f"{y:.0f} %", ("MACs", "top-1"))
    assert lines[0] == "top-1 against MACs: • trained, ★ base"
    assert lines[1].startswith("30 % │")
    assert lines[1].endswith("★")
    assert lines[HEIGHT].startswith("10 % │•")
    assert lines[-1].split() == ["1", "3"]


def test_a_plot_of_one_point_and_of_none():
    assert "•" in "".join(scatter([Marks("•", "all", [(2.0, 2.0)])], str, str, ("x", "y")))
    assert scatter([Marks("•", "all", [])], str, str, ("x", "y")) == []
