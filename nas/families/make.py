"""The members of each kind of study, from a base."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from nas.families.member import Member
from nas.study.members import KNOWN, Results, Row
from nas.training.recipe import Recipe
from scaling import EFFICIENTNET, RULES, Coefficients, Scaled, scale
from scaling.coefficients import coefficients_data
from scaling.grid import STEP, TOLERANCE, grid
from search_spaces import Architecture, Budget, cost
from search_spaces.errors import UserError
from search_spaces.known.networks import network

BASE = "base"
COMPOUND = "efficientnet"
APART = Fraction(1, 20)  # of the cost that networks which are compared may differ by
SINGLE = ("depth", "width", "resolution")


def family_members(
    base: Architecture, scaled: Sequence[Scaled], recipe: Recipe, recipes: Sequence[Recipe]
) -> list[Member]:
    """The members of a family, each with its recipe; the base, with ``recipe``, is one where no other equals it."""
    members = [
        Member(
            s.name,
            s.architecture,
            recipe,
            {"phi": f"{s.phi:.4g}"} if s.phi is not None else {"variant": str(s.variant)},
        )
        for s, recipe in zip(scaled, recipes, strict=True)
    ]
    is_there = any(member.architecture == base for member in members)
    return members if is_there else [Member(BASE, base, recipe, {"phi": "0"}), *members]


def beside(names: Sequence[str], image_size: int, recipe: Recipe) -> list[Member]:
    """Known networks at an image size (pixels), to be trained as a family is. Raises UserError for unknown names, and
    for heads that bind another size."""
    return [Member(name, network(name).at(image_size), recipe, {KNOWN: "yes"}) for name in names]


def compare_members(
    base: Architecture,
    recipe: Recipe,
    factors: Sequence[float],
    rules: Sequence[str] = (COMPOUND, *SINGLE),
    **options: Any,
) -> tuple[list[Member], list[str]]:
    """The base, and for each factor one network a rule, all of them of that many times the base's MACs (Tan & Le 2019,
    sec. 5.3); and what there is to say of them. A network within APART of the cost is taken where none below is.
    ``options`` are those of :func:`scaling.scale`. Raises UserError for factors that are not above 1, and where a rule
    cannot reach one."""
    if not factors or min(factors) <= 1 or len(set(factors)) < len(factors):
        raise UserError(f"must be different numbers above 1, got {', '.join(map(str, factors)) or 'none'}", "factor")
    macs, members, notes = cost(base).macs, [Member(BASE, base, recipe, {"factor": "1"})], []
    for factor in factors:
        wanted = Fraction(str(factor)) * macs
        for rule in rules:
            limits = [Budget("macs", wanted * share) for share in (1, 1 + APART)]
            tries = [scale(base, target=limit, rule=rule, **options) for limit in limits]
            scaled = min(tries, key=lambda s: abs(s.cost.macs / wanted - 1))
            name, label = called(rule), f"{factor:g}"
            members.append(Member(f"{name}-x{label}", scaled.architecture, recipe, {"rule": rule, "factor": label}))
            side, share = scaled.architecture.image_size, float(scaled.cost.macs / wanted)
            far = "; no network of this rule is nearer, so costs are not equal" if abs(share - 1) > APART else ""
            costs = f"{scaled.cost.macs:,} MACs at {side} px, {100 * share:.1f} % of what was asked"
            notes.append(f"{name} × {label}: {costs}{far}")
    return members, notes


def called(rule: str) -> str:
    """What a rule is called beside single dimensions."""
    return "compound" if rule == COMPOUND else rule


def fit_members(base: Architecture, recipe: Recipe, step: float = STEP, tolerance: float = TOLERANCE) -> list[Member]:
    """The base at φ = 1 with each of the coefficients of the grid (Tan & Le 2019, sec. 3.3, step 1)."""
    return [
        Member(_point(c), scale(base, phi=1, coefficients=c).architecture, recipe, _labels(c))
        for c in grid(step, tolerance)
    ]


def _point(c: Coefficients) -> str:
    return f"a{c.alpha:g}-b{c.beta:g}-g{c.gamma:g}"


def _labels(c: Coefficients) -> dict[str, str]:
    return {"alpha": f"{c.alpha:g}", "beta": f"{c.beta:g}", "gamma": f"{c.gamma:g}"}


def fitted(results: Results, keys: Mapping[str, str]) -> tuple[Coefficients, Row]:
    """The coefficients of the best mean, and its row. Of points that give one network, by their training ``keys``,
    those nearest to doubling the cost; then those nearest to the published ones."""
    best = results.ranked[0]
    alike = [row for row in results.rows if keys[row.name] == keys[best.name]]
    points = [(Coefficients(*(float(row.labels[name]) for name in ("alpha", "beta", "gamma"))), row) for row in alike]

    def distance(c: Coefficients) -> tuple[float, float]:
        e = EFFICIENTNET
        apart = abs(c.alpha - e.alpha) + abs(c.beta - e.beta) + abs(c.gamma - e.gamma)
        return round(abs(c.nominal - 2), 9), apart

    return min(points, key=lambda point: distance(point[0]))


def fitted_data(results: Results, keys: Mapping[str, str], facts: Mapping[str, Any]) -> dict[str, Any]:
    """The file of fitted coefficients: α, β, γ, and in the provenance ``facts`` and how sure the ranking is."""
    coefficients, best = fitted(results, keys)
    rivals = [row.name for row in results.rivals() if keys[row.name] != keys[best.name]]
    sureness = {
        "top1": best.mean,
        "interval": None if best.low is None else [best.low, best.high],
        "seeds": len(best.scores),
        "points": len(results.rows),
        "networks": len({keys[row.name] for row in results.rows}),
        "not_told_apart": rivals,
        "resolved": not rivals,
    }
    return coefficients_data(coefficients, {**facts, **sureness})


def check_rule(name: str) -> str:
    """The name of a rule. Raises UserError that lists them."""
    if name not in RULES:
        raise UserError(f"must be one of {', '.join(RULES)}, got {name!r}", "rule")
    return name
