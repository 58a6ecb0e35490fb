"""From members and data to a study that could be run: everything is checked here, and nothing is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas.families.member import Member
from nas.storage import layout
from nas.storage.versions import installed_versions
from nas.study.definition import Definition, check_same, read_definition
from nas.study.question import Question
from nas.study.seeds import derive
from nas.training.sizing import for_data, sized
from search_spaces import Architecture, cost, digest
from search_spaces.errors import UserError
from search_spaces.files.codec import to_data

if TYPE_CHECKING:
    from nas.data.dataset import Data
    from nas.training.settings import Settings

SPLIT = 0  # seed of the split, as of every study
KINDS = ("family", "fit", "compare")


@dataclass(frozen=True, eq=False)
class FamilyPlan:
    """A study of given networks: each is trained ``seeds`` times, all alike.

    ``definition`` is an ordinary study's, so that the page, `nas studies` and pandas read it; its ``space`` is the base
    with the members in its provenance. ``evaluate`` is None as of a study that trains.
    """

    folder: Path
    definition: Definition
    members: tuple[Member, ...]
    data: Data
    seeds: int
    evaluate: None = None

    @property
    def question(self) -> Question:
        return self.definition.question

    @property
    def exists(self) -> bool:
        return (self.folder / layout.STUDY).is_file()

    @cached_property
    def keys(self) -> dict[str, str]:
        """The training key of each member by its name: equal ones are trained once."""
        from nas.training.key import key

        return {m.name: key(self._trained(m), self._recipe(m), self.settings(m), self.data) for m in self.members}

    def settings(self, member: Member) -> Settings:
        """How a member is trained: at its own image size, on the study's device."""
        from nas.training.settings import Settings

        size = sized(for_data(member.recipe, self.data), len(self.data.train))
        sizes: dict[str, Any] = {"image_size": None, "epochs": size.epochs, "batch": size.batch}
        return replace(Settings(**self.definition.settings), **sizes)

    def task(self, member: Member, replicate: int) -> dict[str, Any]:
        """A job's task, as :func:`nas.study.trainer.train` takes it; all members see one order of the images."""
        return {
            "architecture": to_data(member.architecture),
            "blocks": self.question.blocks,
            "recipe": self._recipe(member).to_data(),
            "settings": self.settings(member).to_data(),
            "data": self.question.data,
            "data_seed": SPLIT,
            "order": derive(self.question.seed, "order", replicate),
        }

    def _recipe(self, member: Member) -> Any:
        return sized(for_data(member.recipe, self.data), len(self.data.train)).recipe

    def _trained(self, member: Member) -> Architecture:
        from nas.training.settings import trained_network

        return trained_network(member.architecture, self._recipe(member), None, len(self.data.classes))


def plan(
    kind: str,
    base: Architecture,
    members: Sequence[Member],
    data: str,
    *,
    base_name: str = "base",
    out: Path | str | None = None,
    seeds: int = 3,
    seed: int = 0,
    device: str = "auto",
    blocks: str | None = None,
) -> FamilyPlan:
    """A study of ``members`` scaled from ``base`` on the data set ``data``, each trained with so many ``seeds``.

    The study begins by measuring nothing: device and precision are those of :func:`nas.training.settings.settings_for`.
    Raises UserError with the option, its rule and the value.
    """
    from nas.data.by_name import load_data
    from nas.training.settings import settings_for

    names = [member.name for member in members]
    if not names or len(set(names)) < len(names):
        raise UserError(
            f"must be networks of different names, at least one; got {', '.join(names) or 'none'}", "members"
        )
    if seeds < 1:
        raise UserError(f"must be at least 1, got {seeds}", "seeds")
    images = load_data(data, SPLIT)
    members = [replace(m, architecture=m.architecture.at(classes=len(images.classes))) for m in members]
    base = base.at(classes=len(images.classes))
    recipe = members[0].recipe
    question = Question(
        data=data, sampler="random", pruner="none", seed=seed, retrain=len(members), seeds=seeds - 1, blocks=blocks
    )
    definition = Definition(
        question=question,
        name=f"{base_name}-{kind}",
        space=to_data(base, provenance={kind: {member.name: _described(member) for member in members}}),
        budgets=(),
        image_size=base.image_size,
        classes=base.classes,
        data=_data_facts(images, data),
        evaluator=None,
        recipe=recipe.to_data(),
        settings=settings_for(recipe, device, epochs=recipe.epochs).to_data(),
        versions=installed_versions(),
    )
    folder = Path(out) if out else definition.default_folder()
    if (folder / layout.STUDY).is_file():
        stored = read_definition(folder)
        check_same(folder, stored, definition)
        definition = replace(stored, question=question)
    elif folder.exists() and (not folder.is_dir() or any(p.name != layout.LOCK for p in folder.iterdir())):
        raise UserError(f"{folder} is not empty and holds no study", "out")
    return FamilyPlan(folder, definition, tuple(members), images, seeds)


def _described(member: Member) -> dict[str, Any]:
    total = cost(member.architecture)
    facts: Mapping[str, Any] = {
        "macs": total.macs,
        "params": total.params,
        "image_size": member.architecture.image_size,
    }
    keys = {"digest": digest(member.architecture), "recipe": member.recipe.digest}
    return {**member.labels, **facts, **keys}


def _data_facts(data: Data, spec: str) -> dict[str, Any]:
    images = {part: len(getattr(data, part)) for part in ("train", "val", "test")}
    facts = {"name": data.name, "spec": spec, "digest": data.digest, "seed": SPLIT}
    return {
        **facts,
        "classes": list(data.classes),
        "images": images,
        "image_size": data.image_size,
        "notes": list(data.notes),
    }
