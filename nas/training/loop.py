"""The training loop, from first to last line."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nas.data import Data
from nas.module.files import save_weights
from nas.module.network import build
from nas.training.augment.mixing import Mixed, mixed
from nas.training.average import Average
from nas.training.batches import Chunk, channels_last, normalised, statistics
from nas.training.beginning import Start, algorithms, begin, trained_as, wrapped
from nas.training.checkpoint import load_checkpoint, save_checkpoint
from nas.training.distributed import agreed, level, summed, world
from nas.training.draws import Draws, epoch_order
from nas.training.evaluation import Evaluation, at_once, evaluate
from nas.training.initialisation import initialise, refresh
from nas.training.optimisers import optimiser, rate
from nas.training.recipe import Recipe
from nas.training.settings import Settings, autocast, proxy, settings
from search_spaces import Architecture
from search_spaces.network.digest import training_key

Report = Callable[[int, dict[str, Any]], bool]
Watch = Callable[[int, int], None]
LOOK_EVERY = 50  # steps between looks at whether the loss is still a number
SAVE_EVERY = 300.0  # seconds between checkpoints within an epoch


class TrainingFailed(RuntimeError):
    """The loss is no number any more."""


@dataclass(frozen=True)
class Result:
    """``top1``: share of validation images classified rightly after the last epoch (0 to 1).

    ``seconds`` (and ``cpu_seconds`` of this process) of training and validation over all sessions; ``weights`` is the
    checkpoint's path, or None.
    """

    top1: float
    top1_by_epoch: tuple[float, ...]
    epochs: int
    seconds: float
    cpu_seconds: float
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
    watch: Watch | None = None,
    alive: Callable[[], None] | None = None,
    checkpoint: Path | None = None,
    best: Path | None = None,
    start: Start | None = None,
) -> Result:
    """Train the deployment ``architecture`` on ``data.train`` as the recipe says; validate after each epoch.

    ``fixed`` are the settings (default: those of the recipe on the best device). ``seed`` draws the weights, dropout
    and drop-path; ``order`` the order of the images and their augmentation, equal for all candidates. ``report(epoch,
    metrics)`` is called after each epoch, counted from 1, with top1 and top5, both losses, lr, seconds and
    images_per_second; False ends the training as pruned. ``watch(step, steps)`` is called after each step of an epoch,
    ``alive()`` after each step and each batch of the validation. With a ``checkpoint`` path the training goes on where
    it was stopped, bit for bit on the CPU; the last reported epoch is then reported again. The weights of the best
    validation top-1 are kept at ``best``. ``start`` gives the weights to begin with. Under `torchrun` all processes
    call this, and the first writes and reports. The test split is not read. Raises TrainingFailed where the loss is not
    finite.
    """
    fixed = fixed or settings(recipe)
    torch.set_num_threads(fixed.threads)
    small = proxy(architecture, recipe, fixed.image_size, len(data.classes))
    devices = [fixed.device] if fixed.device.startswith("cuda") else []
    with torch.random.fork_rng(devices), algorithms(fixed):
        torch.manual_seed(seed)
        run = _Run(small, data, recipe, fixed, seed, order, start)
        run.alive = alive
        run.key = f"{key(small, recipe, fixed, data, start)}/{seed}/{order}"
        return run.go(report, watch, checkpoint, best)


def key(small: Architecture, recipe: Recipe, fixed: Settings, data: Data, start: Start | None = None) -> str:
    """Key of a training but for its seeds; ``small`` is the network as trained (:func:`proxy`)."""
    facts = {"recipe": recipe.digest, "data": data.digest, **fixed.facts()}
    if start is not None:
        facts["start"] = start.digest
    return training_key(small, facts, dropout=recipe.dropout, drop_path=recipe.drop_path)


class _Run:
    """State of one training: all of it is in :meth:`state`."""

    def __init__(
        self,
        small: Architecture,
        data: Data,
        recipe: Recipe,
        fixed: Settings,
        seed: int,
        order: int,
        start: Start | None,
    ) -> None:
        self.recipe, self.fixed, self.seed, self.order, self.start = recipe, fixed, seed, order, start
        self.key, self.world = "", world()
        self.alive: Callable[[], None] | None = None
        if fixed.device.startswith("cuda"):
            torch.cuda.reset_peak_memory_stats(fixed.device)
        module = build(small, training=True, dropout=recipe.dropout, drop_path=recipe.drop_path)
        initialise(module, recipe)
        module = nn.SyncBatchNorm.convert_sync_batchnorm(module) if fixed.sync_bn else module  # type: ignore[no-untyped-call]
        self.module = module.to(fixed.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.frozen = begin(self.module, start)
        self.average = Average(self.module, recipe.ema)
        self.optimiser = optimiser(self.module, recipe)
        self.scaler = torch.amp.GradScaler(enabled=fixed.dtype == "float16")
        self.forward = wrapped(self.module, fixed, self.world.size)
        by, at = statistics(data, small.in_channels), (small.image_size, small.in_channels, fixed.device)
        self.train, self.val = normalised(data.train, by, *at), normalised(data.val, by, *at)
        self.trained = trained_as(small, data, recipe, fixed, seed, by)
        self.steps = max(1, len(self.train) // fixed.batch)
        self.batch = fixed.at_once(len(self.train))
        self.step, self.total = 0, torch.zeros((), device=fixed.device)
        self.top1: list[float] = []
        self.seconds = self.cpu_seconds = self.saved = 0.0
        self.began = time.perf_counter(), time.process_time()

    def go(self, report: Report | None, watch: Watch | None, checkpoint: Path | None, best: Path | None) -> Result:
        stored = load_checkpoint(checkpoint, self.key) if checkpoint else None
        going = True
        if stored is not None:
            self.restore(stored)
            going = self.step > 0 or self.reported(report, stored["told"])
        self.began = time.perf_counter(), time.process_time()
        while going and len(self.top1) < self.fixed.epochs:
            loss = self.epoch(watch, checkpoint)
            found = self.validate(best)
            self.tick()
            told = {"loss": loss, "top5": found.top5, "val_loss": found.loss}
            self.save(checkpoint, told)
            going = self.reported(report, told)
        return self.result(checkpoint)

    def reported(self, report: Report | None, told: dict[str, Any]) -> bool:
        done = len(self.top1)
        metrics = {
            "top1": self.top1[-1],
            **told,
            "lr": self.rate_at(done * self.steps - 1),
            "seconds": self.seconds,
            "cpu_seconds": self.cpu_seconds,
            "images_per_second": done * self.steps * self.batch / max(self.seconds, 1e-9),
        }
        going = report is None or not self.world.leads or report(done, metrics)
        return bool(agreed(float(going)))

    def epoch(self, watch: Watch | None, checkpoint: Path | None) -> float:
        """The steps of this epoch that are left; the mean loss of all. Images that fill no batch wait for another
        epoch."""
        number = len(self.top1)
        turns = self.turns(epoch_order(len(self.train), self.order, number))
        chunks = self.train.chunks(turns[self.step * self.fixed.accumulate :])
        self.module.train()
        for scope in self.frozen:
            scope.eval()
        while self.step < self.steps:
            self.total += self.one_step(number, [next(chunks) for _ in range(self.fixed.accumulate)])
            self.step += 1
            if watch:
                watch(self.step, self.steps)
            if self.alive:
                self.alive()
            if self.step % LOOK_EVERY == 0 or self.step == self.steps:
                self.look(number, checkpoint)
        loss = float(self.total) / self.steps
        self.step, self.total = 0, torch.zeros_like(self.total)
        return loss

    def look(self, number: int, checkpoint: Path | None) -> None:
        """Is the loss still a number, and is it time for a checkpoint within the epoch?"""
        self.total = summed(self.total) / self.world.size
        if not math.isfinite(float(self.total)):
            raise TrainingFailed(f"the loss is {float(self.total)} in epoch {number + 1}, step {self.step}")
        self.tick()
        if self.seconds - self.saved > SAVE_EVERY and self.step < self.steps:
            self.save(checkpoint, {})

    def tick(self) -> None:
        now = time.perf_counter(), time.process_time()
        self.seconds += now[0] - self.began[0]
        self.cpu_seconds += now[1] - self.began[1]
        self.began = now

    def turns(self, order: Tensor) -> list[Tensor]:
        """Which images this process takes at each turn: ``accumulate`` turns make a step."""
        whole = order[: self.steps * self.batch].view(self.steps, self.world.size, self.fixed.accumulate, -1)
        return list(whole[:, self.world.rank].flatten(0, 1))

    def one_step(self, number: int, chunks: list[Chunk]) -> Tensor:
        """One step of the optimiser; its loss."""
        at = number * self.steps + self.step
        torch.manual_seed(self.number_of(at))  # dropout and drop-path
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate_at(at)
        self.optimiser.zero_grad(set_to_none=True)
        total = torch.zeros_like(self.total)
        for turn, chunk in enumerate(chunks):
            with self.forward.no_sync() if turn < len(chunks) - 1 and self.world.size > 1 else nullcontext():
                loss = self.loss(self.images(number, chunk)) / len(chunks)
                torch.autograd.backward(self.scaler.scale(loss))
            total += loss.detach()
        if self.recipe.clip:
            self.scaler.unscale_(self.optimiser)
            nn.utils.clip_grad_norm_(self.module.parameters(), self.recipe.clip)
        self.scaler.step(self.optimiser)
        self.scaler.update()
        self.average.update(self.module, at)
        return total

    def number_of(self, step: int) -> int:
        """A seed for one step of one process."""
        return ((self.seed * 1_000_003 + step) * self.world.size + self.world.rank) % 2**63

    def images(self, number: int, chunk: Chunk) -> Mixed:
        """A turn's images, augmented and mixed by their own draws."""
        draws = Draws(self.order, number, chunk.index, self.fixed.device)
        x = self.train.augmented(chunk, draws, self.recipe)
        if self.recipe.mix:
            own = mixed(x, chunk.labels, draws, self.recipe)
            return replace(own, x=channels_last(own.x))
        return Mixed(channels_last(x), chunk.labels, chunk.labels, None)

    def loss(self, own: Mixed) -> Tensor:
        with autocast(self.fixed):
            output = self.forward(own.x)
        logits, auxiliary = output if isinstance(output, tuple) else (output, [])
        losses = [_cross_entropy(each.float(), own, self.recipe.label_smoothing) for each in (logits, *auxiliary)]
        return losses[0] + self.recipe.aux_weight * sum(losses[1:])

    def rate_at(self, step: int) -> float:
        return rate((step + 1) / (self.steps * self.fixed.epochs), self.recipe)

    def validate(self, best: Path | None) -> Evaluation:
        """Evaluate on the validation images, by the averaged weights where there are such; the best so far are kept."""
        with self.average.in_place(self.module):
            level(self.module)
            if self.recipe.refresh:
                with autocast(self.fixed):
                    refresh(self.module, self.some_images())
            found = evaluate(self.module, self.val, self.fixed, len(self.trained.classes), alive=self.alive)
            if not math.isfinite(found.loss):
                raise TrainingFailed(f"the validation loss is {found.loss} after epoch {len(self.top1) + 1}")
            self.top1.append(found.top1)
            if best and self.world.leads and found.top1 > max(self.top1[:-1], default=-1.0):
                save_weights(best, self.module.state_dict(), self.trained.after(len(self.top1), found.top1))
        return found

    def some_images(self) -> Iterator[Tensor]:
        """The recipe's number of training images, evenly spaced, as in evaluation, batch by batch."""
        count = min(self.recipe.refresh, len(self.train))
        index = torch.linspace(0, len(self.train) - 1, count).long()
        parts = [part for part in index.split(at_once(self.train.side)) if len(part) > 1]  # type: ignore[no-untyped-call]
        return (self.train.plain(chunk) for chunk in self.train.chunks(parts))

    def save(self, checkpoint: Path | None, told: dict[str, Any]) -> None:
        self.saved = self.seconds
        if checkpoint and self.world.leads:
            save_checkpoint(checkpoint, self.state(told))

    def state(self, told: dict[str, Any]) -> dict[str, Any]:
        return {
            "key": self.key,
            "model": self.module.state_dict(),
            "average": self.average.values,
            "optimiser": self.optimiser.state_dict(),
            "scaler": self.scaler.state_dict(),
            "step": self.step,
            "total": self.total,
            "top1": self.top1,
            "told": told,
            "trained": self.trained.to_data(),
            "seconds": self.seconds,
            "cpu_seconds": self.cpu_seconds,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        self.module.load_state_dict(state["model"])
        self.average.values = {name: value.to(self.fixed.device) for name, value in state["average"].items()}
        self.optimiser.load_state_dict(state["optimiser"])
        self.scaler.load_state_dict(state["scaler"])
        self.step, self.total = int(state["step"]), state["total"].to(self.fixed.device)
        self.top1, self.seconds = list(state["top1"]), float(state["seconds"])
        self.cpu_seconds, self.saved = float(state["cpu_seconds"]), self.seconds

    def result(self, checkpoint: Path | None) -> Result:
        cuda = self.fixed.device.startswith("cuda")
        done = len(self.top1)
        return Result(
            top1=self.top1[-1],
            top1_by_epoch=tuple(self.top1),
            epochs=done,
            seconds=self.seconds,
            cpu_seconds=self.cpu_seconds,
            pruned=done < self.fixed.epochs,
            images_per_second=done * self.steps * self.batch / max(self.seconds, 1e-9),
            device=self.fixed.device,
            peak_bytes=torch.cuda.max_memory_allocated(self.fixed.device) if cuda else None,
            weights=checkpoint,
        )


def _cross_entropy(logits: Tensor, own: Mixed, smoothing: float) -> Tensor:
    """Mean cross-entropy with both labels of each image by its share."""
    if own.share is None:
        return F.cross_entropy(logits, own.labels, label_smoothing=smoothing)
    both = [F.cross_entropy(logits, to, label_smoothing=smoothing, reduction="none") for to in (own.labels, own.other)]
    return (own.share * both[0] + (1 - own.share) * both[1]).mean()
