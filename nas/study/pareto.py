"""Points of several numbers to maximise: which none beats, and the volume that they dominate."""

from __future__ import annotations

from collections.abc import Sequence

Point = Sequence[float]


def fronts(points: Sequence[Point]) -> list[int]:
    """For each point the index of its front: 0 where no other is at least as good in all numbers and better in one, 1
    where only those of front 0 are, and so on (non-dominated sorting, Deb et al. 2002, sec. III.A)."""
    import numpy as np

    numbers = np.asarray(points, dtype=float)
    indices = np.full(len(numbers), -1)
    left, index = np.arange(len(numbers)), 0
    while len(left):
        here = numbers[left]
        at_least = (here[:, None, :] >= here[None, :, :]).all(axis=2)
        beaten = (at_least & ~at_least.T).any(axis=0)
        indices[left[~beaten]] = index
        left, index = left[beaten], index + 1
    return [int(index) for index in indices]


def hypervolume(points: Sequence[Point], reference: Point) -> float:
    """The volume of the union of the boxes from ``reference`` to each point (Zitzler & Thiele 1999), exactly, by slices
    along the last number; what does not beat the reference in all numbers adds nothing."""
    inside = [tuple(point) for point in points if all(p > r for p, r in zip(point, reference, strict=True))]
    if not inside:
        return 0.0
    if len(reference) == 1:
        return max(point[0] for point in inside) - reference[0]
    volume, floor = 0.0, reference[-1]
    for height in sorted({point[-1] for point in inside}):
        above = [point[:-1] for point in inside if point[-1] >= height]
        volume += (height - floor) * hypervolume(above, reference[:-1])
        floor = height
    return volume
