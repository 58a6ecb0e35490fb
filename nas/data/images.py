"""From an image file to uint8 pixels: the one home of how sizes, modes and orientation are treated."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from nas.data.centre_crop import CentreCrop
from nas.machine import usable_cores
from search_spaces.errors import UserError

VERSION = 2  # of the rules for pixels and for splits: decoded copies of another version are not used
GREY_MODES = ("1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "F")
TRANSPARENT_MODES = ("LA", "La", "PA", "RGBA", "RGBa")
DEEP = 65535  # the greatest value of 16 bits
UNPICTURED = ("BUFR", "EPS", "GRIB", "HDF5", "MPEG", "PDF", "WMF")  # what Pillow opens and cannot decode by itself
MAX_ASPECT = 100  # of the longer side to the shorter
UNREADABLE = (  # what Pillow's decoders raise on bytes that they do not understand
    *(OSError, EOFError, SyntaxError, ValueError, TypeError, KeyError, IndexError, struct.error),
    Image.DecompressionBombError,
)


def read_image(path: Path, side: int | CentreCrop, channels: int) -> np.ndarray:
    """One image as uint8 (channels, side, side), ``channels`` being 1 (grey) or 3 (RGB).

    The shorter side is resized to ``side`` pixels, then the centre is cropped; or as a CentreCrop says. The camera's
    orientation is applied, transparency put over black, 16 bits scaled to 8; of an animation the first frame counts.
    Raises UserError that names a file that cannot be read, whose values have no defined brightness (beyond 16 bits,
    floats up to 1 or beyond 255), that is over 100 times as long as wide, or that has more pixels than Pillow takes for
    an attack (twice ``PIL.Image.MAX_IMAGE_PIXELS``, 179 million).
    """
    with _opened(path) as image:
        pixels = np.asarray(_cropped(_converted(_upright(image), grey=channels == 1), side))
    return pixels[None] if channels == 1 else pixels.transpose(2, 0, 1)


def header(path: Path) -> tuple[tuple[int, int], str]:
    """Width and height in pixels, and Pillow's mode, without decoding. Raises UserError that names the file."""
    with _opened(path) as image:
        return image.size, image.mode


def is_image(path: Path) -> bool:
    """Whether Pillow knows the file as a picture, by its first bytes."""
    with suppress(UserError), _opened(path) as image:
        return image.format not in UNPICTURED
    return False


def decode(paths: Sequence[Path], side: int, channels: int) -> np.ndarray:
    """All images as uint8 (N, C, side, side), channels last in memory; one thread per core decodes."""
    pixels = np.empty((len(paths), side, side, channels), dtype=np.uint8)

    def one(index: int) -> None:
        pixels[index] = read_image(paths[index], side, channels).transpose(1, 2, 0)

    with ThreadPoolExecutor(usable_cores()) as pool:
        for _ in pool.map(one, range(len(paths))):  # asks for results, so that the first error ends it
            pass
    return pixels.transpose(0, 3, 1, 2)


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    try:
        with Image.open(path) as image:
            yield image
    except UserError as error:
        raise UserError(f"{path} {error}") from None
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
        image = _in_eight_bits(image)
    if image.mode in TRANSPARENT_MODES or "transparency" in image.info:
        colours = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", colours.size, (0, 0, 0, 255)), colours)
    return image.convert("L" if grey else "RGB")


def _in_eight_bits(image: Image.Image) -> Image.Image:
    """Integers 0 … 65,535 scaled to 0 … 255; floats 0 … 255 as they are. Raises UserError for other values, and for
    floats up to 1, which mean black here and white elsewhere."""
    values = np.asarray(image)
    low, high = values.min(), values.max()
    scale, most = (1.0, 255) if image.mode == "F" else (255 / DEEP, DEEP)
    if not 0 <= low <= high <= most or (image.mode == "F" and 0 < high <= 1):
        raise UserError(f"has values from {low:g} to {high:g}, which have no defined brightness: save it with 8 bits")
    return Image.fromarray(np.round(values.astype(np.float64) * scale).astype(np.uint8))


def _cropped(image: Image.Image, side: int | CentreCrop) -> Image.Image:
    """Square of ``side`` pixels: the shorter side resized, the centre kept; or as a CentreCrop says."""
    width, height = image.size
    if (width, height) == (side, side):
        return image
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise UserError(f"is {width} × {height} pixels: one side may be {MAX_ASPECT} times the other at most")
    if isinstance(side, CentreCrop):
        cropped: Image.Image = side.of(image)
        return cropped
    scale = side / min(width, height)
    size = max(side, round(width * scale)), max(side, round(height * scale))
    image = image.resize(size, Image.Resampling.BILINEAR)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.crop((left, top, left + side, top + side))
