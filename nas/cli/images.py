"""One image file as a network takes it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from search_spaces.errors import UserError

if TYPE_CHECKING:
    import numpy as np


def read_image(file: Path, side: int, channels: int) -> np.ndarray:
    """Pixels (channels, side, side) as uint8: turned as EXIF says, the shorter side resized to ``side``, cropped at
    the centre. Raises UserError that names the file."""
    import nas.data

    own: Any = getattr(nas.data, "read_image", _read)
    return own(file, side, channels)  # type: ignore[no-any-return]


def _read(file: Path, side: int, channels: int) -> np.ndarray:
    import numpy as np
    from PIL import Image, ImageOps

    from nas.data.folder import _corrupt, _pixels

    try:
        with Image.open(file) as image:
            pixels = _pixels(ImageOps.exif_transpose(image), side, channels == 1)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        if isinstance(error, UserError):
            raise
        raise _corrupt(file, error) from None
    return pixels if channels in (1, 3) else np.repeat(pixels[:1], channels, axis=0)
