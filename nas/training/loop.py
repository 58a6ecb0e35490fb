"""The training loop, from first to last line."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nas.data import Data
from nas.network import build
from nas.training.batches import Batches, batches, epoch_draws
from nas.training.checkpoint import load_checkpoint, save_checkpoint
from nas.training.recipe import Recipe
from nas.training.settings import Settings, proxy, settings
from search_spaces import Architecture
from search_spaces.digest import training_key

Report = Callable[[int, dict[str, Any]], bool]
EVALUATED_AT_ONCE = 256


class TrainingFailed(RuntimeError):
    """The loss is no number any more."""


@dataclass(frozen=True)
class Result:
    """``top1``: share of validation images classified rightly after the last epoch (0 to 1).

    ``seconds`` of training and validation over all sessions; ``weights`` is the checkpoint's path, or None.
    """

    top1: float
    top1_by_epoch: tuple[float, ...]
    epochs: int
    seconds: float
    pruned: bool
    images_per_second: float
    device: str
    peak_bytes: int | None = None
    weights: Path | None = None


def train(
    architecture: Architecture,
    data: Data,
    recipe: Recipe,
    *,
    fixed: Settings | None = None,
    seed: int = 0,
    order: int = 0,
    report: Report | None = None,
    checkpoint: Path | None = None,
) -> Result:
    """Train the deployment ``architecture`` on ``data.train`` as the recipe says; validate after each epoch.

    ``fixed`` are the settings (default: those of the recipe on the best device). ``seed`` draws the weights,
    dropout and drop-path; ``order`` the order of the images and their augmentation, equal for all candidates.
    ``report(epoch, metrics)`` is called after each epoch, counted from 1, with top1, loss and seconds; False
    ends the training as pruned. With a ``checkpoint`` path the training goes on where it was stopped, bit for
    bit on the CPU; the last reported epoch is then reported again. The test split is not read. Raises
    TrainingFailed where the loss is not finite.
    """
    fixed = fixed or settings(recipe)
    torch.set_num_threads(fixed.threads)
    small = proxy(architecture, recipe, fixed.image_size, len(data.classes))
    devices = [fixed.device] if fixed.device.startswith("cuda") else []
    with torch.random.fork_rng(devices):
        torch.manual_seed(seed)
        run = _Run(small, data, recipe, fixed, order)
        run.key = f"{key(small, recipe, fixed, data)}/{seed}/{order}"
        return run.go(report, checkpoint)


def key(small: Architecture, recipe: Recipe, fixed: Settings, data: Data) -> str:
    """Key of a training but for its seeds; ``small`` is the network as trained (:func:`proxy`)."""
    facts = {"recipe": recipe.digest, "data": data.digest, **fixed.facts()}
    return training_key(small, facts, dropout=recipe.dropout, drop_path=recipe.drop_path)


class _Run:
    """State of one training: all of it is in :meth:`state`."""

    def __init__(self, small: Architecture, data: Data, recipe: Recipe, fixed: Settings, order: int) -> None:
        self.recipe, self.fixed, self.order = recipe, fixed, order
        self.key = ""
        module = build(small, training=True, dropout=recipe.dropout, drop_path=recipe.drop_path)
        initialise(module, recipe)
        self.module = module.to(fixed.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = {name: value.clone() for name, value in self.module.state_dict().items()} if recipe.ema else {}
        self.optimiser = _optimiser(self.module, recipe)
        self.train = batches(data.train, data, fixed.image_size, small.in_channels, fixed.device)
        self.val = batches(data.val, data, fixed.image_size, small.in_channels, fixed.device)
        self.steps_per_epoch = max(1, len(self.train) // fixed.batch)
        self.top1: list[float] = []
        self.seconds = 0.0

    def go(self, report: Report | None, checkpoint: Path | None) -> Result:
        stored = load_checkpoint(checkpoint, self.key) if checkpoint else None
        going = True
        if stored is not None:
            self.restore(stored)
            going = self._reported(report, stored["loss"])
        while going and len(self.top1) < self.fixed.epochs:
            start = time.perf_counter()
            loss = self.epoch(len(self.top1))
            self.top1.append(self.validate())
            self.seconds += time.perf_counter() - start
            if checkpoint:
                save_checkpoint(checkpoint, self.state(loss))
            going = self._reported(report, loss)
        return self.result(checkpoint)

    def _reported(self, report: Report | None, loss: float) -> bool:
        metrics = {"top1": self.top1[-1], "loss": loss, "seconds": self.seconds}
        return report is None or report(len(self.top1), metrics)

    def epoch(self, number: int) -> float:
        """One pass over the training images; the mean loss. Images that fill no batch wait for another epoch."""
        order, draws = (each.to(self.fixed.device) for each in epoch_draws(len(self.train), self.order, number))
        size = min(self.fixed.batch, len(self.train))
        total = torch.zeros((), device=self.fixed.device)
        self.module.train()
        for step in range(self.steps_per_epoch):
            self.set_rate(number * self.steps_per_epoch + step)
            index = order[step * size : (step + 1) * size]
            loss = self.loss(self.train.augmented(index, draws, self.recipe), self.train.labels[index])
            self.optimiser.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            if self.recipe.clip:
                nn.utils.clip_grad_norm_(self.module.parameters(), self.recipe.clip)
            self.optimiser.step()
            self.update_average()
            total += loss.detach()
        mean = float(total) / self.steps_per_epoch
        if not math.isfinite(mean):
            raise TrainingFailed(f"the loss is {mean} in epoch {number + 1}")
        return mean

    def loss(self, x: Tensor, labels: Tensor) -> Tensor:
        with autocast(self.fixed):
            output = self.module(x)
        logits, auxiliary = output if isinstance(output, tuple) else (output, [])
        losses = [
            F.cross_entropy(each.float(), labels, label_smoothing=self.recipe.label_smoothing)
            for each in (logits, *auxiliary)
        ]
        return losses[0] + self.recipe.aux_weight * sum(losses[1:])

    def set_rate(self, step: int) -> None:
        """Linear warm-up, then a cosine to 0 (Loshchilov & Hutter 2017)."""
        share = (step + 1) / (self.steps_per_epoch * self.fixed.epochs)
        warm = self.recipe.warm_up
        times = share / warm if share < warm else 0.5 * (1 + math.cos(math.pi * (share - warm) / (1 - warm)))
        for group in self.optimiser.param_groups:
            group["lr"] = self.recipe.lr * times

    def update_average(self) -> None:
        for name, value in self.module.state_dict().items() if self.average else ():
            if value.is_floating_point():
                self.average[name].lerp_(value, 1 - self.recipe.ema)
            else:
                self.average[name].copy_(value)

    def validate(self) -> float:
        """Top-1 on the validation images, by the averaged weights where there are such."""
        own = {name: value.clone() for name, value in self.module.state_dict().items()} if self.average else {}
        if own:
            self.module.load_state_dict(self.average)
        if self.recipe.refresh:
            refresh(self.module, self.train, self.fixed.batch)
        top1 = accuracy(self.module, self.val, self.fixed)
        if own:
            self.average = {name: value.clone() for name, value in self.module.state_dict().items()}
            self.module.load_state_dict(own)
        return top1

    def state(self, loss: float) -> dict[str, Any]:
        cuda = self.fixed.device.startswith("cuda")
        return {
            "key": self.key,
            "model": self.module.state_dict(),
            "average": self.average,
            "optimiser": self.optimiser.state_dict(),
            "rng": torch.get_rng_state(),
            "cuda_rng": torch.cuda.get_rng_state(self.fixed.device) if cuda else None,
            "top1": self.top1,
            "loss": loss,
            "seconds": self.seconds,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.module.load_state_dict(state["model"])
        self.average = {name: value.to(self.fixed.device) for name, value in state["average"].items()}
        self.optimiser.load_state_dict(state["optimiser"])
        torch.set_rng_state(state["rng"])
        if state["cuda_rng"] is not None:
            torch.cuda.set_rng_state(state["cuda_rng"], self.fixed.device)
        self.top1, self.seconds = list(state["top1"]), float(state["seconds"])

    def result(self, checkpoint: Path | None) -> Result:
        cuda = self.fixed.device.startswith("cuda")
        done = len(self.top1)
        return Result(
            top1=self.top1[-1],
            top1_by_epoch=tuple(self.top1),
            epochs=done,
            seconds=self.seconds,
            pruned=done < self.fixed.epochs,
            images_per_second=done * len(self.train) / max(self.seconds, 1e-9),
            device=self.fixed.device,
            peak_bytes=torch.cuda.max_memory_allocated(self.fixed.device) if cuda else None,
            weights=checkpoint,
        )


def autocast(fixed: Settings) -> Any:
    """The settings' precision for a forward pass."""
    kind = fixed.device.partition(":")[0]
    return torch.autocast(kind, dtype=torch.bfloat16, enabled=fixed.dtype == "bfloat16")


def accuracy(module: nn.Module, split: Batches, fixed: Settings) -> float:
    """Share of the images that ``module`` classifies rightly, in evaluation mode."""
    module.eval()
    right = 0
    with torch.inference_mode(), autocast(fixed):
        for index in torch.arange(len(split), device=split.labels.device).split(EVALUATED_AT_ONCE):  # type: ignore[no-untyped-call]
            right += int((module(split.plain(index)).argmax(1) == split.labels[index]).sum())
    return right / len(split)


def initialise(module: nn.Module, recipe: Recipe) -> None:
    """Initialise by kind of layer. ``torch``: its own; ``kaiming``: normal by fan-out for convolutions (He et
    al. 2015), zero biases, normal of deviation 0.01 for linear layers."""
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm2d) and recipe.bn_momentum is not None:
            layer.momentum = recipe.bn_momentum
        if recipe.init == "torch" or not isinstance(layer, (nn.Conv2d, nn.Linear)):
            continue
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
        else:
            nn.init.normal_(layer.weight, std=0.01)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)


def refresh(module: nn.Module, split: Batches, batch: int) -> None:
    """Estimate the statistics of batch norms anew, as plain means over the training images."""
    norms = [layer for layer in module.modules() if isinstance(layer, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    module.eval()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
        norm.train()
    with torch.no_grad():
        for index in torch.arange(len(split), device=split.labels.device).split(batch):  # type: ignore[no-untyped-call]
            if len(index) > 1:
                module(split.plain(index))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


def _optimiser(module: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """Weight decay on matrices and kernels only."""
    weights = [each for each in module.parameters() if each.dim() > 1]
    others = [each for each in module.parameters() if each.dim() <= 1]
    groups = [
        {"params": weights, "weight_decay": recipe.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    if recipe.optimiser == "sgd":
        return torch.optim.SGD(groups, lr=recipe.lr, momentum=recipe.momentum, nesterov=recipe.momentum > 0, fused=True)
    return torch.optim.AdamW(groups, lr=recipe.lr, betas=(recipe.momentum, 0.999), fused=True)
