"""An exported ONNX file as a network that predicts, by onnxruntime on the CPU."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from nas.module.files import LATER, Trained
from nas.module.onnx import INPUT, OUTPUT, logits, opened, require
from search_spaces.errors import UserError
from search_spaces.files.plain_json import parse_json

TEXTS = ("name", "dtype")  # all else in the metadata is JSON
WITHIN = ("architecture",)  # of what was trained: the graph


class OnnxModule(nn.Module):
    """Maps pixels of 0 to 255 (N, C, H, W), float32 on the CPU, to logits (N, classes)."""

    def __init__(self, session: Any) -> None:
        super().__init__()
        self.session = session

    def forward(self, x: Tensor) -> Tensor:
        return logits(self.session, x)


@dataclass(frozen=True, eq=False)
class OnnxNetwork:
    """The file ``weights`` with what it was ``trained`` as; mean and deviation are 0 and 1 here, as the graph
    normalises pixels itself."""

    name: str
    module: OnnxModule
    weights: Path
    trained: Trained

    @property
    def image_size(self) -> int:
        return self.trained.image_size

    @property
    def in_channels(self) -> int:
        return self.trained.in_channels


def load_onnx(path: Path) -> OnnxNetwork:
    """A file that :func:`nas.module.onnx.export_onnx` wrote of trained weights.

    Raises UserError where onnxruntime is missing or cannot load it, and for a file that does not say its classes, image
    size and normalisation.
    """
    require("an ONNX file", "onnxruntime")
    try:
        session = opened(path)
        trained = _trained(session.get_modelmeta().custom_metadata_map)
        _check_shapes(session, trained)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None
    inside = replace(trained, mean=(0.0,) * trained.in_channels, deviation=(1.0,) * trained.in_channels)
    return OnnxNetwork(path.stem, OnnxModule(session), path, inside)


def _trained(about: dict[str, str]) -> Trained:
    names = [f.name for f in fields(Trained) if f.name not in WITHIN]
    missing = [name for name in names if name not in about and name not in LATER]
    if missing:
        raise UserError(
            f"does not say its {', '.join(missing)}; ONNX files of `nas export` do, where their weights say it"
        )
    values = {name: about[name] for name in names if name in about}
    try:
        data = {name: text if name in TEXTS else parse_json(text) for name, text in values.items()}
    except ValueError:
        raise UserError("its metadata is damaged") from None
    return Trained.from_data({"architecture": {}, **data})


def _check_shapes(session: Any, trained: Trained) -> None:
    """The graph must take such images, and give such logits."""
    actual = {port.name: tuple(port.shape[1:]) for port in (*session.get_inputs(), *session.get_outputs())}
    image = (trained.in_channels, trained.image_size, trained.image_size)
    if actual != {INPUT: image, OUTPUT: (len(trained.classes),)}:
        raise UserError(f"takes and gives {actual}, its metadata says {image} and {len(trained.classes)} classes")
