"""The idx format of MNIST and its kin: a magic number, dimensions, bytes; packed by gzip or not."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from search_spaces.errors import UserError

BYTES = 0x08  # idx's code for unsigned bytes, the third of four bytes of the magic number; the fourth: dimensions
MAX_RATIO = 1032  # of the bytes that deflate unpacks to those that it reads


def read_idx(path: Path, dims: int) -> np.ndarray:
    """The uint8 array of ``dims`` dimensions in an idx file. Raises UserError that names a corrupt file."""
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rb") as file:
            head = file.read(4 + 4 * dims)
            shape = _shape(path, head, dims)
            size = math.prod(shape)
            if size > _most(path):
                raise UserError(f"{path} is corrupt: its header says {size:,} bytes, more than it can hold")
            body = file.read(size + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path} cannot be read: {error}") from None
    if len(body) != size:
        more = "more" if len(body) > size else f"{len(body):,}"
        raise UserError(f"{path} is corrupt: its header says {size:,} bytes of pixels or labels, it holds {more}")
    return np.frombuffer(body, dtype=np.uint8).reshape(shape)


def _most(path: Path) -> int:
    """Bytes that the file can hold, unpacked."""
    return path.stat().st_size * (MAX_RATIO if path.suffix == ".gz" else 1)


def _shape(path: Path, head: bytes, dims: int) -> tuple[int, ...]:
    magic = bytes((0, 0, BYTES, dims))
    if head[:4] != magic or len(head) != 4 + 4 * dims:
        raise UserError(f"{path} is no idx file of {dims} dimensions: begins with {head[:4].hex()}, not {magic.hex()}")
    return struct.unpack(f">{dims}I", head[4:])
