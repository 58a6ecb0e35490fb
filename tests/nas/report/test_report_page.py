from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from made_up_study import definition, empty

import nas.report
from nas.report import figures
from nas.report.figures.figure import Figure
from nas.report.page import page
from nas.text.html import Html, element

SCRIPT = Path(nas.report.__file__).with_name("page.js")
STUB = Path(__file__).with_name("page_stub.js")


@pytest.fixture
def text(study):
    return page(study)


def without_plotly(text):
    from plotly.offline import get_plotlyjs

    assert get_plotlyjs() in text
    return text.replace(get_plotlyjs(), "")


def test_the_page_loads_nothing_from_the_network(text):
    assert not re.search(r"""(?:src|href)\s*=|url\(|@import|https?://""", without_plotly(text))


def test_a_row_for_every_trial(text, study):
    assert len(re.findall(r"<tr[^>]* data-state=", text)) == len(study.records)
    assert text.count('class="base" data-state=') == 1


def test_data_of_the_figures_is_json(text):
    for name in figures.FIGURES:
        match = re.search(rf'<script type="application/json" id="{name}-data">(.*?)</script>', text, re.S)
        assert set(json.loads(match[1])) == {"data", "layout"}


def test_what_comes_from_files_is_escaped(study):
    evil = "</script><script>alert(1)</script>"
    records = (replace(study.records[0], reason=evil, state=evil, digest=evil), *study.records[1:])
    asked = definition(name=evil, settings={evil: evil}, data={"name": evil})
    reference = replace(study.reference, name=evil)
    text = page(replace(study, records=records, definition=asked, problems=(evil,), state=evil, reference=reference))
    assert "<script>alert" not in without_plotly(text)


def test_elements_escape_all_that_is_not_html_already():
    text = element("p", "<b>", Html("<i></i>"), title='"x"', hidden=True, class_=None)
    assert text == '<p title="&quot;x&quot;" hidden>&lt;b&gt;<i></i></p>'


def test_the_page_says_demonstration_and_noise(text, study):
    assert "demonstration" in text
    assert "within noise" in text
    other = definition(data={"name": "mine"})
    other_images = replace(study, definition=replace(other, question=replace(other.question, data="folder:mine")))
    assert "demonstration" not in without_plotly(page(other_images))


def test_the_base_file_is_shown(study):
    (study.folder / "base.yaml").write_text("image_size: 224 # <b>\n")
    assert "image_size: 224 # &lt;b&gt;" in page(study)


def test_a_study_without_trials_has_a_page(study):
    assert "no training was completed" in page(empty(study))


def test_a_new_figure_is_one_line_of_the_table(study, monkeypatch):
    def pie(trials):
        return {"data": [{"type": "pie", "values": [trials]}], "layout": {}}

    states = Figure("States", lambda s: len(s.records), pie, lambda trials: [f"{trials} trials"])
    monkeypatch.setitem(figures.FIGURES, "states", states)
    text = page(study)
    assert '<h2>States</h2><div class="figure" data-figure="states-data"' in text
    assert f'<p class="soft">{len(study.records)} trials</p>' in text


def test_each_figure_is_drawn_by_itself_and_the_table_first():
    """One figure that cannot be drawn stops neither the others nor the table."""
    script = SCRIPT.read_text()
    loop = script[script.index("function draw()") : script.index("function sortBy")]
    assert re.search(r"for \(.*\) \{\s*try \{", loop)
    assert script.rindex("wireTable();") < script.rindex("draw();")


@pytest.mark.skipif(shutil.which("node") is None, reason="runs the page's script, which needs node")
def test_a_figure_without_axes_and_a_broken_one_stop_nothing():
    done = subprocess.run(["node", STUB, SCRIPT], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {
        "drawn": ["pie", "scatter"],
        "texts": {"broken": "This figure could not be drawn"},
        "wired": True,
    }


def test_reports_need_no_torch_and_no_optuna():
    code = (
        "import sys, nas.report, nas.report.page, nas.report.figures, nas.study;"
        "print([m for m in ('torch', 'optuna', 'plotly', 'pandas', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
