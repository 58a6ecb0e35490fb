"""Recipe against recipe: the same network, images and steps, several seeds each.

    python benchmarks/recipes.py --network NET --data D [--recipes plain,modern,efficientnet] [--epochs N] [--seeds 3]
        [--batch N] [--workers 2] [--set RECIPE:FIELD=VALUE …]

Prints validation top-1 (the test split is not read) after the last epoch: each seed, mean and standard deviation.
Trainings run side by side with one thread each.
"""

from __future__ import annotations

import argparse
import json
import statistics
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from nas.data.by_name import load_data
from nas.training.loop import train
from nas.training.recipe import Recipe
from nas.training.recipes import recipe_of
from nas.training.settings import settings_for
from search_spaces import Architecture, load

Job = tuple[str, str, Recipe, int, int]


def one(job: Job) -> tuple[str, int, float, float]:
    """(recipe's name, seed, top-1, CPU seconds) of one training."""
    network, spec, how, epochs, seed = job
    architecture = load(network)
    assert isinstance(architecture, Architecture)
    result = train(
        architecture, load_data(spec), how, settings=settings_for(how, "cpu", epochs=epochs), seed=seed, order=seed
    )
    return how.name, seed, result.top1, result.cpu_seconds


def with_values(name: str, options: argparse.Namespace) -> Recipe:
    """The named recipe at the common batch, with the values set for it."""
    values = {"batch": options.batch} if options.batch else {}
    for text in options.set:
        own, _, rest = text.partition(":")
        field, _, value = rest.partition("=")
        if own == name:
            values[field] = json.loads(value) if value[0] in '0123456789tfn"' else value
    return recipe_of(name).changed(values) if values else recipe_of(name)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--network", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--recipes", default="plain,modern,efficientnet")
    for name, value in (("epochs", 15), ("seeds", 3), ("workers", 2), ("batch", 0)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--set", action="append", default=[])
    options = parser.parse_args()
    recipes = [with_values(name, options) for name in options.recipes.split(",")]
    jobs = [
        (options.network, options.data, how, options.epochs, seed) for seed in range(options.seeds) for how in recipes
    ]
    found: dict[str, list[float]] = {how.name: [] for how in recipes}
    with ProcessPoolExecutor(options.workers, mp_context=get_context("spawn")) as pool:
        for name, seed, top1, seconds in pool.map(one, jobs):
            found[name].append(top1)
            print(f"{name}, seed {seed}: {top1:.2%} in {seconds:.0f} s of CPU", flush=True)
    for name, scores in found.items():
        spread = f" ± {statistics.stdev(scores):.2%}" if len(scores) > 1 else ""
        print(f"{name}: {statistics.mean(scores):.2%}{spread}")


if __name__ == "__main__":
    main()
