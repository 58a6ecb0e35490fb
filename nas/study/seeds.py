"""Random numbers as a pure function of what they are for."""

from __future__ import annotations

import hashlib
import random


def derive(seed: int, *parts: object) -> int:
    """A number in 0 … 2³¹-1 from a study's seed and the purpose it serves, the same on every machine."""
    text = "|".join(str(part) for part in (seed, *parts))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") & 0x7FFFFFFF


def generator(seed: int, *parts: object) -> random.Random:
    """A generator of its own for one purpose: draws elsewhere never shift it."""
    return random.Random(derive(seed, *parts))
