"""Validation top-1 and CPU seconds of the proxy recipe, or variants of it, on the digits.

    python benchmarks/proxy_recipe.py --networks 3 --seeds 1 image_size=32 epochs=5 batch=32

Networks are uniform samples of ``mbconv`` within 400 MFLOPs, the same ones for every variant; one thread.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from dataclasses import replace

import yaml

from nas.data.by_name import load_data
from nas.training.loop import train
from nas.training.recipes import RECIPES
from nas.training.reference import reference
from nas.training.settings import settings_for
from nas.training.sizing import sized
from search_spaces import Architecture, Budget, cost, load


def candidates(count: int, stream: int) -> list[Architecture]:
    """The first networks within the budget of a stream of random numbers."""
    space, budget, rng = load("mbconv"), Budget.parse("400MFLOPs"), random.Random(stream)
    found: list[Architecture] = []
    while len(found) < count:
        architecture = space.sample(rng)
        if budget.fits(cost(architecture)):
            found.append(architecture)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("changes", nargs="*", help="field=value of the recipe")
    parser.add_argument("--networks", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--stream", type=int, default=11, help="seed of the sample of networks")
    asked = parser.parse_args()
    changes = {name: yaml.safe_load(value) for name, _, value in (each.partition("=") for each in asked.changes)}
    data = load_data("digits")
    size = sized(replace(RECIPES["proxy"], **changes), len(data.train))
    settings = settings_for(size.recipe, "cpu", epochs=size.epochs, batch=size.batch, image_size=size.recipe.image_size)
    print(size)
    print(f"logistic regression {reference(data).top1:.2%} of {len(data.val)} validation images")
    top1, seconds = [], []
    for number, architecture in enumerate(candidates(asked.networks, asked.stream)):
        for seed in range(asked.seeds):
            start = time.process_time()
            result = train(architecture, data, size.recipe, settings=settings, seed=seed)
            top1.append(result.top1)
            seconds.append(time.process_time() - start)
            print(f"network {number} seed {seed}: {result.top1:.2%}, {seconds[-1]:.1f} CPU s", flush=True)
    spread = statistics.stdev(top1) if len(top1) > 1 else 0.0
    print(f"mean {statistics.mean(top1):.2%}, deviation {spread:.2%}, {statistics.mean(seconds):.1f} CPU s a training")


if __name__ == "__main__":
    main()
