"""Where a comparison on a page would not be fair, and what a page does not show."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from nas.report.statements import noise_verdict, search_sizes
from nas.storage import layout
from nas.study import Study

FAIR_SEEDS = 3  # further seeds below which a mean is called rough
MAX_SIBLINGS = 200  # studies of a folder that are looked into
TEST_READS = (b'{"event": "test"', b'{"event": "final"')
"""How lines of a log begin that tell of a reading of the test split."""


def warnings(study: Study) -> list[str]:
    """What a reader must hear before comparing numbers of this study."""
    lines = [*_few_seeds(study), *_no_baseline(study)]
    if study.base is not None and not (study.noise and study.noise.resolved):
        lines.append(noise_verdict(study.noise, study.definition.scale))
    lines += _test_lines(study.test_reads, folder_test_reads(study))
    return lines


def _few_seeds(study: Study) -> list[str]:
    seeds = study.choice.replicates if study.choice else 0
    if study.base is None or seeds >= FAIR_SEEDS:
        return []
    if not seeds:
        return [
            f"The base was trained with one random seed and chosen as the best of {study.done}: its score is too good "
            "by an unknown amount (--retrain and --seeds tell by how much)."
        ]
    return [f"Few seeds: the mean of the base is over {seeds} further training{'s' if seeds > 1 else ''}."]


def _no_baseline(study: Study) -> list[str]:
    if study.definition.data is None or study.reference is not None or study.base is None:
        return []
    return ["No baseline was measured on these images: nothing says whether the task is hard."]


def _test_lines(here: int, in_folder: int) -> list[str]:
    if in_folder > max(1, here):
        return [
            f"The test split of these data was read {in_folder} times by the studies of this folder: what is chosen by "
            "it is no longer tested by it."
        ]
    return [f"The test split was read {here} times in this study."] if here > 1 else []


def folder_test_reads(study: Study) -> int:
    """How often the studies that lie beside this one have read the test split of the same data, this one included."""
    data = study.definition.data
    digest = str((data or {}).get("digest") or "")
    if not digest or not study.folder.is_dir():
        return study.test_reads
    folders = sorted(path.parent for path in study.folder.resolve().parent.glob(f"*/{layout.STUDY}"))
    beside = [folder for folder in folders[:MAX_SIBLINGS] if folder != study.folder.resolve()]
    return study.test_reads + sum(_reads(folder) for folder in beside if _is_of(folder, digest))


def _is_of(folder: Path, digest: str) -> bool:
    try:
        return digest in (folder / layout.STUDY).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


def _reads(folder: Path) -> int:
    try:
        with (folder / layout.LOG).open("rb") as lines:
            return sum(line.startswith(TEST_READS) for line in lines)
    except OSError:
        return 0


def not_shown(study: Study) -> list[str]:
    """What this page cannot tell, so that nobody reads it out of it."""
    definition = study.definition
    lines = [
        "Whether the search did better than chance: no random search of equal cost is on this page (--baseline random)."
        if study.question.sampler != "random" and study.baseline is None
        else "",
        "How the networks do on images that chose nothing: no test was made."
        if definition.data is not None and study.final is None and study.test is None
        else "",
        "Latency: it was not measured; MACs and parameters do not tell it." if not study.latencies else "",
        f"Longer trainings: a ranking at {search_sizes(study)} and after {definition.settings['epochs']} epochs need "
        "not be that of full trainings."
        if definition.settings.get("epochs")
        else "",
        "Single classes, calibration and robustness: nas evaluate tells of the first."
        if definition.data is not None
        else "",
    ]
    return [line for line in lines if line]


def differences(studies: Iterable[Study]) -> list[str]:
    """Why studies on one page are not drawn on one line: what they differ in beside sampler, pruner and seed."""
    groups: dict[str, dict[str, list[str]]] = {}
    for study in studies:
        for name, text in conditions(study).items():
            groups.setdefault(name, {}).setdefault(text, []).append(study.name)
    return [
        f"The studies differ in {name}: " + "; ".join(f"{text} ({', '.join(names)})" for text, names in by_text.items())
        for name, by_text in groups.items()
        if len(by_text) > 1
    ]


def conditions(study: Study) -> dict[str, str]:
    """What must be equal for two studies' scores to be comparable, in words."""
    definition = study.definition
    data, recipe = definition.data or {}, definition.recipe or {}
    return {
        "data": f"{definition.data_name} {str(data.get('digest') or '')[:11]}".strip(),
        "recipe": f"{recipe['name']} {_digest(recipe)}" if recipe else "none",
        "image size of the search": search_sizes(study),
        "epochs": str(definition.settings.get("epochs", "?")),
        "what is scored": definition.scale.name,
    }


def _digest(data: Mapping[str, Any]) -> str:
    """Six hexadecimal digits that tell recipes of one name apart."""
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:6]
