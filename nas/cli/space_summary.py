"""How the summary of a space is printed, and what a small image hides of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from nas.text.numbers import percent, rounded
from search_spaces.network.budget import METRICS

if TYPE_CHECKING:
    from search_spaces import Architecture, Space
    from search_spaces.counting.feasible import Feasible
    from search_spaces.counting.summary import Member, Summary

BAR = 40  # characters of the longest bar
MIN_SIDE = 4


def summary_of(feasible: Feasible) -> Summary:
    """The summary of a space within budgets, with the known networks that it holds."""
    from search_spaces.counting.summary import summarize
    from search_spaces.known.networks import names, network

    return summarize(feasible, {name: network(name) for name in names()})


def summary_data(summary: Summary) -> dict[str, Any]:
    """Plain data for JSON."""
    data = asdict(summary)
    data["members"] = [
        {"name": member.name, summary.metric: member.cost, "fits": member.fits, "above": member.above}
        for member in summary.members
    ]
    data["within"]["how"] = data["within"].pop("kind")
    return data


def summary_lines(summary: Summary) -> list[str]:
    """What is printed for people."""
    spelling = METRICS[summary.metric]
    return [
        f"space {summary.name}: {summary.size:,} decision vectors of {summary.decisions} decisions, "
        f"{summary.image_size} px, {summary.classes} classes",
        f"  least {summary.least:,} and greatest {summary.greatest:,} {spelling}",
        *([_share_line(summary)] if summary.budgets else []),
        _costs_line(summary),
        *(_member_line(member, spelling) for member in summary.members),
        *_bars(summary),
    ]


def smaller_line(feasible: Feasible) -> str:
    """How many vectors lie within a smaller budget of a series."""
    counted, size = feasible.counted, feasible.space.size
    text = f"  within {' and '.join(map(str, feasible.budgets))}: "
    if counted.low == counted.high:
        return f"{text}exactly {counted.low:,} vectors, {_share(counted.low, size)} of the space"
    return f"{text}{_share(counted.low, size)} to {_share(counted.high, size)} of the space"


def count_data(feasible: Feasible) -> dict[str, Any]:
    """The same as plain data."""
    return {"budgets": list(map(str, feasible.budgets)), "low": feasible.counted.low, "high": feasible.counted.high}


def _share_line(summary: Summary) -> str:
    within, text = summary.within, f"  within {' and '.join(summary.budgets)}: "
    low, high = (_share(number, summary.size) for number in (within.low, within.high))
    if within.low == within.high:
        return f"{text}exactly {within.low:,} vectors, {low} of the space"
    share = f"{low} to {high} of the space"
    if within.kind == "bracket":
        return f"{text}{within.low:,} to {within.high:,} vectors, {share} (a bracket; --exact of `nas spaces` counts)"
    return f"{text}about {share} (95 % interval of random draws: this space is no chain)"


def _costs_line(summary: Summary) -> str:
    within, spelling = summary.within, METRICS[summary.metric]
    median = f"median about {rounded(within.median)} of {within.draws:,} uniform draws"
    if within.exact:
        return f"  these have {within.least:,} to {within.greatest:,} {spelling}, {median}"
    return f"  {spelling}, {median}: least {within.least:,}, greatest {within.greatest:,} among them"


def _member_line(member: Member, spelling: str) -> str:
    place = f", above {percent(member.above, 0)} of the draws" if member.fits else ", over the budget"
    return f"  {member.name} is a member: {member.cost:,} {spelling} at this size{place}"


def _bars(summary: Summary) -> list[str]:
    longest = max(share for _, _, share in summary.within.histogram)
    return [
        f"  {rounded(low):>7} to {rounded(high):>7}  {'█' * max(share > 0, round(BAR * share / longest))} "
        f"{percent(share)}"
        for low, high, share in summary.within.histogram
    ]


def _share(number: int, size: int) -> str:
    """A share in per cent with three digits; small ones as a power of ten."""
    share = number / size
    return f"{100 * share:.3g} %" if share >= 1e-4 or not share else f"{share:.2e}"


def small_map_lines(space: Space, trained: Architecture) -> list[str]:
    """What to say where the last map of a network, as it is trained, is below 4×4."""
    from search_spaces.space.map_sizes import decisions_without_effect, last_side

    side = last_side(trained)
    if side is None or side >= MIN_SIDE:
        return []
    lines = [f"at the proxy's {trained.image_size} px the last stage sees a map of {side}×{side}, below 4×4"]
    names = decisions_without_effect(space, trained)
    return lines + ([f"these decisions cannot matter there and follow cost alone: {', '.join(names)}"] if names else [])
