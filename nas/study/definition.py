"""A study as ``study.yaml``: the question, what its words mean, and what was measured at the start."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import NoneType
from typing import Any

from nas.storage import layout
from nas.storage.files import write_atomic
from nas.study import objectives
from nas.study.evaluator import NAME
from nas.study.question import EARLIEST, STORED, Question
from nas.text.scores import SCORE, TOP1, Scale
from search_spaces.errors import UserError
from search_spaces.files.codec import read
from search_spaces.files.strict_yaml import dump

SCHEMA = 1
RECORDED = ("settings", "versions")  # written down at the start, no part of what is asked
FURTHER = ("retrain", "seeds")  # how far a study goes after its search: its trainings hold for any of these
NESTED = {"recipe": "recipe ", "asked": ""}
MEANINGS = ("name", "space", "budgets", "image_size", "classes", "data", "evaluator", "recipe")

KINDS: dict[str, tuple[tuple[type, ...], str]] = {
    "name": ((str,), "text"),
    "space": ((dict,), "keys and values"),
    "budgets": ((list,), "a list"),
    "image_size": ((int,), "an integer"),
    "classes": ((int,), "an integer"),
    "data": ((dict, NoneType), "keys and values, or null"),
    "evaluator": ((str, NoneType), "text, or null"),
    "recipe": ((dict, NoneType), "keys and values, or null"),
    "settings": ((dict,), "keys and values"),
    "versions": ((dict,), "keys and values"),
    "asked": ((dict,), "keys and values"),
}
"""What the values of ``study.yaml`` are."""


@dataclass(frozen=True)
class Definition:
    """All that defines a study. Two studies with equal ``identity`` are one; ``trials``, ``retrain`` and ``seeds`` only
    say how far it goes.

    ``space`` and ``recipe`` are data, ``budgets`` canonical texts, ``image_size`` and ``classes`` those of
    deployment. ``data`` has name, spec, digest, seed, classes, numbers of images and what was done to them, or is None
    under the user's own ``evaluator``. ``settings`` is what was measured at the start for the question's wishes and
    does not change since: device, dtype, layout, batch, threads, image size, epochs. ``versions`` are not compared.
    """

    question: Question
    name: str
    space: Mapping[str, Any]
    budgets: tuple[str, ...]
    image_size: int
    classes: int
    data: Mapping[str, Any] | None
    evaluator: str | None
    recipe: Mapping[str, Any] | None
    settings: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)

    def to_data(self) -> dict[str, Any]:
        """Plain data, as in ``study.yaml``."""
        meanings = {name: getattr(self, name) for name in MEANINGS}
        recorded = {name: getattr(self, name) for name in RECORDED}
        options = {**self.question.stored(), "asked": self.question.wishes()}
        return {"schema": SCHEMA, **meanings, "budgets": list(self.budgets), **options, **recorded}

    def identity(self) -> dict[str, Any]:
        """The part that must be equal for a study to go on. Where the images lie does not matter, but what
        they are; nor do options of how far it goes, which stand here with their defaults, as in the first release."""
        further = {f.name: f.default for f in STORED if f.name in FURTHER}
        identity = {name: value for name, value in self.to_data().items() if name not in RECORDED} | further
        if self.question.objective == objectives.SCORE:
            identity["objective"] = objectives.TOP1  # the first release called both so
        if self.data is not None:
            identity["data"] = {name: self.data[name] for name in ("name", "digest", "seed")}
        return identity

    @property
    def digest(self) -> str:
        """Digest of the identity, ``s1-`` and 32 hexadecimal digits."""
        text = json.dumps(self.identity(), sort_keys=True)
        return f"s{SCHEMA}-{hashlib.sha256(text.encode()).hexdigest()[:32]}"

    @property
    def scale(self) -> Scale:
        """How its scores are written."""
        return TOP1 if self.evaluator is None else SCORE

    @property
    def data_name(self) -> str:
        """Name of the data, or of the user's own evaluator in its place."""
        return str(self.data["name"] if self.data else self.evaluator)

    def default_folder(self) -> Path:
        """``studies/<space>-<budget>-<data>-<first 8 of the digest>``."""
        parts = (self.name, *self.budgets, self.data_name, self.digest.partition("-")[2][:8])
        return Path("studies") / "-".join(re.sub(r"[^\w.]+", "_", part)[:60] for part in parts)


def write_definition(folder: Path, definition: Definition) -> None:
    write_atomic(folder / layout.STUDY, dump(definition.to_data()))


def read_definition(folder: Path) -> Definition:
    """The definition of the study in ``folder``. Raises UserError for one of another schema or a damaged
    one."""
    path = folder / layout.STUDY
    data = read(path)
    if data.pop("schema", None) != SCHEMA:
        raise UserError(f"{path}: schema must be {SCHEMA}")
    options = {f.name for f in STORED}
    needed = {*MEANINGS, *RECORDED, *EARLIEST, "asked"}
    wrong = sorted((needed - data.keys()) | (data.keys() - needed - options))
    if wrong:
        raise UserError(f"{path}: {wrong[0]} is {'missing' if wrong[0] in needed else 'an unknown key'}")
    for name, (kinds, words) in KINDS.items():
        if not isinstance(data[name], kinds) or isinstance(data[name], bool):
            raise UserError(f"{path}: {name} must be {words}, got {type(data[name]).__name__}")
    if not all(isinstance(budget, str) for budget in data["budgets"]):
        raise UserError(f"{path}: budgets must be texts")
    if data["data"] is not None and not isinstance(data["data"].get("name"), str):
        raise UserError(f"{path}: data.name must be text")
    try:
        question = Question(
            space=data["name"],
            budgets=tuple(data["budgets"]),
            data=data["data"]["spec"] if data["data"] else "digits",
            image_size=data["image_size"],
            classes=data["classes"],
            **{name: data[name] for name in options if name in data},
            **data["asked"],
        )
        question = question.of_evaluator() if data["evaluator"] else question
        meanings = {name: data[name] for name in (*MEANINGS, *RECORDED)}
    except (UserError, TypeError, KeyError) as error:
        raise UserError(f"{path}: {error}") from None
    return Definition(question, **{**meanings, "budgets": tuple(data["budgets"])})


def going_on(folder: Path, stored: Definition, asked: Question) -> Definition:
    """The stored definition, going as far as is asked now; written where that is new."""
    further = {name: getattr(asked, name) for name in FURTHER}
    definition = replace(stored, question=replace(stored.question, **further))
    if definition != stored:
        write_definition(folder, definition)
    return definition


def check_same(folder: Path, stored: Definition, asked: Definition) -> None:
    """Raise UserError naming every field in which the study of a folder differs from the one asked for, so that its
    trainings tell nothing about it."""
    old, new = (json.loads(json.dumps(definition.identity())) for definition in (stored, asked))
    for identity in (old, new):
        if identity["data"]:
            del identity["data"]["name"]  # a folder that was renamed holds the same images
    if old["evaluator"] and "#" not in old["evaluator"]:  # of the first release, which knew functions by name alone
        new["evaluator"] = str(new["evaluator"]).partition("#")[0]
    old, new = _flat(old), _flat(new)
    different = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    if different:
        raise UserError(
            f"the trainings in {folder} are not used, for it holds another study; it differs in "
            f"{'; '.join(_diff(n, old, new) for n in different)}{_hint(different)}; another --out begins anew"
        )


def _flat(identity: Mapping[str, Any]) -> dict[str, Any]:
    """Recipe and wishes by their own names, so that one is told which of them differs."""
    flat = {name: value for name, value in identity.items() if name not in NESTED}
    smaller = flat.pop("smaller_budgets", ())
    flat["budgets"] = [*flat["budgets"], *smaller]
    for name, prefix in NESTED.items():
        flat |= {prefix + key: value for key, value in (identity[name] or {}).items()}
    return flat


def _hint(different: Collection[str]) -> str:
    return f"; {NAME}='…' says that two functions are the same" if "evaluator" in different else ""


def _diff(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    texts = [json.dumps(side.get(name)) for side in (old, new)]
    return f"{name} (there {texts[0]}, asked {texts[1]})" if max(map(len, texts)) <= 80 else name
