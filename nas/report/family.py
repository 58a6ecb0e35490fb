"""A family as values: the members of a folder that ``nas scale --family`` wrote, or those that a base would have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nas.report.stored import augmented, stored_summary
from nas.storage import layout
from scaling import family
from search_spaces import Architecture, cost, digest
from search_spaces.errors import UserError
from search_spaces.files.codec import from_data, read
from search_spaces.known.load import SUFFIXES


@dataclass(frozen=True)
class Member:
    """A scaled network: its multipliers of ``depth``, ``width`` and ``resolution``, the ``nominal`` ratio of its MACs
    to the base's (depth · width² · resolution²) and the ``realised`` one, its exact costs at ``image_size`` pixels.
    ``top1`` (0 to 1) is that of a training of this network on validation images, ``trained`` says on what; None
    without one."""

    name: str
    depth: float
    width: float
    resolution: float
    nominal: float
    realised: float
    macs: int
    params: int
    image_size: int
    architecture: Architecture
    top1: float | None = None
    trained: str | None = None


def members_of(base: Architecture) -> tuple[Member, ...]:
    """B0 to B7 on this base, none of them trained."""
    return tuple(
        Member(
            name=str(scaled.variant),
            depth=scaled.depth,
            width=scaled.width,
            resolution=scaled.resolution,
            nominal=scaled.nominal_ratio,
            realised=scaled.ratio,
            macs=scaled.cost.macs,
            params=scaled.cost.params,
            image_size=scaled.architecture.image_size,
            architecture=scaled.architecture,
        )
        for scaled in family(base)
    )


def read_family(folder: Path) -> tuple[Member, ...]:
    """The scaled networks in a folder, by their MACs, with the scores of trainings that lie in it. Raises UserError
    where a file of it cannot be read; empty where it holds none."""
    trainings = _trainings(folder)
    members = [_member(path, trainings) for path in sorted(folder.iterdir()) if path.suffix in SUFFIXES]
    return tuple(sorted((member for member in members if member is not None), key=lambda member: member.macs))


def _member(path: Path, trainings: Mapping[str, tuple[float, str]]) -> Member | None:
    data = read(path)
    about = data.get("provenance") if isinstance(data, dict) else None
    if not isinstance(about, dict) or "realised_ratio" not in about:
        return None
    network = from_data(data)
    if not isinstance(network, Architecture):
        return None
    total = cost(network)
    top1, trained = trainings.get(digest(network), (None, None))
    try:
        return Member(
            name=path.stem,
            depth=float(about["depth"]),
            width=float(about["width"]),
            resolution=float(about["resolution"]),
            nominal=float(about["nominal_ratio"]),
            realised=float(about["realised_ratio"]),
            macs=total.macs,
            params=total.params,
            image_size=network.image_size,
            architecture=network,
            top1=top1,
            trained=trained,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path}: provenance is damaged ({error})") from None


def _trainings(folder: Path) -> dict[str, tuple[float, str]]:
    """Validation top-1 and what it was trained on, by the digest of the network, of the trainings in a folder."""
    known: dict[str, tuple[float, str]] = {}
    for path in sorted(folder.glob(f"*/{layout.SUMMARY}")):
        summary = stored_summary(path)
        network = from_data(read(path.parent / layout.NETWORK))
        if isinstance(network, Architecture):
            conditions = (
                f"{summary['data']}, recipe {summary['recipe']}, {summary['epochs']} epochs{augmented(summary)}"
            )
            known[digest(network)] = float(summary["val"]["top1"]), conditions
    return known
