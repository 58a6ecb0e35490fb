"""Counting and drawing within budgets, beside fvcore and plain rejection, on one core.

    python benchmarks/counting.py [--space mbconv] [--runs 3] [--only one|two|tight]

``--space`` is a ready space, a file, or one of two made here: ``blocks`` (seven stages that each choose among five
kinds of block) and ``each`` (over 10²⁰ vectors, every repeat decides by itself). Times are wall seconds; "prepared"
is everything from the space to the number. Each run starts from the space; the peak of memory is the process's, so
that ``--only`` (one exact count and nothing else) tells that of one count.
"""

from __future__ import annotations

import argparse
import random
import resource
import statistics
import time
from collections.abc import Callable
from typing import Any

from search_spaces import (
    Architecture,
    Bottleneck,
    Budget,
    Conv,
    Defaults,
    Head,
    Inception,
    MBConv,
    Space,
    Stage,
    choice,
    cost,
    load,
)

DRAWS = 200_000


def blocks() -> Space:
    """Seven stages, each of a convolution, Inception, bottleneck with or without SE, or MBConv."""
    block = choice(
        Conv(kernel=choice(3, 5)),
        Inception(),
        Bottleneck(),
        Bottleneck(se_ratio=0.25),
        MBConv(kernel=choice(3, 5), expand_ratio=choice(3, 6), se_ratio=choice(0, 0.25)),
    )
    rows = ((40, 1, 1), (40, 2, 2), (48, 2, 2), (80, 3, 2), (112, 3, 1), (192, 4, 2), (320, 1, 1))
    return _staged("blocks", rows, lambda out, repeats, stride: Stage(block, out=out, repeats=repeats, stride=stride))


def each() -> Space:
    """Seven stages in which every repeat is one of eight MBConvs."""
    kinds = [MBConv(kernel=k, expand_ratio=e, se_ratio=s) for k in (3, 5) for e in (3, 6) for s in (0, 0.25)]
    rows = ((16, 2, 1), (24, 2, 2), (40, 2, 2), (80, 3, 2), (112, 3, 1), (192, 4, 2), (320, 2, 1))
    layer = choice(*kinds)
    return _staged(
        "each", rows, lambda out, repeats, stride: Stage(each=layer, out=out, repeats=repeats, stride=stride)
    )


def _staged(name: str, rows: Any, stage: Callable[[Any, Any, int], Stage]) -> Space:
    """Three widths and up to three repeats for each row of (least width, repeats, stride)."""
    stages = tuple(
        stage(
            choice(*sorted({out, out + max(8, out // 32 * 8), out + max(16, out // 16 * 8)})),
            choice(*range(max(1, repeats - 1), repeats + 2)),
            stride,
        )
        for out, repeats, stride in rows
    )
    stem = (Stage(Conv(kernel=3), out=32, stride=2),)
    return Space(name, Architecture(stem=stem, stages=stages, head=Head(out=1280), defaults=Defaults(act="silu")))


SPACES = {"blocks": blocks, "each": each}


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def summary(times: list[float], unit: str = "s") -> str:
    return f"{statistics.median(times):.3g} {unit} (of {len(times)}: {min(times):.3g} to {max(times):.3g})"


def memory() -> str:
    return f"peak memory so far {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB"


def counted(space: Space, budgets: tuple[Budget, ...], exact: bool, runs: int) -> None:
    times, cost_rates, sample_rates = [], [], []
    feasible: Any = None
    for seed in range(runs):
        feasible = None  # frees the memory of the run before
        seconds, feasible = timed(lambda: _prepared(space, budgets, exact))
        times.append(seconds)
        cost_rates.append(DRAWS / timed(lambda f=feasible, s=seed: f.costs(random.Random(s), DRAWS))[0])
        sample_rates.append(10_000 / timed(lambda f=feasible, s=seed: f.sample(random.Random(s), 10_000))[0])
    low, high, kind = feasible.counted
    limits = " and ".join(map(str, budgets))
    share = f"{low / space.size:.3g}" if low == high else f"{low / space.size:.4g} to {high / space.size:.4g}"
    width = "" if low == high else f", {(high - low) / high:.2%} wide"
    print(f"{limits}: {kind}, {low:,}" + ("" if low == high else f" to {high:,}") + f" ({share} of the space{width})")
    print(f"  prepared and counted in {summary(times)}")
    print(f"  draws as costs {summary(cost_rates, '/s')}, as architectures {summary(sample_rates, '/s')}")
    for architecture in feasible.sample(random.Random(0), 200):
        if not all(budget.fits(cost(architecture)) for budget in budgets):
            raise SystemExit("a draw lies outside")
    print(f"  {memory()}")


def _prepared(space: Space, budgets: tuple[Budget, ...], exact: bool) -> Any:
    from search_spaces import within

    feasible = within(space, *budgets, exact=exact)
    feasible.counted  # noqa: B018
    return feasible


def rejected(space: Space, budgets: tuple[Budget, ...]) -> None:
    """What drawing and rejecting gives in the same time, with our cost and with fvcore's."""
    rng, fits = random.Random(0), 0
    start, draws = time.perf_counter(), 0
    while time.perf_counter() - start < 5:
        fits += all(budget.fits(cost(space.sample(rng))) for budget in budgets)
        draws += 1
    print(f"rejection with our cost: {draws / 5:,.0f} draws/s, {fits / 5:,.1f} of them within")

    import torch

    from nas.module.fvcore import fvcore_macs

    torch.set_num_threads(1)
    drawn = [space.sample(rng) for _ in range(3)]
    seconds, _ = timed(lambda: [fvcore_macs(architecture) for architecture in drawn])
    print(f"rejection with fvcore: {3 / seconds:.1f} draws/s")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--space", default="mbconv")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", choices=("one", "two", "tight"))
    options = parser.parse_args()
    space = SPACES[options.space]() if options.space in SPACES else load(options.space)
    print(f"{space.name}: {space.size:,} vectors")
    one = (Budget.parse("400MFLOPs"),)
    two = (*one, Budget.parse("5Mparams"))
    tight = (Budget.parse("399.99..400MFLOPs"), Budget.parse("4.99..5Mparams"))
    if options.only:
        return counted(space, {"one": one, "two": two, "tight": tight}[options.only], True, options.runs)
    for budgets in (one, two):
        counted(space, budgets, False, options.runs)
    for budgets in (one, two, tight):
        if _prepared(space, budgets, False).can_be_exact:
            counted(space, budgets, True, options.runs)
    rejected(space, one)
    rejected(space, tight)


if __name__ == "__main__":
    main()
