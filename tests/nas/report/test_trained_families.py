"""Families that were trained from a study's base stand on the study's page, apart where they may not be compared."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import pytest
from made_up_study import SPACE, record

from nas.report.figures import accuracy, accuracy_data, trained_family
from nas.report.figures.known import IMAGENET
from nas.report.page import page
from nas.report.statements import sizes_line
from nas.report.trained_families import trained_families
from nas.storage import layout
from nas.study import open_study
from nas.study.definition import write_definition
from nas.study.log import open_log
from scaling import scale
from search_spaces import cost
from search_spaces.files.codec import to_data
from search_spaces.known.networks.published import PUBLISHED

CLASSES = [str(n) for n in range(10)]


@pytest.fixture
def asked(study, tmp_path):
    """The study at its deployment size, in a folder of its own, with its classes."""
    data = {**study.definition.data, "classes": CLASSES}
    settings = {**study.definition.settings, "image_size": 224}
    folder = tmp_path / "search"
    folder.mkdir()
    return replace(study, folder=folder, definition=replace(study.definition, data=data, settings=settings, classes=10))


def write_family(study, folder, base=None, **changes):
    """A study of the base and two networks scaled from it, each trained twice, and of a known network."""
    base = base or SPACE.decide(study.base.decisions).at(classes=10)
    networks = {"base": base, **{f"phi{phi}": scale(base, phi=phi).architecture for phi in (0.5, 1)}}
    members = {name: {"image_size": network.image_size} for name, network in networks.items()}
    definition = replace(
        study.definition,
        space=to_data(base, provenance={"family": members}),
        name="search-family",
        image_size=base.image_size,
        classes=10,
        budgets=(),
        settings={**study.definition.settings, "image_size": None},
        question=replace(study.question, sampler="random", pruner="none"),
    )
    folder.mkdir()
    write_definition(folder, replace(definition, **changes))
    with closing(open_log(folder / layout.LOG)) as log:
        for place, (name, network) in enumerate({**networks, "resnet-18": base}.items()):
            for seed in (0, 1):
                labels = {"member": name, "image_size": str(network.image_size)}
                labels |= {"known": "yes"} if name == "resnet-18" else {}
                total = cost(network)
                trial = record(2 * place + seed, "complete", total.macs, 0.9 + 0.01 * place + 0.004 * seed)
                trial = replace(trial, decisions=labels, replicate=seed, params=total.params)
                data = {"trial": trial.trial, "record": trial.to_data()}
                log.append("proposed", **data, architecture=to_data(network))
                log.append("finished", **data)
    return folder


def drawn(study):
    return [t for t in accuracy.draw(accuracy_data.compute(study))["data"] if t["name"].startswith("base and family")]


def test_a_family_trained_alike_is_joined_to_the_base_by_a_line(asked, tmp_path):
    write_family(asked, tmp_path / "grown")
    (line,) = drawn(asked)
    assert line["mode"] == "lines+markers"
    assert line["text"] == ["base", "phi0.5", "phi1"]
    assert line["x"] == sorted(line["x"])
    assert line["y"] == pytest.approx([90.2, 91.2, 92.2])
    (family,) = trained_family.compute(asked).families
    assert [row.name for row in family.known] == ["resnet-18"]
    assert family.apart == ()
    traces = trained_family.draw(trained_family.compute(asked))["data"]
    assert [(trace["mode"], len(trace["x"])) for trace in traces] == [("lines+markers+text", 3), ("markers+text", 1)]
    assert all(half > 0 for half in traces[0]["error_y"]["array"])


@pytest.mark.parametrize("kind", ["recipe", "epochs", "image size", "classes, which cost something"])
def test_a_family_trained_otherwise_is_said_to_be_and_drawn_by_itself(asked, tmp_path, kind):
    definition = asked.definition
    settings = {**definition.settings, "image_size": None}
    changes = {
        "recipe": {"recipe": {**definition.recipe, "lr": 0.5}},
        "epochs": {"settings": {**settings, "epochs": 3}},
    }
    if kind.startswith("classes"):
        asked = replace(asked, definition=replace(definition, classes=1000))
    if kind == "image size":
        asked = replace(asked, definition=replace(definition, settings={**definition.settings, "image_size": 32}))
    write_family(asked, tmp_path / "grown", **changes.get(kind, {}))
    assert not drawn(asked)
    shown = trained_family.compute(asked)
    assert shown.families[0].apart == (kind,)
    for lines in (accuracy.captions(accuracy_data.compute(asked)), trained_family.captions(shown)):
        assert any(f"differ in {kind}" in line or f"differs in {kind}" in line for line in lines)


def test_families_of_another_base_or_other_data_are_none_of_it(asked, tmp_path):
    other = next(r for r in asked.records if r.digest != asked.base.digest)
    write_family(asked, tmp_path / "other", SPACE.decide(other.decisions).at(classes=10))
    write_family(asked, tmp_path / "data", data={**asked.definition.data, "digest": "e" * 64})
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / layout.STUDY).write_text(f"family: {asked.definition.data['digest']}\n")
    assert trained_families(asked) == ()
    assert trained_family.compute(asked) is None


def test_the_page_of_a_family_says_each_image_size(asked, tmp_path):
    family = open_study(write_family(asked, tmp_path / "grown"))
    assert sizes_line(family) == "scores and costs hold at the image size of each network, 224 to 258 px"
    text = page(family)
    assert "at 224 px" not in text.split("<dt>sizes</dt>")[1].split("</dd>")[0]
    assert '"size":258' in text
    assert "4 given networks of search-family" in text
    (itself,) = trained_families(family)
    assert len(itself.rows) == 3


def test_published_accuracies_stand_there_on_their_own_data_alone(study):
    assert accuracy_data.compute(study).published == ()
    imagenet = replace(study.definition, data={**study.definition.data, "name": IMAGENET})
    shown = accuracy_data.compute(replace(study, definition=imagenet))
    by_name = {network.name: network for network in shown.published}
    assert by_name["efficientnet-b0"].cost == 385_814_752
    (published, *_) = PUBLISHED["efficientnet-b0"].results
    assert not published.error
    assert by_name["efficientnet-b0"].top1 == pytest.approx(published.top1 / 100)
    assert "efficientnet-b1" not in by_name  # 240 px
    assert any("as published" in line for line in accuracy.captions(shown))
