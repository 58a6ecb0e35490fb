"""All that defines a study, as a value and as ``study.yaml``."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from nas.storage import layout
from nas.storage.files import write_atomic
from search_spaces.errors import UserError
from search_spaces.files.codec import read
from search_spaces.files.strict_yaml import dump

SCHEMA = 1
RECORDED = ("settings", "versions")  # written down at the start, no part of what is asked


@dataclass(frozen=True)
class Definition:
    """A study's question. Two studies with equal ``identity`` are one; ``trials`` only says how far it goes.

    ``space`` and ``recipe`` are data, ``budgets`` canonical texts, ``image_size`` and ``classes`` those of
    deployment. ``data`` has name, spec, digest, seed, classes and numbers of images, or is None under the
    user's own ``evaluator``. ``asked`` are wishes (device, epochs); ``settings`` what was measured at the
    start for them and is fixed since: device, dtype, layout, batch, threads, image size, epochs. ``versions``
    are not compared.
    """

    name: str
    space: Mapping[str, Any]
    budgets: tuple[str, ...]
    image_size: int
    classes: int
    data: Mapping[str, Any] | None
    evaluator: str | None
    recipe: Mapping[str, Any] | None
    sampler: str
    pruner: str
    objective: str
    seed: int
    retrain: int
    seeds: int
    blocks: str | None = None
    asked: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)

    def to_data(self) -> dict[str, Any]:
        """Plain data, as in ``study.yaml``."""
        return {"schema": SCHEMA, **asdict(self), "budgets": list(self.budgets)}

    def identity(self) -> dict[str, Any]:
        """The part that must be equal for a study to go on. Where the images lie does not matter, but what
        they are."""
        own = {name: value for name, value in self.to_data().items() if name not in RECORDED}
        if self.data is not None:
            own["data"] = {name: self.data[name] for name in ("name", "digest", "seed")}
        return own

    @property
    def digest(self) -> str:
        """Digest of the identity, ``s1-`` and 32 hexadecimal digits."""
        text = json.dumps(self.identity(), sort_keys=True)
        return f"s{SCHEMA}-{hashlib.sha256(text.encode()).hexdigest()[:32]}"

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
    known = {f.name for f in fields(Definition)}
    wrong = sorted(known ^ data.keys())
    if wrong:
        raise UserError(f"{path}: {wrong[0]} is {'missing' if wrong[0] in known else 'an unknown key'}")
    return Definition(**{**data, "budgets": tuple(data["budgets"])})


def check_same(folder: Path, stored: Definition, asked: Definition) -> None:
    """Raise UserError naming every field in which the study of a folder differs from the one asked for."""
    old, new = stored.identity(), _plain(asked.identity())
    different = [name for name in old if old[name] != new.get(name)]
    if different:
        raise UserError(
            f"{folder} holds another study; it differs in {'; '.join(_diff(n, old, new) for n in different)}"
        )


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    return dict(json.loads(json.dumps(data)))


def _diff(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    texts = [json.dumps(side.get(name)) for side in (old, new)]
    return f"{name} (there {texts[0]}, asked {texts[1]})" if max(map(len, texts)) <= 80 else name
