from __future__ import annotations

import base64
import gzip
import json
import re
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from made_up_study import definition, empty, made_up

from nas.report import figures
from nas.report.figures.figure import Figure
from nas.report.page import page
from nas.text.html import Html, element

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\x1b[31m\u202e"


@pytest.fixture
def text(study):
    return page(study)


def without_plotly(text):
    """The page without Plotly's script, which is packed in it."""
    packed = re.search(r'<script type="text/plain" id="plotly">([^<]*)</script>', text)[1]
    assert "Plotly" in gzip.decompress(base64.b64decode(packed)).decode()
    return text.replace(packed, "")


def test_the_page_loads_nothing_from_the_network(text):
    local = without_plotly(text).replace("http://www.w3.org/2000/svg", "")  # a name, which nobody asks for
    assert not re.search(r"""(?:src|href)\s*=|url\(|@import|https?://""", local)


def test_a_row_for_every_trial(text, study):
    assert len(re.findall(r"<tr[^>]* data-state=", text)) == len(study.records)
    assert text.count('class="base" data-state=') == 1


def test_data_of_the_figures_is_json(text, study):
    shown = {name: figure for name, figure in figures.FIGURES.items() if figure.compute(study) is not None}
    assert len(shown) >= 6
    for name in shown:
        match = re.search(rf'<script type="application/json" id="{name}-data">(.*?)</script>', text, re.S)
        for view in json.loads(match[1]):
            assert view.keys() >= {"data", "layout"}


def test_what_comes_from_files_is_escaped(study):
    records = (replace(study.records[0], reason=EVIL, state=EVIL, digest=EVIL), *study.records[1:])
    asked = definition(name=EVIL, settings={EVIL: EVIL}, data={"name": EVIL})
    reference = replace(study.reference, name=EVIL)
    text = page(replace(study, records=records, definition=asked, problems=(EVIL,), state=EVIL, reference=reference))
    assert "<script>alert" not in without_plotly(text)
    assert "<img" not in text
    assert "\x1b" not in text
    assert "\u202e" not in text


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
    assert re.search(r'<h2>States</h2><div class="figure" id="states-figure" data-figure="states-data"', text)
    assert f'<p class="soft">{len(study.records)} trials</p>' in text


def test_a_figure_that_fails_leaves_the_rest_alive(study, monkeypatch):
    def fails(_):
        raise ValueError("<no>")

    monkeypatch.setitem(figures.FIGURES, "curves", Figure("Learning curves", fails, fails))
    text = page(study)
    assert "This figure could not be made: ValueError: &lt;no&gt;" in text
    assert 'id="accuracy-data"' in text


def test_the_best_comes_first_and_the_base_before_all(text, study):
    order = [int(number) for number in re.findall(r'<tr[^>]* data-trial="(\d+)"', text)]
    assert order[0] == study.base.trial
    by_trial = {record.trial: record for record in study.records}
    scores = [by_trial[n].top1 for n in order[1:] if by_trial[n].state == "complete"]
    assert scores == sorted(scores, reverse=True)
    assert [by_trial[n].state for n in order][-1] == "infeasible"


@pytest.mark.parametrize("kind", ["empty", "one trial", "all failed"])
def test_a_study_of_nothing_one_or_failures_says_so(study, kind):
    failed = [replace(r, state="failed", top1=None, top1_by_epoch=(), reason="disk full") for r in study.records]
    parts = {
        "empty": (empty(study), "none yet"),
        "one trial": (replace(empty(study), records=study.records[:1]), "1 complete"),
        "all failed": (replace(empty(study), records=tuple(failed)), "disk full (31)"),
    }
    subject, sentence = parts[kind]
    text = page(subject)
    assert sentence in text
    assert "no training was completed" in text


@pytest.mark.long
def test_a_page_of_two_thousand_trials_is_made_in_five_seconds_and_six_megabytes(tmp_path):
    """Seconds of this process, on a quiet machine."""
    large = made_up(tmp_path, 2000)
    begin = time.process_time()
    text = page(large)
    assert time.process_time() - begin <= 5
    assert len(text.encode()) <= 6_000_000


def test_reports_need_no_torch_and_no_optuna():
    code = (
        "import sys, nas.report, nas.report.page, nas.report.figures, nas.study;"
        "print([m for m in ('torch', 'optuna', 'plotly', 'pandas', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
