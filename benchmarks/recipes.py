"""Recipe against recipe: the same network, images and epochs, several seeds each.

    python benchmarks/recipes.py --network NET --data D [--recipes plain,modern,efficientnet] [--epochs N] [--seeds 3]
        [--batch N] [--image-size N] [--workers 2] [--set RECIPE:FIELD=VALUE …] [--part FIELD=VALUE[,FIELD=VALUE] …]

Without --batch each recipe is made to measure for the number of images, as `nas train` does. With --part the first
recipe is also trained with each part alone changed.

Prints validation top-1 (the test split is not read) after the last epoch: each seed, mean and standard deviation.
Trainings run side by side with one thread each.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from nas.data.by_name import load_data
from nas.training.loop import train
from nas.training.recipe import Recipe
from nas.training.recipes import recipe_of
from nas.training.settings import settings_for
from nas.training.sizing import for_data, sized
from search_spaces import Architecture, load

Job = tuple[str, str, Recipe, argparse.Namespace, int]


def one(job: Job) -> tuple[str, int, float, float]:
    """(recipe's name, seed, top-1, CPU seconds) of one training."""
    network, spec, recipe, options, seed = job
    architecture, data = load(network), load_data(spec)
    assert isinstance(architecture, Architecture)
    size = sized(for_data(recipe, data), len(data.train), epochs=options.epochs, batch=options.batch)
    settings = settings_for(
        size.recipe, "cpu", epochs=size.epochs, batch=size.batch, image_size=options.image_size or data.image_size
    )
    result = train(architecture, data, size.recipe, settings=settings, seed=seed, order=seed)
    return recipe.name, seed, result.top1, result.cpu_seconds


def with_values(recipe: Recipe, texts: Iterable[str]) -> Recipe:
    """The recipe with the values of texts FIELD=VALUE."""
    values = {field: parsed(value) for field, _, value in (text.partition("=") for text in texts)}
    return recipe.changed(values) if values else recipe


def parsed(text: str) -> object:
    """A number or a flag, or the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def recipes(options: argparse.Namespace) -> list[Recipe]:
    """The named recipes with the values set for each, and the first with each part."""
    named = [
        with_values(recipe_of(name), [text.partition(":")[2] for text in options.set if text.startswith(f"{name}:")])
        for name in options.recipes.split(",")
    ]
    return [*named, *(with_values(named[0], part.split(",")) for part in options.part)]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--network", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--recipes", default="plain,modern,efficientnet")
    for name, value in (("epochs", 15), ("seeds", 3), ("workers", 2), ("batch", None), ("image-size", None)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--part", action="append", default=[])
    options = parser.parse_args()
    compared = recipes(options)
    jobs = [
        (options.network, options.data, recipe, options, seed) for seed in range(options.seeds) for recipe in compared
    ]
    scores: dict[str, list[float]] = {recipe.name: [] for recipe in compared}
    with ProcessPoolExecutor(options.workers, mp_context=get_context("spawn")) as pool:
        for name, seed, top1, seconds in pool.map(one, jobs):
            scores[name].append(top1)
            print(f"{name}, seed {seed}: {top1:.2%} in {seconds:.0f} s of CPU", flush=True)
    for name, values in scores.items():
        spread = f" ± {statistics.stdev(values):.2%}" if len(values) > 1 else ""
        print(f"{name}: {statistics.mean(values):.2%}{spread}")


if __name__ == "__main__":
    main()
