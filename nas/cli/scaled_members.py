"""What `nas scale` prints and writes of scaled networks."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas.cli import output
from nas.storage import layout
from nas.text.numbers import percent, rounded
from search_spaces.errors import UserError
from search_spaces.files.codec import read

if TYPE_CHECKING:
    from scaling import Scaled
    from search_spaces import Architecture

TITLES = ("network", "image", "parameters", "MACs", "activations", "peak", "× base", "nominal ×", "of target")


def print_members(name: str, base: Architecture, members: Sequence[Scaled]) -> None:
    """The base and its members: image size, exact costs, realised and nominal ratio of the MACs."""
    from search_spaces import cost

    rows: list[tuple[object, ...]] = [(name, base.image_size, *_costs(cost(base)), "1", None, None)]
    for m in members:
        ratios = f"{m.ratio:.3g}", f"{m.nominal_ratio:.3g}", percent(m.share)
        rows.append((m.name, m.architecture.image_size, *_costs(m.cost), *ratios))
    shown = len(TITLES) if any(m.targets for m in members) else len(TITLES) - 1
    output.print_table(TITLES[:shown], [row[:shown] for row in rows], "lrrrrrrrr"[:shown])


def _costs(total: Any) -> tuple[str, ...]:
    return f"{total.params:,}", f"{total.macs:,}", rounded(total.activations), f"{rounded(total.peak_bytes)}B"


def print_explained(name: str, base: Architecture, member: Architecture, scaled: Scaled | None = None) -> None:
    """Which φ a member corresponds to, by what it was multiplied, and its rows."""
    from nas.cli.rows import print_rows
    from scaling.explain import explained

    print(f"\n{name}")
    if scaled is not None:
        factors = f"depth × {scaled.depth:.4g}, width × {scaled.width:.4g}, image size × {scaled.resolution:.4g}"
        print(f"  {factors} by {scaled.rule.source}")
        if scaled.moves:
            print(f"  then single steps: {', '.join(map(str, scaled.moves))}")
    rule = {} if scaled is None else {"rule": scaled.rule}
    output.print_pairs([(f"by {what}", step) for what, step in explained(base, member, **rule).items()])
    print_rows(member)


def explained_data(base: Architecture, member: Architecture) -> dict[str, Any]:
    """The φ by each dimension and by the cost, as JSON's types."""
    from scaling.explain import explained

    steps = explained(base, member).items()
    return {
        "phi": {what: {"low": s.low, "high": s.high, "exact": s.is_exact, "any": s.open_ended} for what, s in steps}
    }


def image_lines(source: str, member: Scaled) -> list[str]:
    """A line where the member is larger than the images that its base was searched on."""
    path = Path(source) / layout.STUDY
    data = read(path).get("data") if path.is_file() else None
    data = data if isinstance(data, dict) else {}
    side = data.get("image_size")
    if not isinstance(side, int) or member.architecture.image_size <= side:
        return []
    return [
        f"the images of {data.get('name')} are {side} px: {member.name} at {member.architecture.image_size} px only "
        f"interpolates them; --max-image-size {side} keeps to what they carry"
    ]


def save_members(
    members: Sequence[Scaled], out: Path, base: Architecture, base_name: str, options: argparse.Namespace
) -> list[tuple[Path, bool]]:
    """Write one file, or one a member, with its recipe; (path, whether it is new) of each.

    Nothing is overwritten: a file that holds the same is left, any other refused before the first is written.
    """
    from scaling import save_scaled
    from scaling.files import holds

    paths = [out / f"{member.name}.yaml" for member in members] if options.family else [out]
    recipes = [_recipe_fields(base, member, options) for member in members]
    whole = list(zip(paths, members, recipes, strict=True))
    there = {path for path, member, recipe in whole if holds(path, member, base, base_name, recipe)}
    for path in paths:
        if path not in there and path.exists():
            raise UserError(f"--out {path}: exists already and holds something else; choose another name or remove it")
    try:
        for path, member, recipe in whole:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path not in there:
                save_scaled(member, path, base, base_name, recipe)
    except OSError as error:
        raise UserError(f"--out {out}: cannot write there ({error.strerror})") from error
    return [(path, path not in there) for path in paths]


def _recipe_fields(base: Architecture, member: Scaled, options: argparse.Namespace) -> dict[str, Any]:
    """The fields of the member's recipe that differ from their defaults."""
    from nas.cli.family_study import member_recipe
    from nas.training.recipe import Recipe

    recipe = member_recipe(options, base, member.architecture)
    defaults = Recipe(name="", epochs=recipe.epochs).to_data()
    return {name: value for name, value in recipe.to_data().items() if name == "epochs" or value != defaults[name]}


def how_to_save(options: argparse.Namespace, member: Scaled) -> str:
    """What to say where nothing was saved."""
    if options.family:
        return "nothing saved; --out family/ writes one YAML file a member"
    return f"nothing saved; --out scaled-{member.name}.yaml writes it, for nas train"


def member_data(member: Scaled) -> dict[str, Any]:
    """A member as JSON's types: costs, how it came about, notes, the architecture."""
    from nas.cli.cost import cost_facts
    from search_spaces.files.codec import to_data

    facts = cost_facts(member.name, member.architecture) | member.provenance()
    asked = {"phi": member.phi, "variant": member.variant, "ratio": member.ratio, "share": member.share}
    return facts | asked | {"notes": list(member.notes), "architecture": to_data(member.architecture)}
