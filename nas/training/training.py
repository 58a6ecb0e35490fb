"""What a training in a folder is of: all that its result depends on, as a value and as ``train.yaml``."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from nas.data.dataset import Data
from nas.machine import cores
from nas.module.files import State, fit_weights, load_weights
from nas.module.loading import as_ours
from nas.module.network import build
from nas.storage import layout
from nas.storage.files import write_atomic
from nas.storage.versions import installed_versions
from nas.training.recipe import Recipe
from nas.training.settings import Settings, trained_network
from nas.training.sizing import Sized
from nas.training.start import Start, begin
from nas.training.tables import NO_TTA
from nas.training.threads import faster_threads
from search_spaces import Architecture, digest
from search_spaces.errors import UserError
from search_spaces.files.codec import read
from search_spaces.files.strict_yaml import dump

SCHEMA = 1
THREADS = "settings.threads"
GIVEN_AGAIN = {THREADS: "--threads", "tta": "--tta"}
"""Options of a training that one would rather give again than begin anew."""


@dataclass(frozen=True, eq=False)
class Training:
    """One training: the deployment ``architecture`` on ``data`` (read from ``spec``) by ``recipe`` with
    ``settings``; from fresh weights or those of the file ``weights``, whose scopes ``freeze`` stay as they are. At its
    end it is evaluated with the test-time augmentation ``tta``."""

    name: str
    architecture: Architecture
    data: Data
    spec: str
    recipe: Recipe
    settings: Settings
    seed: int = 0
    weights: Path | None = None
    freeze: tuple[str, ...] = ()
    blocks: str | None = None
    tta: str = NO_TTA

    @property
    def trained(self) -> Architecture:
        """The network as it is trained."""
        return trained_network(self.architecture, self.recipe, self.settings.image_size, len(self.data.classes))

    @property
    def sized(self) -> Sized:
        """What was made of the recipe for these images."""
        batch = self.settings.batch
        return Sized(self.recipe, self.settings.epochs, batch, max(1, len(self.data.train) // batch))

    def start(self) -> Start | None:
        """The weights to begin with, None for fresh ones. Raises UserError where they cannot be read."""
        state = self._state
        if state is None:
            return None
        name = json.dumps([self.weights_digest, self.freeze])
        return Start(lambda module: fit_weights(module, state, new_head=True), self.freeze, name)

    def fresh(self) -> list[str]:
        """Names of the tensors that the weights to begin with do not give: those of a head of other classes. Raises
        UserError where the weights do not fit, or something is to be frozen without weights."""
        state = self._state
        if state is None:
            if self.freeze:
                raise UserError("needs weights to begin with", "freeze")
            return []
        with torch.device("meta"):
            module = build(self.trained, training=True)
        begin(module, Start(lambda module: None, self.freeze, ""))
        try:
            return fit_weights(module, {name: tensor.to("meta") for name, tensor in state.items()}, new_head=True)
        except UserError as error:
            raise UserError(f"{self.weights} does not fit {self.name}: {error}") from None

    @cached_property
    def _state(self) -> State | None:
        """The weights to begin with under our names, if any. Raises UserError where they cannot be read."""
        if self.weights is None:
            return None
        state, trained = load_weights(self.weights)
        for classes in () if trained else sorted({self.architecture.classes, len(self.data.classes)}):
            state = as_ours(self.name, self.architecture.at(classes=classes), state)
        return state

    @cached_property
    def weights_digest(self) -> str | None:
        """SHA-256 of the file of weights. Raises UserError where it cannot be read."""
        if self.weights is None:
            return None
        try:
            return hashlib.sha256(self.weights.read_bytes()).hexdigest()
        except OSError as error:
            raise UserError(f"{self.weights} cannot be read: {error.strerror}", "weights") from None

    def to_data(self) -> dict[str, Any]:
        """Plain data, as in ``train.yaml``."""
        images = {part: len(getattr(self.data, part)) for part in ("train", "val", "test")}
        return {
            "schema": SCHEMA,
            "name": self.name,
            "network": digest(self.architecture),
            "data": {"name": self.data.name, "spec": self.spec, "digest": self.data.digest, "images": images},
            "recipe": self.recipe.to_data(),
            "recipe_digest": self.recipe.digest,
            "settings": self.settings.to_data(),
            "seed": self.seed,
            "weights": self.weights_digest,
            "weights_name": _name_of(self.weights) if self.weights else None,
            "freeze": list(self.freeze),
            "blocks": self.blocks,
            "tta": self.tta,
            "versions": installed_versions(),
        }

    def identity(self) -> dict[str, Any]:
        """The part that must be equal for a training to go on, flat. Where the images lie does not matter, but what
        they are."""
        return _identity(self.to_data(), Path())

    def default_folder(self) -> Path:
        """``runs/<network>-<data>-<recipe>-<first 8 of the identity's digest>``; threads are left out, and so is what
        early releases did not have where it is not asked for."""
        identity = self.identity()
        for name in (THREADS, "tta") if self.tta == NO_TTA else (THREADS,):
            del identity[name]
        sha = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:8]
        parts = (self.name, self.data.name, self.recipe.name.partition(" ")[0], sha)
        return Path("runs") / "-".join(re.sub(r"[^\w.]+", "_", part)[:60] for part in parts)

    def settled(self, folder: Path) -> Training:
        """With as many threads as the training in the folder began with, or as measured now on the CPU: results differ
        in their last digits by the number of threads, which is part of what a training is."""
        if (folder / layout.TRAINING).is_file():
            stored = _identity(read(folder / layout.TRAINING), folder)
            count = stored.get(THREADS, self.settings.threads)
        elif self.settings.device == "cpu" and self.settings.processes == 1:
            count = faster_threads(self.trained, self.settings.batch, cores())
        else:
            count = self.settings.threads
        return replace(self, settings=replace(self.settings, threads=count))

    def write(self, folder: Path) -> None:
        write_atomic(folder / layout.TRAINING, dump(self.to_data()))

    def check_same(self, folder: Path) -> None:
        """Raise UserError that names every field in which the training of a folder differs from this one."""
        there, asked = _identity(read(folder / layout.TRAINING), folder), self.identity()
        different = [name for name in asked if there.get(name) != asked[name]]
        if not different:
            return
        texts = [f"{name} (there {there.get(name)}, asked {asked[name]})" for name in different]
        again = " ".join(f"{GIVEN_AGAIN[name]} {there[name]}" for name in different if name in GIVEN_AGAIN)
        goes_on = f"{again} goes on, " if GIVEN_AGAIN.keys() >= set(different) else ""
        way_out = f"{goes_on}another folder (--out DIR) begins anew"
        raise UserError(f"{folder} holds another training; it differs in {'; '.join(texts)}: {way_out}")


def _name_of(weights: Path) -> str:
    """What people call a file of weights: its own name, or that of the training or study that left it."""
    is_left = weights.name in (layout.WEIGHTS, layout.BEST)
    return weights.absolute().parent.name if is_left else weights.stem


def _identity(data: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The flat identity of what a ``train.yaml`` says. Raises UserError for a damaged one."""
    if data.get("schema") != SCHEMA:
        raise UserError(f"{folder / layout.TRAINING}: schema must be {SCHEMA}, got {data.get('schema')!r}")
    try:
        plain = {name: data[name] for name in ("network", "seed", "weights", "freeze")}
        settings = {f"settings.{name}": value for name, value in data["settings"].items()}
        named = {"data": data["data"]["digest"], "recipe": data["recipe_digest"], "tta": data.get("tta", NO_TTA)}
        return {**plain, **named, **settings}
    except (KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{folder / layout.TRAINING} is damaged: {error}") from None
