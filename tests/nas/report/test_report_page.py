from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from nas.report.page import page


@pytest.fixture
def text(facts):
    return page(facts)


def without_plotly(text):
    from plotly.offline import get_plotlyjs

    assert get_plotlyjs() in text
    return text.replace(get_plotlyjs(), "")


def test_the_page_loads_nothing_from_the_network(text):
    ours = without_plotly(text)
    assert not re.search(r"""(?:src|href)\s*=|url\(|@import|https?://""", ours)


def test_a_row_for_every_trial(text, facts):
    assert len(re.findall(r"<tr[^>]* data-state=", text)) == len(facts.records)
    assert text.count('class="base" data-state=') == 1


def test_data_of_the_figures_is_json(text):
    for name in ("accuracy", "curves"):
        found = re.search(rf'<script type="application/json" id="{name}-data">(.*?)</script>', text, re.S)
        assert set(json.loads(found[1])) == {"data", "layout"}


def test_what_comes_from_files_is_escaped(facts):
    evil = "</script><script>alert(1)</script>"
    broken = [dict(facts.records[0]) | {"reason": evil}, *facts.records[1:]]
    ours = without_plotly(page(replace(facts, records=tuple(broken), name=evil)))
    assert "<script>alert" not in ours


def test_the_page_says_demonstration_and_noise(text, facts):
    assert "demonstration" in text
    assert "within noise" in text
    folder = replace(facts, definition=facts.definition | {"data": {"name": "folder:mine"}})
    assert "demonstration" not in without_plotly(page(folder))


def test_the_base_file_is_shown(facts):
    (facts.folder / "base.yaml").write_text("image_size: 224 # <b>\n")
    assert "image_size: 224 # &lt;b&gt;" in page(facts)


def test_a_study_without_trials_has_a_page(facts):
    empty = replace(facts, records=(), base=None, reference=None, noise=None, known=(), limit=None)
    assert "no training was completed" in page(empty)


def test_reports_need_no_torch_and_no_optuna():
    code = (
        "import sys, nas.report, nas.report.page, nas.report.figures.accuracy, nas.report.source, nas.study;"
        "print([m for m in ('torch', 'optuna', 'plotly', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
