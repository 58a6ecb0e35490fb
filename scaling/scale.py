"""Three ways to scale a base: by φ, to a published variant, to a target cost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from scaling.coefficients import BASE, FAMILY, VARIANTS, Coefficients
from scaling.compound import Multipliers, is_deepened, multiplied, scaled_side
from scaling.phi import at_phi
from scaling.rules import DEFAULT_RULE, Rule, rule_of
from scaling.staircase import Move, moves, refined
from scaling.target import LATENCY, Limits, Measure, largest_measured_phi, largest_phi, parsed
from search_spaces import Architecture, Budget, Cost, UserError, cost

NOT_A_VARIANT = (
    "the formula α^φ, β^φ, γ^φ is not the published table: B1 to B7 follow no single φ (use --variant for those)"
)
TIGHT = 0.95  # of a target; below it the reason is said
DOUBLED = 1.5  # times the nominal ratio; above it rows of one block are to blame
PHI, VARIANT, TARGET = WAYS = ("phi", "variant", "target")


@dataclass(frozen=True)
class Scaled:
    """A scaled network and how it came about.

    ``way`` is phi, variant or target; ``rule`` is the rule with its coefficients; ``depth``, ``width``, ``resolution``
    are the multipliers at ``phi``, or those of the ``variant``. ``moves`` are the single steps beyond φ that a target
    left room for, ``share`` how much of the target is used. ``ratio`` is the realised MACs over the base's,
    ``nominal_ratio`` depth · width² · resolution². ``notes`` are for the person who asked.
    """

    architecture: Architecture
    way: str
    rule: Rule
    depth: float
    width: float
    resolution: float
    cost: Cost
    ratio: float
    phi: float | None = None
    variant: str | None = None
    targets: tuple[Budget, ...] = ()
    share: float | None = None
    moves: tuple[Move, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def nominal_ratio(self) -> float:
        return self.depth * self.width**2 * self.resolution**2

    @property
    def name(self) -> str:
        """Short and round, for files and tables: ``b3``, ``phi1.09``, ``phi1.09-1.8GFLOPs``."""
        if self.variant is not None:
            return self.variant
        phi = f"{self.phi:.9g}" if not self.targets else f"{self.phi:.2f}".rstrip("0").rstrip(".")
        return "-".join((f"phi{phi}", *map(str, self.targets)))

    def provenance(self) -> dict[str, Any]:
        """How the network came about, as JSON's types."""
        asked = {"phi": self.phi, "variant": self.variant}
        c = self.rule.coefficients
        return {
            "way": self.way,
            **{name: value for name, value in asked.items() if value is not None},
            **({"target": list(map(str, self.targets))} if self.targets else {}),
            "rule": self.rule.name,
            "coefficients": {"alpha": c.alpha, "beta": c.beta, "gamma": c.gamma},
            **({"image_multiple": self.rule.image_multiple} if self.rule.image_multiple > 1 else {}),
            **({"max_image_size": self.rule.max_image_size} if self.rule.max_image_size else {}),
            "depth": self.depth,
            "width": self.width,
            "resolution": self.resolution,
            **({"moves": {move.what: [move.before, move.after] for move in self.moves}} if self.moves else {}),
            "nominal_ratio": self.nominal_ratio,
            "realised_ratio": self.ratio,
            "params": self.cost.params,
            "macs": self.cost.macs,
        }


def scale(
    base: Architecture,
    *,
    phi: float | None = None,
    variant: str | None = None,
    target: Budget | str | Iterable[Budget | str] | None = None,
    rule: str | Rule = DEFAULT_RULE.name,
    coefficients: Coefficients | None = None,
    image_multiple: int | None = None,
    max_image_size: int | None = None,
    measure: Measure | None = None,
) -> Scaled:
    """The base scaled in exactly one of three ways.

    ``phi``: any real number, at which the ``rule`` (a name in :data:`scaling.rules.RULES`) says by what depth, width
    and image size are multiplied; ``coefficients`` are others for α, β, γ. ``variant``: the multipliers published for
    ``b0`` … ``b8``, ``l2``. ``target``: the network of the largest φ that fits a budget, or several at once, with every
    dimension moved on by single steps while it fits. Image sizes are a multiple of ``image_multiple`` pixels, and at
    most ``max_image_size``. ``measure(architecture)`` gives a latency in ms, which a target in ms needs. Raises
    UserError for anything else, and where no φ fits.
    """
    chosen = _chosen(
        base, rule_of(rule) if isinstance(rule, str) else rule, coefficients, image_multiple, max_image_size
    )
    options = {PHI: phi, VARIANT: variant, TARGET: target}
    given = [name for name, value in options.items() if value is not None]
    if len(given) != 1:
        raise UserError(f"scaling needs one of phi, variant, target; got {' and '.join(given) or 'none'}")
    if variant is not None:
        return _by_variant(base, variant, chosen)
    if target is not None:
        targets = parsed([target] if isinstance(target, Budget | str) else list(target))
        return _by_target(base, Limits(targets, measure), chosen)
    assert phi is not None  # one of the three is given
    return _scaled(base, at_phi(base, phi, chosen), PHI, chosen, chosen.multipliers(phi), phi=phi)


def family(
    base: Architecture,
    *,
    phis: Sequence[float] = (),
    targets: Sequence[Budget | str] = (),
    variants: Sequence[str] = FAMILY,
    **options: Any,
) -> tuple[Scaled, ...]:
    """Members of a family on this base: at each of ``phis``, for each of ``targets``, or, where neither is given, the
    published ``variants`` B0 to B7. ``options`` are those of :func:`scale`."""
    if phis and targets:
        raise UserError("a family goes by phis or by targets, got both")
    if phis:
        return tuple(scale(base, phi=phi, **options) for phi in phis)
    if targets:
        return tuple(scale(base, target=target, **options) for target in targets)
    return tuple(scale(base, variant=variant, **options) for variant in variants)


def _chosen(
    base: Architecture, rule: Rule, coefficients: Coefficients | None, multiple: int | None, most: int | None
) -> Rule:
    """The rule with what was asked in place of its own. Raises UserError for numbers below 1, and for a largest image
    size below the base's."""
    for name, value in (("image_multiple", multiple), ("max_image_size", most)):
        if value is not None and (not isinstance(value, int) or value < 1):
            raise UserError(f"must be an integer of at least 1, got {value!r}", name)
    if most is not None and most < base.image_size:
        raise UserError(f"must be at least the base's {base.image_size} px, got {most}", "max_image_size")
    return replace(
        rule,
        coefficients=coefficients or rule.coefficients,
        image_multiple=multiple or rule.image_multiple,
        max_image_size=most or rule.max_image_size,
    )


def _by_variant(base: Architecture, variant: str, rule: Rule) -> Scaled:
    if variant not in VARIANTS:
        raise UserError(f"must be one of {', '.join(VARIANTS)}, got {variant!r}", "variant")
    if rule.name != DEFAULT_RULE.name or rule.coefficients != DEFAULT_RULE.coefficients:
        raise UserError(
            f"{variant} is a row of EfficientNet's table and follows no rule: leave {rule.name} out", "rule"
        )
    row = VARIANTS[variant]
    factors = (row.depth, row.width, row.image_size / BASE.image_size)
    side = scaled_side(base.image_size, factors[2], rule.image_multiple, rule.max_image_size)
    rows = len(base.stem) + len(base.stages)
    dropout = row.dropout - BASE.dropout
    whole = Multipliers((row.depth,) * len(base.stages), (row.width,) * (rows + 1), side, dropout)
    return _scaled(base, multiplied(base, whole, rule.repeats), VARIANT, rule, factors, variant=variant)


def _by_target(base: Architecture, limits: Limits, rule: Rule) -> Scaled:
    exact = Limits(tuple(budget for budget in limits.budgets if budget.metric != LATENCY))
    phi = largest_phi(base, exact, rule) if exact.budgets else None
    if exact.budgets != limits.budgets:
        limits.values(base)  # refused where nothing measures a latency
        phi = largest_measured_phi(base, limits, rule, phi)
        uniform = architecture = at_phi(base, phi, rule)
        beyond: tuple[Architecture, ...] = ()
    else:
        assert phi is not None  # there is at least one budget
        uniform = at_phi(base, phi, rule)
        architecture, beyond = refined(base, rule, phi, exact)
    nearest = min(beyond, key=lambda network: cost(network).macs, default=None)
    limits.check_low(architecture, nearest)
    scaled = _scaled(
        base,
        architecture,
        TARGET,
        rule,
        rule.multipliers(phi),
        phi=phi,
        targets=limits.budgets,
        moves=moves(uniform, architecture),
    )
    share = max(limits.shares(architecture).values())
    tight = () if share >= TIGHT else (_not_tight(limits, scaled, nearest),)
    return replace(scaled, share=share, notes=(*tight, *scaled.notes))


def _not_tight(limits: Limits, scaled: Scaled, nearest: Architecture | None) -> str:
    """Why not more of the target is used."""
    shares = limits.shares(scaled.architecture)
    budget = max(shares, key=lambda b: shares[b])
    used = f"{100 * shares[budget]:.1f} % of {budget}"
    if budget.metric == LATENCY:
        return f"{used}: φ goes in hundredths where a latency is measured"
    if nearest is None:
        return f"{used}: nothing that the rule moves is left to move"
    step, taken = ", ".join(map(str, moves(scaled.architecture, nearest))), limits.shares(nearest)[budget]
    return f"{used}: the next single step, {step}, takes {100 * taken:.1f} % of it"


def _scaled(
    base: Architecture,
    architecture: Architecture,
    way: str,
    rule: Rule,
    factors: tuple[float, float, float],
    **facts: Any,
) -> Scaled:
    realised = cost(architecture)
    scaled = Scaled(architecture, way, rule, *factors, realised, realised.macs / cost(base).macs, **facts)
    return replace(scaled, notes=tuple(_notes(base, scaled)))


def _notes(base: Architecture, scaled: Scaled) -> list[str]:
    notes = []
    if scaled.way != VARIANT and scaled.rule.name == DEFAULT_RULE.name and scaled.phi != 0:
        notes.append(NOT_A_VARIANT)
    wanted = base.image_size * scaled.resolution
    most = scaled.rule.max_image_size
    if most is not None and wanted >= most + 1:
        notes.append(
            f"the image size stays at {scaled.architecture.image_size} px; the rule alone would take {wanted:.0f}"
        )
    single = [row for row in base.stages if row.count == 1 and is_deepened(row)]
    deeper = scaled.architecture.stages
    doubled = sum(
        row.count == 1 and deep.count > 1 and is_deepened(row) for row, deep in zip(base.stages, deeper, strict=True)
    )
    if 1 < scaled.depth < 2 and doubled and scaled.ratio > DOUBLED * scaled.nominal_ratio:
        notes.append(
            f"depth × {scaled.depth:.3g} doubles {doubled} of the {len(single)} rows of one block: the MACs are "
            f"{scaled.ratio:.3g} times the base's, nominally {scaled.nominal_ratio:.3g}; --rule fast rounds repeats to "
            "the nearest, --rule width leaves them"
        )
    return notes
