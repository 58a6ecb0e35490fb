"""What a user says of weights that do not say it themselves: a YAML file beside them, of the same name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nas.data.centre_crop import INTERPOLATIONS, CentreCrop
from nas.module.files import Trained
from search_spaces import Architecture
from search_spaces.errors import UserError, did_you_mean
from search_spaces.files.codec import read, to_data
from search_spaces.values import Check, Rule, a_number, an_integer, checked, one_of, some

NEEDED = ("classes", "mean", "deviation")
WHITE = 255

_NUMBERS = some(a_number(), least=1)
_POSITIVE = some(a_number(above=0), least=1)
_NAMES = some(Rule("text", lambda name: isinstance(name, str), ()), least=1)
_FIELDS: dict[str, Check] = {
    "classes": lambda value: value if isinstance(value, str) else _NAMES(_as_texts(value)),
    "mean": lambda value: _NUMBERS(_as_list(value)),
    "deviation": lambda value: _POSITIVE(_as_list(value)),
    "scale": Rule("1 or 255", lambda value: value in (1, WHITE) and value is not True, (1, WHITE)),
    "image_size": an_integer(),
    "resize": an_integer(),
    "crop": an_integer(),
    "interpolation": one_of(*INTERPOLATIONS),
}


@dataclass(frozen=True)
class WeightsInfo:
    """``classes`` in the order of the logits; ``mean`` and ``deviation``, one value for all channels or one a channel,
    on the scale 0 to 255. The shorter side is resized to ``resize`` pixels and a centre of ``crop`` cropped, which the
    network sees at ``image_size``: by default that of the crop, else its own."""

    classes: tuple[str, ...]
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    resize: int | None = None
    crop: int | None = None
    image_size: int | None = None
    interpolation: str = "bilinear"

    def trained(self, name: str, network: Architecture) -> Trained:
        """What weights of the ``network`` called ``name`` were trained as. Raises UserError where the two differ."""
        network = network.at(self.image_size or self.crop, len(self.classes))
        crop, channels = self.crop or network.image_size, network.in_channels
        return Trained(
            architecture=to_data(network),
            name=name,
            classes=self.classes,
            image_size=network.image_size,
            in_channels=channels,
            mean=self.mean * (channels if len(self.mean) == 1 else 1),
            deviation=self.deviation * (channels if len(self.deviation) == 1 else 1),
            centre_crop=CentreCrop(self.resize or crop, crop, self.interpolation),
        )


def weights_info(weights: Path) -> WeightsInfo | None:
    """What the YAML file beside the file of ``weights``, and named as it, says; None where there is none, and where it
    is a network. Raises UserError that names file, field and rule."""
    path = weights.with_suffix(".yaml")
    if not path.is_file() or path == weights:
        return None
    data = read(path)
    if "schema" in data:
        return None
    try:
        return _info(data, path.parent)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None


def _info(data: Mapping[str, Any], folder: Path) -> WeightsInfo:
    for name in data.keys() - _FIELDS.keys():
        known = f"must be one of {', '.join(_FIELDS)}"
        raise UserError(
            f"{known}, got {name!r}{did_you_mean(name, _FIELDS)}; it says what the weights beside it expect"
        )
    for name in NEEDED:
        if name not in data:
            raise UserError("is missing", name)
    values = {name: checked(_FIELDS[name], value, name) for name, value in data.items()}
    scale = values.pop("scale", 1 if max(*values["mean"], *values["deviation"]) <= 1 else WHITE)
    classes = values["classes"]
    values["classes"] = _lines(folder / classes) if isinstance(classes, str) else tuple(classes)
    values |= {name: tuple(WHITE / scale * value for value in values[name]) for name in ("mean", "deviation")}
    return WeightsInfo(**values)


def _lines(path: Path) -> tuple[str, ...]:
    """The lines of a text file that are not empty. Raises UserError where there are none."""
    try:
        lines = tuple(line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read {path}: {error}", "classes") from None
    if not lines:
        raise UserError(f"{path} must hold one class a line, is empty", "classes")
    return lines


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def _as_texts(value: Any) -> Any:
    """Names that YAML reads as integers are text again."""
    if not isinstance(value, list):
        return value
    return [str(name) if type(name) is int else name for name in value]
