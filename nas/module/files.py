"""Weights as files that run no code: safetensors with what was trained beside them, or torch checkpoints."""

from __future__ import annotations

import json
import pickle
import struct
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from nas.data.centre_crop import CentreCrop
from nas.module.dtypes import DTYPES
from nas.storage.files import replacing
from search_spaces import Architecture
from search_spaces.errors import UserError
from search_spaces.files.codec import Kinds, check_ends, from_data
from search_spaces.files.plain_json import parse_json
from search_spaces.values import Check, Rule, a_number, an_integer, checked, one_of, some

FORMAT = "nas-weights-1"
STATES = ("average", "model_ema", "state_dict_ema", "ema", "model", "state_dict")  # in a checkpoint, first comes first
WRAPPERS = ("module.", "_orig_mod.", "model.")
LATER = {"centre_crop"}  # fields that older files lack
HEADER = 8  # bytes of safetensors that say how long its header is, whose first one is a brace
DAMAGED = (  # what torch.load raises for damaged files, and for those that would run code
    *(OSError, RuntimeError, EOFError, ValueError, KeyError, IndexError, TypeError, AttributeError, AssertionError),
    *(ImportError, struct.error, pickle.UnpicklingError),
)

State = dict[str, Tensor]


@dataclass(frozen=True)
class Trained:
    """What weights were trained as.

    ``architecture`` is plain data (:func:`search_spaces.files.codec.to_data`) of the network as trained: at the
    training image size, with the data's classes. ``classes`` are names in the order of the logits; ``image_size``
    is the side in pixels; ``mean`` and ``deviation``, one a channel, are on the scale 0 to 255. ``dtype`` is the
    precision of the forward pass. ``provenance`` says where the weights are from: ``recipe``, ``recipe_digest``,
    ``data``, ``data_digest``, ``seed``, ``epochs``, ``top1`` (0 to 1) and the like. ``centre_crop`` is the part of an
    image that weights from elsewhere look at; None: all that the square images of the data show. Raises UserError that
    names the field.
    """

    architecture: Mapping[str, Any]
    name: str
    classes: tuple[str, ...]
    image_size: int
    in_channels: int
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    dtype: str = "float32"
    provenance: Mapping[str, Any] = field(default_factory=dict)
    centre_crop: CentreCrop | None = None

    def __post_init__(self) -> None:
        rules: dict[str, Check] = {
            "dtype": one_of(*DTYPES),
            "image_size": an_integer(),
            "in_channels": an_integer(),
            "classes": some(Rule("text", lambda name: isinstance(name, str), ()), least=1),
            "mean": some(a_number(), self.in_channels),
            "deviation": some(a_number(above=0), self.in_channels),
        }
        for name, rule in rules.items():
            checked(rule, getattr(self, name), f"trained.{name}")
        if not isinstance(self.provenance, Mapping):
            raise UserError(f"must hold keys and values, got {self.provenance!r}", "trained.provenance")

    def after(self, epochs: int, top1: float) -> Trained:
        """The same, with where in the training it was and the validation top-1 (0 to 1) then."""
        return replace(self, provenance={**self.provenance, "epochs": epochs, "top1": top1})

    def to_data(self) -> dict[str, Any]:
        """Plain data, which JSON and checkpoints hold."""
        return asdict(self)

    @staticmethod
    def from_data(data: Any) -> Trained:
        """What :meth:`to_data` made; raises UserError that names the field."""
        if not isinstance(data, Mapping):
            raise UserError(f"must hold keys and values, got {type(data).__name__}", "trained")
        names = {f.name for f in fields(Trained)}
        wrong = sorted(names.symmetric_difference(map(str, data)) - (LATER - data.keys()))
        if wrong:
            raise UserError(f"must have exactly {', '.join(sorted(names))}; {wrong[0]!r} differs", "trained")
        values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in data.items()}
        return Trained(**values | {"centre_crop": _centre_crop(data.get("centre_crop"))})

    def network(self, blocks: Kinds | None = None) -> Architecture:
        """The architecture as trained; raises UserError where its rows, classes or sizes contradict the rest."""
        network = from_data(self.architecture, blocks)
        if not isinstance(network, Architecture):
            raise UserError("must be a network, not a space", "trained.architecture")
        actual = (network.classes, network.image_size, network.in_channels)
        stated = (len(self.classes), self.image_size, self.in_channels)
        if actual != stated:
            raise UserError(
                f"has (classes, image_size, in_channels) {actual}, the rest says {stated}", "trained.architecture"
            )
        return network


def _centre_crop(data: Any) -> CentreCrop | None:
    """What :class:`Trained` says of it. Raises UserError that names the field."""
    if data is None:
        return None
    names = [f.name for f in fields(CentreCrop)]
    if not isinstance(data, Mapping) or sorted(map(str, data)) != sorted(names):
        raise UserError(f"must have exactly {', '.join(names)}, got {data!r}", "trained.centre_crop")
    try:
        return CentreCrop(**data)
    except UserError as error:
        raise error.under("trained.centre_crop") from None


def save_weights(path: Path, state: Mapping[str, Tensor], trained: Trained) -> None:
    """Write tensors by name, and what they were trained as, as safetensors: whole or not at all.

    Raises UserError where the file cannot be written.
    """
    from safetensors.torch import save

    tensors = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in state.items()}
    content = save(tensors, {"format": FORMAT, "trained": json.dumps(trained.to_data(), ensure_ascii=False)})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            file.write(content)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}") from None


def load_weights(path: Path) -> tuple[State, Trained | None]:
    """Tensors by name, on the CPU, and what they were trained as where the file says so. No code is run.

    Reads safetensors and torch checkpoints, of which averaged weights are taken where there are such.
    Raises UserError that names the file: unreadable, truncated, or holding more than tensors and plain values.
    """
    check_ends(path)
    try:
        state, trained = _checkpoint(path) if _is_checkpoint(path) else _safetensors(path)
        return state, None if trained is None else Trained.from_data(trained)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None


def read_checkpoint(path: Path) -> Any:
    """What torch saved: tensors, on the CPU, and plain values. No code is run.

    Raises UserError for a file that is missing, damaged, or holds anything else.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of pickle protocols that torch does not write
            with path.open("rb") as file:  # of a path torch would believe the ending
                return torch.load(file, map_location="cpu", weights_only=True)
    except DAMAGED as error:
        raise _unreadable(error) from None


def _is_checkpoint(path: Path) -> bool:
    """Whether the file begins as torch's checkpoints do, those of today or the old ones."""
    try:
        with path.open("rb") as file:
            start = file.read(HEADER + 1)
    except OSError as error:
        raise _unreadable(error) from None
    return start[:2] == b"PK" or (start[:1] == b"\x80" and start[HEADER:] != b"{")


def _safetensors(path: Path) -> tuple[State, Any]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            about = file.metadata() or {}
            state = _without_wrappers({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise _unreadable(error) from None
    if not about.get("format", "").startswith("nas-weights-"):
        return state, None
    if about["format"] != FORMAT:
        raise UserError(f"its format must be {FORMAT}, got {about['format']!r}")
    try:
        return state, parse_json(about.get("trained", "null"))
    except ValueError as error:
        raise _unreadable(error) from None


def _checkpoint(path: Path) -> tuple[State, Any]:
    data = read_checkpoint(path)
    if not isinstance(data, dict):
        raise UserError(f"must hold tensors by name, holds {type(data).__name__}")
    parts = (data.get(name) for name in STATES)
    state = next((part for part in parts if isinstance(part, dict) and part), data)
    other = next((name for name, value in state.items() if not isinstance(value, Tensor)), None)
    if other is not None or not state:
        raise UserError(f"must hold tensors by name, {other!r} is none" if state else "holds no tensors")
    return _without_wrappers(state), data.get("trained") if state is not data else None


def _without_wrappers(state: State) -> State:
    """Names as they are without DataParallel, torch.compile and the like around the module."""
    for prefix in WRAPPERS:
        if all(name.startswith(prefix) for name in state):
            return _without_wrappers({name.removeprefix(prefix): tensor for name, tensor in state.items()})
    return dict(state)


def _unreadable(error: Exception) -> UserError:
    reason = (str(error) or type(error).__name__).splitlines()[0]
    return UserError(f"holds no weights that can be read: {reason}")


def fit_weights(module: nn.Module, state: Mapping[str, Tensor], *, new_head: bool = False) -> list[str]:
    """Copy ``state`` into ``module``; auxiliary classifiers that the module lacks are left out.

    With ``new_head``, tensors of the head and of auxiliary classifiers that have another shape, or that the
    file lacks, stay as they were initialised; their names are returned. Raises UserError that names the first
    tensor that does not fit, with both shapes; the module is then unchanged.
    """
    tensors = module.state_dict()
    expected = {name: _shape(tensor) for name, tensor in tensors.items()}
    given = {name: _shape(tensor) for name, tensor in state.items()}
    new = [name for name in expected if new_head and _is_head(name) and given.get(name) != expected[name]]
    extra = [name for name in given if name not in expected and not name.startswith("aux.")]
    for name in (*(name for name in expected if name not in new), *extra):
        there, here = given.get(name, "absent"), expected.get(name, "absent")
        if there != here:
            raise UserError(f"{name} is {there} in the weights and {here} in the network")
    with torch.no_grad():
        for name in expected.keys() - new:
            tensors[name].copy_(state[name])
    return new


def _is_head(name: str) -> bool:
    return name.startswith(("head.", "aux."))


def _shape(tensor: Tensor) -> tuple[int, ...]:
    return tuple(tensor.shape)
