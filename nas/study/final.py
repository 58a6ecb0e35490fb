"""The base trained at its deployment: the network that a study hands over, with its weights and its test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas.storage import layout
from nas.study.outcome import FinalScore
from nas.study.pruners import PRUNERS
from nas.study.seeds import derive
from nas.training.recipes import default_recipe, recipe_of
from nas.training.sizing import Sized, for_data, sized
from search_spaces import Architecture, cost, least

if TYPE_CHECKING:
    from nas.study.definition import Definition
    from nas.study.plan import Plan
    from nas.training.training import Training

AUTO, NONE, FULL = "auto", "none", "full"
FULL_EPOCHS = 100
SHORT = 4  # times the epochs of the search

OnEpoch = Callable[[int, dict[str, Any]], None]


@dataclass(frozen=True)
class FinalTraining:
    """How the base will be trained: by which recipe, at which size (pixels); ``trainings`` says what that costs, in
    trainings of the search, for all ``bases`` together."""

    sized: Sized
    image_size: int
    trainings: float
    is_wanted: bool
    bases: int = 1

    def __str__(self) -> str:
        costs = f"as much as {self.trainings:,.1f} of these trainings"
        base = "the base" if self.bases == 1 else "each base"
        if self.is_wanted:
            return f"then {base} is trained at {self.image_size} px by {self.sized}: {costs} (--final none: not at all)"
        return (
            f"{base} is not trained at {self.image_size} px in the end: that would cost {costs}; --final does it, "
            "with its test"
        )


def final_training(plan: Plan, wish: str, trials: int) -> FinalTraining | None:
    """The training that ends the study; None under the user's own evaluator, or where none is wished.

    ``wish`` is a recipe by name or file; or full: the best recipe known for 100 epochs; or auto: four times the epochs
    of the search by its recipe, wanted where that costs no more than the search itself; one by rungs costs about half
    as much as so many whole trainings, those with further seeds included. Raises UserError for an unknown recipe.
    """
    if plan.sized is None or plan.data is None or wish == NONE:
        return None
    searched = plan.sized
    if wish == AUTO:
        chosen = replace(searched, epochs=SHORT * searched.epochs)
    else:
        recipe, epochs = default_recipe(FULL_EPOCHS) if wish == FULL else (recipe_of(wish), None)
        recipe = replace(recipe, flip=recipe.flip and searched.recipe.flip)  # what destroys labels stays off
        chosen = sized(for_data(recipe, plan.data), len(plan.data.train), epochs=epochs)
    images = chosen.epochs / searched.epochs
    bases = len(plan.question.tiers)
    trainings = images * _size_ratio(plan) * bases
    side = plan.definition.image_size
    searching = trials / 2 if PRUNERS[plan.question.pruner or "none"].has_rungs else trials
    return FinalTraining(chosen, side, trainings, wish != AUTO or trainings <= max(searching, SHORT), bases)


def _size_ratio(plan: Plan) -> float:
    """MACs at deployment per MAC in the search, of the smallest network."""
    from nas.training.settings import trained_network

    assert plan.sized is not None
    assert plan.data is not None
    network, classes = least(plan.space), len(plan.data.classes)
    searched = trained_network(network, plan.sized.recipe, plan.search_size, classes)
    return cost(network.at(classes=classes)).macs / cost(searched).macs


def training_of(plan: Plan, definition: Definition, base: Architecture, final: FinalTraining) -> Training:
    """The training of a base, as :func:`nas.training.run_folder.run` takes it."""
    from nas.machine import cores
    from nas.training.settings import Settings
    from nas.training.threads import threads_by_size
    from nas.training.training import Training

    assert plan.data
    searched, chosen = Settings(**definition.settings), final.sized
    sizes: Any = {"epochs": chosen.epochs, "batch": chosen.batch, "image_size": final.image_size}
    threads = searched.threads if searched.device != "cpu" else threads_by_size(base, cores())
    return Training(
        name=plan.folder.resolve().name,
        architecture=base,
        data=plan.data,
        spec=plan.question.data,
        recipe=chosen.recipe,
        settings=replace(searched, **sizes, threads=threads),
        seed=derive(plan.question.seed, "final"),
        blocks=plan.question.blocks,
    )


def folder_of(study: Path, training: Training) -> Path:
    """``final/<recipe>-<first 8 of the training's digest>`` in the study."""
    return study / layout.FINAL / training.default_folder().name.removeprefix(f"{training.name}-")


def is_made(score: FinalScore | None, plan: Plan, wish: str, trials: int, trial: int | None) -> bool:
    """Whether the base, search trial ``trial``, has been trained as wished; by whatever recipe under auto."""
    final = final_training(plan, wish, trials)
    if final is None or not final.is_wanted:
        return True
    if score is None or score.trial != trial:
        return False
    return wish == AUTO or score.recipe_digest == final.sized.recipe.digest


def train_base(training: Training, folder: Path, trial: int, on_epoch: OnEpoch) -> FinalScore:
    """Train to the end, or go on where it was stopped, and read the test split once."""
    from nas.training.run_folder import run

    summary = run(training, folder, on_epoch=on_epoch)
    return FinalScore(
        trial=trial,
        recipe=training.recipe.name,
        recipe_digest=training.recipe.digest,
        epochs=summary["epochs"],
        image_size=summary["image_size"],
        folder=str(folder.relative_to(folder.parent.parent)),
        params=summary["params"],
        macs=summary["macs"],
        validation=summary["val"]["top1"],
        top1=summary["test"]["top1"],
        images=summary["test"]["images"],
        seconds=summary["seconds"],
    )
