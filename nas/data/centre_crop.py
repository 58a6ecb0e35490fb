"""The part of an image that many published weights look at: the shorter side resized, then the centre cropped."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from search_spaces.errors import UserError
from search_spaces.values import Check, a_flag, an_integer, checked, one_of

INTERPOLATIONS = ("bilinear", "bicubic")
MAX_SIDE = 10_000  # pixels


@dataclass(frozen=True)
class CentreCrop:
    """The shorter side resized to ``resize`` pixels (both sides, where ``squash``), then a square of ``crop`` pixels
    cropped from the centre, exactly as torchvision and timm do it. Raises UserError that names the field."""

    resize: int
    crop: int
    interpolation: str = "bilinear"
    squash: bool = False

    def __post_init__(self) -> None:
        rules: dict[str, Check] = {
            "crop": an_integer(most=MAX_SIDE),
            "resize": an_integer(most=MAX_SIDE),
            "interpolation": one_of(*INTERPOLATIONS),
            "squash": a_flag,
        }
        for name, rule in rules.items():
            object.__setattr__(self, name, checked(rule, getattr(self, name), name))
        if self.resize < self.crop:
            raise UserError(f"must be at least the crop, {self.crop}, got {self.resize}", "resize")

    def of(self, image: Any) -> Any:
        """The part of an ``image`` of Pillow, or of uint8 pixels (…, H, W) as a tensor."""
        from torchvision.transforms import InterpolationMode
        from torchvision.transforms import functional as F

        size = [self.resize, self.resize] if self.squash else [self.resize]
        return F.center_crop(F.resize(image, size, InterpolationMode(self.interpolation)), [self.crop])

    def scaled(self, factor: float) -> CentreCrop:
        """The same part of an image at ``factor`` times the side."""
        crop = max(1, round(self.crop * factor))
        return CentreCrop(max(crop, round(self.resize * factor)), crop, self.interpolation, self.squash)

    def to_data(self) -> dict[str, Any]:
        """Plain data, by name of the field."""
        return asdict(self)
