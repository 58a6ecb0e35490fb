"""`nas scale`: a base becomes a larger network, or a family."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas.cli import output
from nas.cli.arguments import add_blocks, add_json
from nas.cli.exits import DONE
from nas.cli.parser import Parser, command, count
from nas.cli.scaled_members import (
    explained_data,
    how_to_save,
    image_lines,
    member_data,
    print_explained,
    print_members,
    save_members,
)
from nas.module.loading import latest_base, load_architecture
from search_spaces.errors import UserError

if TYPE_CHECKING:
    from scaling import Scaled
    from search_spaces import Architecture

EXAMPLE = """
nas scale --phi 3
nas scale efficientnet-b0 --variant b3
nas scale studies/mine --target 1.8GFLOPs --target 8Mparams --out larger.yaml
nas scale studies/mine --family --targets 0.7,1,1.8,4.2GFLOPs --max-image-size 96
nas scale studies/mine --family --phis 0.5..2 --train --data cifar10
nas scale efficientnet-b0 --explain efficientnet-b3
"""

DEFAULT_BASE = "efficientnet-b0"
WAYS = ("phi", "variant", "target")
MAX_MEMBERS = 100


def parser() -> Parser:
    """Options of `nas scale`."""
    p = command("scale", "Compound scaling: depth, width and image size grow together.", EXAMPLE)
    p.add_argument(
        "base",
        nargs="?",
        metavar="BASE",
        help="known network, file or study folder; by default the study under studies/ that finished last, "
        "else efficientnet-b0",
    )
    _add_ways(p)
    _add_rule(p)
    p.add_argument(
        "--out",
        type=Path,
        metavar="PATH",
        help="save as this YAML file (a folder with --family); by default into the study that the base is from",
    )
    _add_recipe(p)
    add_blocks(p)
    add_json(p)
    return p


def _add_ways(p: Parser) -> None:
    group = p.add_argument_group("how far")
    ways = group.add_mutually_exclusive_group()
    ways.add_argument("--phi", type=float, metavar="X", help="depth 1.2^X, width 1.1^X, image size 1.15^X; any real X")
    ways.add_argument("--variant", metavar="NAME", help="a row of EfficientNet's published table: b0 … b8, l2")
    target_help = "the largest network that fits, such as 1.8GFLOPs, 8Mparams or 12ms; may be repeated"
    ways.add_argument("--target", action="append", metavar="BUDGET", help=target_help)
    ways.add_argument("--family", action="store_true", help="a whole family: b0 to b7, or")
    group.add_argument("--phis", metavar="X,X|X..Y", help="at each of these φ, such as 0.5,1,2 or 1..7, or")
    group.add_argument("--targets", metavar="B,B", help="for each of these budgets, such as 0.7,1,1.8GFLOPs")
    explain_help = (
        "which φ the network MEMBER corresponds to, by depth, width, image size and cost; or each of the above"
    )
    group.add_argument("--explain", nargs="?", const="", metavar="MEMBER", help=explain_help)


def _add_rule(p: Parser) -> None:
    from scaling import RULES

    rules = "; ".join(f"{rule.name}: {rule.source}" for rule in RULES.values())
    group = p.add_argument_group("by which rule")
    group.add_argument("--rule", default="efficientnet", metavar=f"{{{','.join(RULES)}}}", help=rules)
    group.add_argument(
        "--coefficients", type=Path, metavar="FILE", help="α, β, γ of `nas scale-fit` in place of the rule's"
    )
    group.add_argument("--image-multiple", type=count, metavar="N", help="image sizes are multiples of N px")
    group.add_argument("--max-image-size", type=count, metavar="N", help="no larger images than this, in px")
    group.add_argument(
        "--device", default="cpu", metavar="D", help="where a latency is measured, and members are trained"
    )
    unsteady_help = "take a latency as it is measured, also where other work disturbs it"
    group.add_argument("--unsteady", action="store_true", help=unsteady_help)


def _add_recipe(p: Parser) -> None:
    from nas.cli.family_study import add_training

    group = p.add_argument_group("how members are trained")
    recipe_help = "of the base, by name or file; it grows with each member, into its file (modern, 40 epochs)"
    group.add_argument("--recipe", metavar="R", help=recipe_help)
    group.add_argument(
        "--memory", type=float, default=16, metavar="GB", help="for a step; batches are halved to fit (16)"
    )
    group.add_argument("--train", action="store_true", help="with --family: train the members alike, as a study")
    group.add_argument(
        "--beside", metavar="NAME,NAME", help="known networks that are trained alike, at the base's image size"
    )
    group.add_argument("--grow", action="store_true", help="with --train: each by its own grown recipe, not all alike")
    add_training(p, group)


def run(options: argparse.Namespace) -> int:
    """Scale the base, print the comparison, save where asked, or beside the base of a study; or train the family."""
    _check_ways(options)
    source = options.base or latest_base() or DEFAULT_BASE
    name, base = load_architecture(source, options.blocks)
    if not options.json:
        _say_base(options, source, name, base)
    if options.explain:
        return _explain(options, name, base)
    members = _members(base, options)
    if options.train:
        from nas.cli.scale_train import train_family

        return train_family(options, name, base, members)
    out = options.out or _beside(source, options, members[0])
    saved = [] if out is None else save_members(members, out, base, name, options)
    if options.json:
        scaled = [member_data(member) for member in members]
        shown: dict[str, Any] = {"family": scaled} if options.family else {"scaled": scaled[0]}
        output.print_json({"base": _facts(name, base), **shown, "files": [str(path) for path, _ in saved]})
        return DONE
    print_members(name, base, members)
    for note in dict.fromkeys(note for member in members for note in (*member.notes, *image_lines(source, member))):
        print(f"\nnote: {note}")
    if options.explain is not None:
        for member in members:
            print_explained(member.name, base, member.architecture, member)
    print()
    for path, is_new in saved:
        print(f"saved {path}" if is_new else f"{path} holds it already")
    print(f"next: nas train {saved[0][0]} --data …" if saved else how_to_save(options, members[0]))
    return DONE


def _check_ways(options: argparse.Namespace) -> None:
    options.family = options.family or options.phis is not None or options.targets is not None
    given = [f"--{way}" for way in WAYS if getattr(options, way) is not None]
    given += ["--family"] if options.family else []
    given += ["--explain MEMBER"] if options.explain else []
    if len(given) != 1:
        ways = "--phi, --variant, --target, --family, or --explain MEMBER"
        raise UserError(f"scaling needs one of {ways}; got {' and '.join(given) or 'none'}")
    if options.train and (not options.family or options.data is None):
        raise UserError("--train needs --family and --data")


def _say_base(options: argparse.Namespace, source: str, name: str, base: Architecture) -> None:
    from search_spaces import digest

    print(f"base: {name}  {digest(base)}")
    if options.base is None:
        why = (
            "no study under studies/ has a base"
            if source == DEFAULT_BASE
            else f"{source}, the study that finished last"
        )
        print(f"  taken because no BASE was named: {why}")
    print()


def _members(base: Architecture, options: argparse.Namespace) -> list[Scaled]:
    from scaling import family, read_coefficients, scale

    rule: dict[str, Any] = {
        "rule": options.rule,
        "coefficients": options.coefficients and read_coefficients(options.coefficients),
        "image_multiple": options.image_multiple,
        "max_image_size": options.max_image_size,
    }
    if options.family:
        from search_spaces.network.budget import series

        phis, targets = _phis(options.phis), series(options.targets) if options.targets else []
        return list(family(base, phis=phis, targets=targets, **rule, measure=_measure(options, targets)))
    if options.variant is not None:
        return [scale(base, variant=options.variant, **rule)]
    if options.target is not None:
        return [scale(base, target=options.target, **rule, measure=_measure(options, options.target))]
    return [scale(base, phi=options.phi, **rule)]


def _phis(text: str | None) -> list[float]:
    """``0.5,1,2``, or from one number to another in steps of 1."""
    if text is None:
        return []
    try:
        first, dots, last = text.partition("..")
        if dots:
            low, high = float(first), float(last)
            phis = [low + index for index in range(int(min(high - low, MAX_MEMBERS)) + 1)] if low <= high else []
        else:
            phis = [float(word) for word in text.split(",")]
    except ValueError:
        phis = []
    if not phis or len(set(phis)) < len(phis) or len(phis) > MAX_MEMBERS:
        raise UserError(
            f"--phis must be different numbers such as 0.5,1,2 or 1..7, {MAX_MEMBERS} at most, got {text!r}"
        )
    return phis


def _measure(options: argparse.Namespace, targets: list[str]) -> Any:
    """What measures a latency, each network once; None where no target asks for one."""
    from search_spaces import Budget

    if all(Budget.parse(target).metric != "latency_ms" for target in targets):
        return None
    from functools import lru_cache

    from nas.module.latency import latency
    from nas.training.settings import device_of

    device, steady = device_of(options.device), not options.unsteady
    return lru_cache(maxsize=None)(lambda architecture: latency(architecture, device, steady=steady).median_ms)


def _explain(options: argparse.Namespace, name: str, base: Architecture) -> int:
    member_name, member = load_architecture(options.explain, options.blocks)
    if options.json:
        output.print_json(
            {"base": _facts(name, base), "member": _facts(member_name, member)} | explained_data(base, member)
        )
    else:
        print_explained(member_name, base, member)
    return DONE


def _facts(name: str, architecture: Architecture) -> dict[str, Any]:
    from nas.cli.cost import cost_facts

    return cost_facts(name, architecture)


def _beside(source: str, options: argparse.Namespace, member: Scaled) -> Path | None:
    """Where the result goes by default: into the study that the base is from; nowhere for other bases."""
    folder = Path(source)
    if not folder.is_dir():
        return None
    return folder / ("family" if options.family else f"scaled-{member.name}.yaml")
