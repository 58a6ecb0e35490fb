"""The page in a real browser: nothing is asked of the network, nothing fails, and all that can be touched answers."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from made_up_study import made_up, record

from nas.report.family import members_of
from nas.report.family_page import family_page
from nas.report.figures import FIGURES
from nas.report.page import page
from nas.report.side_by_side import side_by_side
from nas.report.training import read_training
from nas.report.training_page import training_page
from nas.study import open_study
from search_spaces import load

STUDIES = Path(__file__).parents[3] / "studies"
WIDE, NARROW = (1280, 900), (400, 860)
EVIL = (
    "</script><script>window.hit = 1</script>",
    "<img src=x onerror='window.hit = 2'>",
    '<a href="javascript:window.hit = 3">x</a>',
    "'\"><svg onload=window.hit=4>",
    "x" * 3000,
    "日本語 العربية \u202egnp.exe \x1b[2J\x00 😀",
)
SIZE = "[document.documentElement.scrollWidth, innerWidth]"
MAIN = "document.getElementById('accuracy-figure')"


def opened(browser, text, folder, size=WIDE, **looks):
    """The page in the browser, all figures drawn."""
    path = folder / "page.html"
    path.write_text(text, encoding="utf-8")
    browser.view(*size, **looks)
    browser.open(path)
    browser.wait("document.documentElement.dataset.drawn", 60)
    assert browser.errors == []
    assert [url for url in browser.requests if not url.startswith(("file:", "data:", "blob:"))] == []


@pytest.fixture
def shown(browser, study, tmp_path):
    """The made-up study, opened."""
    opened(browser, page(study), tmp_path)
    return browser


def point(browser, trial, figure="accuracy"):
    """Where a trial's point lies in the viewport, once its figure is scrolled there."""
    return browser.value(
        f"""(() => {{
        const element = document.getElementById("{figure}-figure");
        element.scrollIntoView({{block: "center", behavior: "instant"}});
        const trace = element.data.find(t => t.customdata?.includes({trial}) && t.mode !== "lines");
        const index = trace.customdata.indexOf({trial}), box = element.getBoundingClientRect();
        const {{xaxis, yaxis}} = element._fullLayout;
        return [box.x + xaxis._offset + xaxis.l2p(trace.x[index]), box.y + yaxis._offset + yaxis.l2p(trace.y[index])];
        }})()"""
    )


def rows(browser):
    """Numbers of the trials whose rows are shown, in order."""
    return browser.value(
        "[...document.querySelectorAll('#trials tbody tr')].filter(r => !r.hidden).map(r => +r.dataset.trial)"
    )


def complete(study):
    return [r for r in study.records if r.state == "complete" and not r.replicate]


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["1280", "400"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_figure_is_drawn_and_nothing_is_cut_without_a_sign(browser, tmp_path, size, dark):
    folder = shutil.copytree(STUDIES / "demonstration-digits", tmp_path / "study")
    study = open_study(folder)
    opened(browser, page(study), tmp_path, size, dark=dark)
    expected = {f"{name}-figure" for name, figure in FIGURES.items() if figure.compute(study) is not None}
    drawn = browser.value(
        "[...document.querySelectorAll('.figure')].filter(f => f.querySelector('svg.main-svg')).map(f => f.id)"
    )
    assert set(drawn) == expected
    assert {"accuracy-figure", "timeline-figure", "parallel-figure"} <= expected
    width, window = browser.value(SIZE)
    assert window == size[0]
    assert width <= window
    browser.value("document.querySelectorAll('details').forEach(d => d.open = true)")
    cut = browser.value(
        """[...document.querySelectorAll("main *, .scroll")].filter(e => {
          const style = getComputedStyle(e);
          const hides = e.scrollWidth > e.clientWidth + 1 && style.overflowX !== "visible" && e.clientWidth > 0;
          const sign = e.classList.contains("scroll") && e.nextElementSibling?.textContent.includes("scroll for");
          return hides && !sign && !["PRE", "SELECT", "INPUT"].includes(e.tagName) && !e.closest(".figure");
        }).map(e => e.outerHTML.slice(0, 80))"""
    )
    assert cut == []
    signs = browser.value(
        """[...document.querySelectorAll(".figure")].filter(e => e.scrollWidth > e.clientWidth + 1).map(e => {
          const caption = e.nextElementSibling.nextElementSibling;
          return [e.id, getComputedStyle(caption, "::before").content];
        })"""
    )
    expected = ['"→ scroll for more axes. "'] if size == NARROW else []
    assert [sign for _, sign in signs] == expected
    squeezed = browser.value(
        """[...document.querySelectorAll(".figure :is(.xtick, .x2tick, .ytick) text")].filter(e => {
          const box = e.getBoundingClientRect(), frame = e.closest("svg").getBoundingClientRect();
          return box.left < frame.left - 1 || (e.getAttribute("transform") ?? "").includes("rotate(90");
        }).map(e => e.textContent)"""
    )
    assert squeezed == []
    outside = browser.value(
        """[...document.querySelectorAll("main h1, main h2, main p, main li, main dd, .card, main td")].filter(e => {
          const box = e.getBoundingClientRect();
          return box.width && box.right > innerWidth + 1 && !e.closest(".scroll");
        }).map(e => e.outerHTML.slice(0, 80))"""
    )
    assert outside == []


def test_hovering_says_what_a_trial_is(shown, study):
    trial = complete(study)[3]
    shown.mouse("mouseMoved", *point(shown, trial.trial))
    text = shown.wait(f"{MAIN}.querySelector('.hoverlayer')?.textContent")
    assert f"trial {trial.trial}" in text
    assert "stage" in text


def test_a_click_pins_a_card_with_drawing_curve_costs_and_command(shown, study):
    trial = complete(study)[3]
    shown.click(*point(shown, trial.trial))
    card = shown.wait("document.querySelector('#pinned:not([hidden]) .pin')?.innerText")
    for words in (f"{trial.macs:,}", str(trial.seed), f"--trial {trial.trial} --out", "nas train", "Beside the base"):
        assert words in card
    boxes = "document.querySelectorAll('.pin svg.network .map').length"
    assert shown.value(boxes) == 9  # stem, seven stages, head
    assert shown.value("document.querySelectorAll('.pin svg.curve polyline').length") == 1
    shown.value("document.querySelector('.pin button').click()")
    assert shown.value("document.getElementById('pinned').hidden")


def test_selecting_marks_all_figures_and_the_table(shown, study):
    shown.value(f"void Plotly.relayout({MAIN}, {{dragmode: 'select'}})")
    target = complete(study)[0]
    x, y = point(shown, target.trial)
    shown.drag((x - 12, y - 12), (x + 12, y + 12))
    picked = shown.wait("[...document.querySelectorAll('#trials tr.picked')].map(r => +r.dataset.trial).join()")
    assert str(target.trial) in picked.split(",")
    faded = "document.getElementById('curves-figure').data.filter(t => t.opacity < 0.1).length"
    assert shown.value(faded) > 0
    shown.value("document.getElementById('only').click()")
    assert rows(shown) == [n for n in rows(shown) if str(n) in picked.split(",")]
    shown.value("document.getElementById('clear').click()")
    assert shown.value("document.querySelectorAll('#trials tr.picked').length") == 0
    assert len(rows(shown)) == len(study.records)


def test_the_axis_of_costs_can_be_switched(shown):
    title = f"{MAIN}._fullLayout.xaxis.title.text"
    assert shown.value(title) == "MACs"
    shown.value("document.querySelector('[name=accuracy-view][value=\"1\"]').click()")
    assert shown.value(title) == "parameters"


def test_legend_and_zoom_work(shown, study):
    shown.value(f"{MAIN}.scrollIntoView({{block: 'center', behavior: 'instant'}})")
    x, y = shown.value(
        f"(() => {{ const b = [...{MAIN}.querySelectorAll('.legend .traces')].find(t => t.textContent === 'trained')"
        ".querySelector('.legendtoggle').getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()"
    )
    shown.click(x, y)
    shown.wait(f"{MAIN}.data.some(t => t.name === 'trained' && t.visible === 'legendonly')")
    before = shown.value(f"{MAIN}._fullLayout.xaxis.range")
    box = shown.value(f"(() => {{ const b = {MAIN}.getBoundingClientRect(); return [b.x, b.y]; }})()")
    shown.drag((box[0] + 300, box[1] + 100), (box[0] + 600, box[1] + 300))
    low, high = shown.wait(f"{MAIN}._fullLayout.xaxis.range[0] > {before[0]} && {MAIN}._fullLayout.xaxis.range")
    assert before[0] < low < high < before[1]


@pytest.mark.parametrize(
    ("words", "passes"),
    [
        ("top-1>0.94", lambda r, labels: r.top1 is not None and r.top1 > 0.94),
        ("top-1>94%", lambda r, labels: r.top1 is not None and r.top1 > 0.94),
        ("stage1.kernel=5", lambda r, labels: labels["stages.0.block.kernel"] == "5"),
        ("stages.1.repeats>=2 MACs<300M", lambda r, labels: int(labels["stages.1.repeats"]) >= 2 and r.macs < 3e8),
        ("state!=complete", lambda r, labels: r.state != "complete"),
        ('"out of memory"', lambda r, labels: "out of memory" in (r.reason or "")),
    ],
)
def test_filters_understand_columns_and_decisions(shown, study, words, passes):
    shown.type("#words", words)
    expected = {r.trial for r in study.records if passes(r, r.decisions)}
    assert expected
    assert set(rows(shown)) == expected
    assert shown.value("document.getElementById('shown').textContent") == f"{len(expected)} of {len(study.records)}"


def test_a_filter_that_names_nothing_says_so(shown, study):
    shown.type("#words", "kernle=5")
    assert "no decision is called kernle" in shown.value("document.getElementById('shown').textContent")
    assert len(rows(shown)) == len(study.records)


def test_columns_sort_both_ways(shown, study):
    button = "[...document.querySelectorAll('#trials th button')].find(b => b.textContent === 'MACs').click()"
    by_trial = {r.trial: r.macs for r in study.records}
    shown.value(button)
    macs = [by_trial[n] for n in rows(shown)]
    assert macs == sorted(macs)
    shown.value(button)
    assert [by_trial[n] for n in rows(shown)] == sorted(macs, reverse=True)


def test_keys_reach_points_and_rows(shown):
    shown.value(f"{MAIN}.focus({{preventScroll: true}})")
    shown.key("ArrowRight")
    said = shown.wait("document.getElementById('live').textContent")
    assert said.startswith("trial ")
    shown.key("Enter")
    pinned = shown.wait("document.querySelector('.pin')?.dataset.trial")
    assert said.startswith(f"trial {pinned}")
    shown.key("Escape")
    assert shown.value("document.getElementById('pinned').hidden")
    shown.value("document.querySelector('#trials tbody tr').focus()")
    shown.key("ArrowDown")
    shown.key("Enter")
    assert shown.wait("document.querySelector('.pin')?.dataset.trial") == str(rows(shown)[1])


def test_hostile_names_are_text_and_run_nothing(browser, study, tmp_path):
    space = study.definition.space
    evil_records = [
        replace(r, reason=EVIL[i % len(EVIL)], digest=EVIL[(i + 1) % len(EVIL)], origin=EVIL[(i + 2) % len(EVIL)])
        for i, r in enumerate(study.records)
    ]
    reference = replace(study.reference, name=EVIL[1], top1=0.94)
    data = {"name": EVIL[0], "digest": EVIL[1], "classes": list(EVIL), "images": {EVIL[3]: 3}}
    definition = replace(study.definition, name=EVIL[2], data=data, versions={EVIL[0]: EVIL[1]}, space=space)
    hostile = replace(
        study,
        folder=Path(EVIL[1]),
        records=tuple(evil_records),
        definition=definition,
        reference=reference,
        state=EVIL[3],
    )
    opened(browser, page(hostile), tmp_path, NARROW)
    for trial in range(6):
        browser.value(f"pin({trial}); say(shortForm(trials.get({trial})).join())")
    browser.mouse("mouseMoved", *point(browser, complete(study)[0].trial))
    assert browser.value("window.hit ?? null") is None
    assert browser.value("document.querySelectorAll('main img, main a, #pinned img, #pinned a, .figure a').length") == 0
    width, window = browser.value(SIZE)
    assert width <= window
    assert EVIL[0] in browser.value("document.querySelector('main').textContent")
    assert browser.errors == []


def test_a_broken_figure_and_one_without_axes_leave_the_rest_alive(browser, study, tmp_path):
    text = page(study).replace('"type":"scatter","mode":"lines+markers","name":"this search"', '"type":{"a":1},"n":"x"')
    broken = text.replace('id="curves-data">', 'id="curves-data">{')
    opened(browser, broken, tmp_path)
    assert "could not be drawn" in browser.value("document.getElementById('curves-figure').textContent")
    assert browser.value(f"Boolean({MAIN}.querySelector('svg.main-svg'))")
    assert len(rows(browser)) == len(study.records)


def test_pages_of_nothing_one_and_failures_open(browser, study, tmp_path):
    nothing = replace(study, records=(), base=None, choice=None, reference=None, noise=None, test=None)
    failed = record(0, "failed", 300_000_000, None, reason="disk full")
    for records in ((), study.records[:1], (failed,)):
        opened(browser, page(replace(nothing, records=records)), tmp_path)
        assert len(rows(browser)) == len(records)


@pytest.mark.parametrize("name", sorted(path.parent.name for path in STUDIES.glob("*/study.yaml")))
def test_stored_studies_of_older_releases_have_their_page(browser, tmp_path, name):
    opened(browser, page(open_study(STUDIES / name)), tmp_path, NARROW)
    assert browser.value("document.querySelectorAll('.figure svg.main-svg').length") > 0


def test_pages_of_a_training_a_family_and_several_studies_open(browser, study, tmp_path):
    training = read_training(STUDIES / "cifar10" / "seed-0")
    texts = {
        "training": training_page(training),
        "family": family_page(tmp_path, members_of(load("efficientnet-b0"))),
        "several": side_by_side([study, open_study(STUDIES / "demonstration-digits")]),
    }
    for size in (WIDE, NARROW):
        for name, text in texts.items():
            opened(browser, text, tmp_path, size)
            assert browser.value("document.querySelectorAll('.figure svg.main-svg').length") >= 2, name
            width, window = browser.value(SIZE)
            assert width <= window, name


def test_rows_beyond_the_first_are_filtered_and_sorted_too(browser, tmp_path):
    """They are text until then; where no script runs they are a table of their own."""
    study = made_up(tmp_path, 300)
    opened(browser, page(study), tmp_path)
    assert len(rows(browser)) == 250
    infeasible = [record.trial for record in study.records if record.state == "infeasible"]
    browser.type("#words", "state=infeasible")
    assert sorted(rows(browser)) == sorted(infeasible)
    browser.type("#words", "")
    browser.value("document.querySelector('#trials th button').click()")
    assert rows(browser) == sorted(record.trial for record in study.records)[:250]


@pytest.mark.long
def test_two_thousand_trials_open_in_two_seconds(browser, tmp_path):
    """Until tables and the first figure are there: the others are drawn while nothing else is to be done. Seconds of
    the page's own work, on a quiet machine."""
    path = tmp_path / "page.html"
    path.write_text(page(made_up(tmp_path, 2000)), encoding="utf-8")
    browser.view(*WIDE)
    never = browser.send("Page.addScriptToEvaluateOnNewDocument", source="window.requestIdleCallback = () => {}")
    browser.send("Performance.enable", timeDomain="threadTicks")
    browser.open(path)
    metrics = {m["name"]: m["value"] for m in browser.send("Performance.getMetrics")["metrics"]}
    browser.send("Performance.disable")
    browser.send("Page.removeScriptToEvaluateOnNewDocument", **never)
    assert metrics["TaskDuration"] <= 2
    assert len(rows(browser)) == 250
    assert "The first 250 of 2007" in browser.value("document.getElementById('more').textContent")
    browser.value("document.querySelector('#more button').click()")
    assert len(rows(browser)) == 2007


def test_the_page_prints_whole(browser, study, tmp_path):
    """On white, every figure within a sheet, no table cut, what is folded open; and all as it was afterwards."""
    opened(browser, page(study), tmp_path, dark=True)
    browser.value(
        """window.printed = null;
        matchMedia("print").addEventListener("change", event => { if (event.matches) window.printed = {
          widths: [...document.querySelectorAll(".figure")].map(f => f._fullLayout?.width),
        }; })"""
    )
    browser.send("Emulation.setEmulatedMedia", media="print")
    looks = """(() => { const style = s => getComputedStyle(document.querySelector(s)); return [
      getComputedStyle(document.body).backgroundColor, style(".controls").display, style(".modebar").display,
      style(".tall").maxHeight, style(".tall").overflowY]; })()"""
    assert browser.value(looks) == ["rgb(255, 255, 255)", "none", "none", "none", "visible"]
    widths = browser.wait("window.printed?.widths")
    assert len(widths) == browser.value("document.querySelectorAll('.figure').length")
    assert set(widths) == {690}
    browser.send("Emulation.setEmulatedMedia", media="")
    browser.wait(f"{MAIN}._fullLayout.width > 690")
    browser.value("dispatchEvent(new Event('beforeprint'))")
    assert browser.value("document.querySelectorAll('main details:not([open])').length") == 0
    browser.value("dispatchEvent(new Event('afterprint'))")
    assert browser.value("document.querySelectorAll('main details[open]').length") == 0
    assert browser.send("Page.printToPDF")["data"].startswith("JVBERi")  # %PDF-


SPOKEN = (
    "button",
    "searchbox",
    "textbox",
    "combobox",
    "checkbox",
    "radio",
    "radiogroup",
    "table",
    "region",
    "img",
    "image",
)


def test_a_screen_reader_hears_a_name_of_all_that_can_be_used_or_looked_at(browser, study, tmp_path):
    opened(browser, page(study), tmp_path)
    browser.value("pin(0)")
    nodes = browser.send("Accessibility.getFullAXTree")["nodes"]
    heard = [(n["role"]["value"], n.get("name", {}).get("value", "")) for n in nodes if not n["ignored"]]
    assert [role for role, name in heard if role in SPOKEN and not name.strip()] == []
    roles = {role for role, _ in heard}
    assert roles >= {"button", "searchbox", "combobox", "radio", "radiogroup", "table", "region", "image"}
    assert "SvgRoot" not in roles
    titles = {f"{figure.title}:" for figure in FIGURES.values() if figure.compute(study) is not None}
    figures = [name for role, name in heard if role == "group" and name.startswith(tuple(titles))]
    assert len(figures) == len(titles) == browser.value("document.querySelectorAll('.figure').length")
    assert any(name.startswith("Accuracy against cost: arrow keys walk through the trials") for name in figures)
    assert not any("arrow keys" in name for name in figures if name.startswith("Which decisions pay"))


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["1280", "400"])
def test_tiles_stand_in_whole_rows(browser, study, tmp_path, size):
    for subject in (study, replace(study, reference=None), replace(study, test=None, reference=None)):
        opened(browser, page(subject), tmp_path, size)
        ends = browser.value(
            """(() => { const rows = {}; for (const card of document.querySelectorAll(".card")) {
              const box = card.getBoundingClientRect(); rows[box.top] = Math.max(rows[box.top] ?? 0, box.right); }
              return Object.values(rows).map(Math.round); })()"""
        )
        assert len(set(ends)) == 1
