"""What is printed steers no terminal, and JSON stays what it says."""

from __future__ import annotations

import json

from nas.cli.output import print_json
from nas.text.visible import visible

HOSTILE = "é\x1b[2J\x9b2J\u202e\x7f\U000e0001\ud800"


def test_json_of_hostile_texts_is_visible_and_says_the_same(capsys):
    print_json({HOSTILE: [HOSTILE]})
    out = capsys.readouterr().out
    assert json.loads(out) == {HOSTILE: [HOSTILE]}
    assert visible(out) == out
    assert "é" in out


def test_a_table_and_an_error_with_hostile_names_are_visible(nas, tmp_path):
    done = nas("studies", "--root", tmp_path / "\u202edcba\x1b")
    assert "\\u202edcba\\x1b" in done.out
    done = nas("cost", "\x1b[2J\u202e")
    assert (done.code, visible(done.err)) == (2, done.err)
    assert "\\x1b" in done.err
