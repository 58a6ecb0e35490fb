"""The recipes by name, and what they gave where they were measured."""

from __future__ import annotations

from nas.training.recipe import Recipe
from search_spaces.errors import UserError

RECIPES: dict[str, Recipe] = {
    "proxy": Recipe(  # measured in benchmarks/proxy_recipe.md
        "proxy",
        image_size=32,
        epochs=5,
        batch=32,
        optimiser="adamw",
        lr=2e-3,
        weight_decay=0.02,
        label_smoothing=0.1,
        init="kaiming",
        bn_momentum=0.2,
        dropout=0.0,
        drop_path=0.0,
        shift=0.05,
        rotate=6,
        scale=0.05,
    ),
    "plain": Recipe(  # what a textbook would write: He et al. 2015, sec. 4.2, with a cosine
        "plain",
        epochs=15,
        batch=128,
        lr=0.1,
        weight_decay=1e-4,
        warm_up=0.0,
        init="kaiming",
        flip=True,
        crop=0.125,
    ),
    "efficientnet": Recipe(  # Tan & Le 2019, sec. 5.2; the rate of 0.256 at 4,096 images per step, scaled to the batch
        "efficientnet",
        epochs=350,
        batch=128,
        optimiser="rmsprop",
        lr=0.256 * 128 / 4096,
        momentum=0.9,
        decay=0.9,
        eps=1e-3,
        weight_decay=1e-5,
        schedule="step",
        warm_up=5 / 350,
        label_smoothing=0.1,
        init="efficientnet",
        ema=0.9999,
        refresh=4096,
        dropout=0.2,
        drop_path=0.2,
        flip=True,
        resized_crop=0.35,
        policy="autoaugment",
    ),
    "modern": Recipe(  # rate, batch and mixing by Fashion-MNIST's validation images: studies/fashion-mnist
        "modern",
        epochs=15,
        batch=64,
        lr=0.05,
        weight_decay=5e-4,
        warm_up=0.15,
        label_smoothing=0.1,
        init="kaiming",
        ema=0.998,
        refresh=4096,
        flip=True,
        crop=0.1,
        policy="randaugment",
        operations=1,
        magnitude=5,
        mix=0.1,
        cutmix=1.0,
        mixup=0.2,
    ),
}

MEASURED = {  # validation top-1, and where: benchmarks/recipes.md and proxy_recipe.md
    "proxy": "95.8 to 98.9 % on the digits in 5 epochs",
    "plain": "62.8 to 65.7 % on 9,000 CIFAR-10 images in 5 epochs",
    "efficientnet": "49.9 to 51.5 % on 9,000 CIFAR-10 images in 5 epochs",
    "modern": "60.4 to 63.9 % on 9,000 CIFAR-10 images in 5 epochs; 93.5 % on Fashion-MNIST's test in 15",
}


def recipe(name: str) -> Recipe:
    """The recipe of that name; raises UserError that lists the names."""
    if name not in RECIPES:
        raise UserError(f"unknown recipe {name!r}; known are {', '.join(RECIPES)}")
    return RECIPES[name]
