"""``nas scale``: a base becomes a larger network, or a family."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas.cli import output
from nas.cli.arguments import add_blocks, add_json
from nas.cli.exits import DONE
from nas.cli.parser import Parser, command
from nas.module.loading import latest_base, load_architecture
from search_spaces.errors import UserError

if TYPE_CHECKING:
    from scaling import Scaled
    from search_spaces import Architecture

EXAMPLE = """
nas scale --phi 3
nas scale efficientnet-b0 --variant b3 --explain
nas scale studies/mine --target 1.8GFLOPs --out larger.yaml
nas scale --family --out family/
"""

DEFAULT_BASE = "efficientnet-b0"


def parser() -> Parser:
    """Options of ``nas scale``."""
    p = command("scale", "Compound scaling: depth, width and image size grow together.", EXAMPLE)
    p.add_argument(
        "base",
        nargs="?",
        metavar="BASE",
        help="known network, file or study folder; by default the study under studies/ that finished last, "
        "else efficientnet-b0",
    )
    rule = p.add_mutually_exclusive_group(required=True)
    rule.add_argument(
        "--phi", type=float, metavar="X", help="depth 1.2^X, width 1.1^X, image size 1.15^X; any real number"
    )
    rule.add_argument("--variant", metavar="NAME", help="a row of EfficientNet's published table: b0 … b8, l2")
    rule.add_argument("--target", metavar="BUDGET", help="the largest network that fits, such as 1.8GFLOPs")
    rule.add_argument("--family", action="store_true", help="all published variants")
    p.add_argument("--explain", action="store_true", help="show the rule, its numbers and the rows")
    p.add_argument(
        "--out",
        type=Path,
        metavar="PATH",
        help="save as this YAML file (a folder with --family); by default into the study that the base is from",
    )
    add_blocks(p)
    add_json(p)
    return p


def run(options: argparse.Namespace) -> int:
    """Scale the base, print the comparison, save where asked, or beside the base of a study."""
    from search_spaces import digest

    source = options.base or latest_base() or DEFAULT_BASE
    name, base = load_architecture(source, options.blocks)
    members = _members(base, options)
    out = options.out or _beside(source, options, members[0])
    saved = [] if out is None else _save(members, out, base, name, replace=options.out is None)
    if options.json:
        output.print_json(_as_data(name, base, members, options.family))
        return DONE
    print(f"base: {name}  {digest(base)}\n")
    _print_members(name, base, members)
    for note in dict.fromkeys(member.note for member in members if member.note):
        print(f"\nnote: {note}")
    if options.explain:
        _explain(members)
    saved_lines = [f"saved {path}" for path in saved]
    print("", *(saved_lines or [f"nothing saved; {_how_to_save(options, members[0])}"]), sep="\n")
    return DONE


def _members(base: Architecture, options: argparse.Namespace) -> list[Scaled]:
    from scaling import family, scale
    from search_spaces import Budget

    if options.family:
        return list(family(base))
    if options.variant is not None:
        return [scale(base, variant=options.variant)]
    if options.target is not None:
        return [scale(base, target=Budget.parse(options.target))]
    return [scale(base, phi=options.phi)]


def _title(member: Scaled) -> str:
    if member.variant is not None:
        return member.variant
    return f"phi {member.phi:.6g}" + (" (largest that fits)" if member.rule == "target" else "")


def _print_members(name: str, base: Architecture, members: list[Scaled]) -> None:
    from search_spaces import cost

    total = cost(base)
    rows: list[tuple[object, ...]] = [(name, base.image_size, f"{total.params:,}", f"{total.macs:,}", "1", None)]
    rows += [
        (
            _title(member),
            member.architecture.image_size,
            f"{member.cost.params:,}",
            f"{member.cost.macs:,}",
            f"{member.ratio:.3g}",
            f"{member.nominal_ratio:.3g}",
        )
        for member in members
    ]
    output.print_table(("network", "image", "parameters", "MACs", "× base", "nominal ×"), rows, "lrrrrr")


def _explain(members: list[Scaled]) -> None:
    from nas.cli.rows import print_rows

    for member in members:
        print(f"\n{_title(member)}: {_coefficients(member)}")
        print("widths round to multiples of 8 but never lose over 10 %, repeats round up")
        print_rows(member.architecture)


def _coefficients(member: Scaled) -> str:
    phi = "" if member.phi is None else f"phi {member.phi:.4g}, "
    return f"{phi}depth × {member.depth:.4g}, width × {member.width:.4g}, image size × {member.resolution:.4g}"


def _beside(source: str, options: argparse.Namespace, member: Scaled) -> Path | None:
    """Where the result goes by default: into the study that the base is from; nowhere for other bases."""
    folder = Path(source)
    if not folder.is_dir():
        return None
    return folder / ("family" if options.family else f"scaled-{_file_stem(member)}.yaml")


def _save(members: list[Scaled], out: Path, base: Architecture, base_name: str, replace: bool) -> list[Path]:
    """Write one file, or one a member; only files of the default name and place are replaced."""
    from scaling import save_scaled

    paths = [out] if len(members) == 1 else [out / f"{_file_stem(member)}.yaml" for member in members]
    for path in paths:
        if path.exists() and not replace:
            raise UserError(f"--out {path}: exists already; choose another name or remove it")
    try:
        for path, member in zip(paths, members, strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            save_scaled(member, path, base, base_name)
    except OSError as error:
        raise UserError(f"--out {out}: cannot write there ({error.strerror})") from error
    return paths


def _file_stem(member: Scaled) -> str:
    return member.variant or f"phi{member.phi:.6g}"


def _how_to_save(options: argparse.Namespace, member: Scaled) -> str:
    if options.family:
        return "--out family/ writes one YAML file a member"
    return f"--out scaled-{_file_stem(member)}.yaml writes it"


def _as_data(name: str, base: Architecture, members: list[Scaled], as_family: bool) -> dict[str, Any]:
    from nas.cli.cost import cost_facts

    scaled = [_member_data(member) for member in members]
    return {"base": cost_facts(name, base)} | ({"family": scaled} if as_family else {"scaled": scaled[0]})


def _member_data(member: Scaled) -> dict[str, Any]:
    from nas.cli.cost import cost_facts
    from search_spaces.files.codec import to_data

    names = ("rule", "variant", "phi", "depth", "width", "resolution", "ratio", "nominal_ratio", "note")
    facts = cost_facts(_title(member), member.architecture) | {name: getattr(member, name) for name in names}
    return facts | {"architecture": to_data(member.architecture)}
