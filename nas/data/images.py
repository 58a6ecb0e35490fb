"""From an image file to uint8 pixels: the one home of how sizes, modes and orientation are treated."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from search_spaces.errors import UserError

VERSION = 1  # of the rules for pixels and for splits: decoded copies of another version are not used
GREY_MODES = ("1", "L", "LA", "I", "I;16", "I;16B", "I;16L", "F")
UNREADABLE = (  # what Pillow's decoders raise on bytes that they do not understand
    *(OSError, EOFError, SyntaxError, ValueError, TypeError, KeyError, IndexError, struct.error),
    Image.DecompressionBombError,
)


def read_image(path: Path, side: int, channels: int) -> np.ndarray:
    """One image as uint8 (channels, side, side), ``channels`` being 1 (grey) or 3 (RGB).

    The shorter side is resized to ``side`` pixels, then the centre is cropped. The camera's orientation is
    applied, transparency put over black, 16 bits scaled to 8; of an animation the first frame counts. Raises
    UserError that names a file that cannot be read, or that has more pixels than Pillow takes for an attack
    (twice ``PIL.Image.MAX_IMAGE_PIXELS``, 179 million).
    """
    with _opened(path) as image:
        pixels = np.asarray(_cropped(_converted(_upright(image), grey=channels == 1), side))
    return pixels[None] if channels == 1 else pixels.transpose(2, 0, 1)


def header(path: Path) -> tuple[tuple[int, int], str]:
    """Width and height in pixels, and Pillow's mode, without decoding. Raises UserError that names the file."""
    with _opened(path) as image:
        return image.size, image.mode


def decode(paths: Sequence[Path], side: int, channels: int) -> np.ndarray:
    """All images as uint8 (N, C, side, side), channels last in memory; one thread per processor decodes."""
    pixels = np.empty((len(paths), side, side, channels), dtype=np.uint8)

    def one(index: int) -> None:
        pixels[index] = read_image(paths[index], side, channels).transpose(1, 2, 0)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(one, range(len(paths))):  # asks for results, so that the first error ends it
            pass
    return pixels.transpose(0, 3, 1, 2)


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    try:
        with Image.open(path) as image:
            yield image
    except UNREADABLE as error:
        reason = str(error) or type(error).__name__
        raise UserError(f"{path} is not a readable image: {reason.splitlines()[0]}") from None


def _upright(image: Image.Image) -> Image.Image:
    """Turned as the camera says; a broken note on orientation counts as none."""
    image.load()
    with suppress(*UNREADABLE):
        ImageOps.exif_transpose(image, in_place=True)
    return image


def _converted(image: Image.Image, grey: bool) -> Image.Image:
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        values = np.asarray(image, dtype=np.float64)
        scale = 255 / 65535 if image.mode != "F" or values.max() > 255 else 1.0
        image = Image.fromarray(np.clip(np.round(values * scale), 0, 255).astype(np.uint8))
    if image.mode in ("LA", "PA", "RGBA") or (image.mode == "P" and "transparency" in image.info):
        colours = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", colours.size, (0, 0, 0, 255)), colours)
    return image.convert("L" if grey else "RGB")


def _cropped(image: Image.Image, side: int) -> Image.Image:
    """Square of ``side`` pixels: the shorter side resized, the centre kept."""
    width, height = image.size
    if (width, height) == (side, side):
        return image
    scale = side / min(width, height)
    size = max(side, round(width * scale)), max(side, round(height * scale))
    image = image.resize(size, Image.Resampling.BILINEAR)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.crop((left, top, left + side, top + side))
