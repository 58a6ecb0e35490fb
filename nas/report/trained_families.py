"""Families that were trained from a study's base: studies of given networks that lie in its folder or beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nas.report.fairness import MAX_SIBLINGS
from nas.report.statements import search_sizes
from nas.report.trials import Trials
from nas.storage import layout
from nas.study import Study, open_study
from nas.study.members import KNOWN, Row, results
from search_spaces import Architecture, digest
from search_spaces.errors import UserError
from search_spaces.files.codec import from_data
from search_spaces.files.outside import outside_blocks

KIND = "family"  # of a study of given networks, as its space's provenance has it
NO_PART = ("name", "image_size", "min_map", "min_steps", "epochs")
"""Fields of a recipe that say nothing of a training whose image size, batch and epochs are known."""


@dataclass(frozen=True)
class TrainedFamily:
    """A base and what was scaled from it (``rows``, by their MACs), all trained alike, and ``known`` networks that were
    trained so, too. ``conditions`` say how, in words; ``apart`` in what that differs from how the study's own trials
    were trained, empty where their scores may be compared."""

    name: str
    rows: tuple[Row, ...]
    known: tuple[Row, ...]
    conditions: str
    apart: tuple[str, ...]


def trained_families(study: Study) -> tuple[TrainedFamily, ...]:
    """The families that were trained on the study's data from its base; of a family's own study it alone."""
    if _provenance(study):
        return _family(study, study)
    base = study.base and Trials(study).architecture(study.base)
    classes = len((study.definition.data or {}).get("classes") or ())
    if not base or not classes:
        return ()
    wanted = digest(base.at(classes=classes))
    others = (other for other in _beside(study) if _digest(other) == wanted)
    return tuple(family for other in others for family in _family(other, study))


def _beside(study: Study) -> Iterator[Study]:
    """Studies of families on the same data."""
    data = str((study.definition.data or {}).get("digest") or "")
    folder = study.folder.resolve()
    paths = sorted(folder.glob(f"*/{layout.STUDY}")) + sorted(folder.parent.glob(f"*/{layout.STUDY}"))
    for path in paths[: 2 * MAX_SIBLINGS]:
        if path.parent != folder and data and _mentions(path, data, f"{KIND}:"):
            try:
                other = open_study(path.parent)
            except UserError:
                continue
            if (other.definition.data or {}).get("digest") == data and _provenance(other):
                yield other


def _mentions(path: Path, *words: str) -> bool:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return all(word in text for word in words)


def _provenance(study: Study) -> Mapping[str, Any]:
    """The members of a family's study by name; empty for every other study."""
    about = study.definition.space.get("provenance")
    members = about.get(KIND) if isinstance(about, Mapping) else None
    return members if isinstance(members, Mapping) else {}


def _digest(family: Study) -> str | None:
    try:
        base = from_data(family.definition.space, blocks=outside_blocks(family.question.blocks))
    except UserError:
        return None
    return digest(base) if isinstance(base, Architecture) else None


def _family(family: Study, study: Study) -> tuple[TrainedFamily, ...]:
    rows = sorted(results(family.records).rows, key=lambda row: row.macs)
    if not rows:
        return ()
    seeds = max(len(row.scores) for row in rows)
    recipe, epochs = (family.definition.recipe or {}).get("name", "?"), family.definition.settings.get("epochs", "?")
    conditions = (
        f"recipe {recipe}, {epochs} epochs, {seeds} seed{'' if seeds == 1 else 's'} each, "
        f"{'each at its own size, ' if family.has_own_sizes else ''}{search_sizes(family)}"
    )
    return (
        TrainedFamily(
            name=family.name,
            rows=tuple(row for row in rows if KNOWN not in row.labels),
            known=tuple(row for row in rows if KNOWN in row.labels),
            conditions=conditions,
            apart=() if family is study else tuple(_differences(family, study)),
        ),
    )


def _differences(family: Study, study: Study) -> Iterator[str]:
    """In what the trainings of a family, or the costs, differ from those of a study's trials on the same data."""
    recipes = [_essential(part.definition.recipe or {}) for part in (family, study)]
    if recipes[0] != recipes[1]:
        yield "recipe"
    for name in ("epochs", "batch", "dtype"):
        if family.definition.settings.get(name) != study.definition.settings.get(name):
            yield name
    if family.definition.classes != study.definition.classes:
        yield "classes, which cost something"
    if not family.definition.image_size == study.search_size == study.definition.image_size:
        yield "image size"


def _essential(recipe: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in recipe.items() if name not in NO_PART}
