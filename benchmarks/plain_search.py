"""A search as a competent user writes it, with PyTorch, Optuna and fvcore, to set `nas search` beside.

    python benchmarks/plain_search.py OPTIONS.json RESULT.json

`plain_script.py` calls it. It uses nothing of this package. The space is that of `mbconv`; `candidates` of the options
are enqueued, so that both searches train the same networks. Every trial builds the network, counts it by fvcore at its
deployment, trains it on the digits through a DataLoader, and validates after each epoch.
"""

from __future__ import annotations

import time

BEGAN = time.perf_counter()

import json  # noqa: E402  # the imports are timed
import sys  # noqa: E402
import warnings  # noqa: E402
from collections import Counter  # noqa: E402
from collections.abc import Iterator  # noqa: E402
from contextlib import contextmanager  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import optuna  # noqa: E402
import torch  # noqa: E402
from fvcore.nn import FlopCountAnalysis  # noqa: E402
from sklearn.datasets import load_digits  # noqa: E402
from sklearn.model_selection import train_test_split  # noqa: E402
from torch import Tensor, nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402
from torch.utils.data import DataLoader, Dataset  # noqa: E402
from torchvision import transforms  # noqa: E402

SIDE = 32
STRIDES = (1, 2, 2, 2, 1, 2, 1)
SPENT: Counter[str] = Counter()


@contextmanager
def spent(what: str) -> Iterator[None]:
    """Add the time within to ``SPENT``."""
    start = time.perf_counter()
    yield
    SPENT[what] += time.perf_counter() - start


class SqueezeExcite(nn.Module):
    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.reduce, self.expand = nn.Conv2d(channels, squeezed, 1), nn.Conv2d(squeezed, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.expand(F.silu(self.reduce(F.adaptive_avg_pool2d(x, 1)))))


def conv_norm(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
    return [conv, nn.BatchNorm2d(outputs)]


class MBConv(nn.Module):
    def __init__(self, inputs: int, outputs: int, kernel: int, expand: int, se: float, stride: int) -> None:
        super().__init__()
        inner = inputs * expand
        layers = [*conv_norm(inputs, inner, 1), nn.SiLU()] if expand > 1 else []
        layers += [*conv_norm(inner, inner, kernel, stride, inner), nn.SiLU()]
        layers += [SqueezeExcite(inner, max(1, int(inputs * se)))] if se else []
        self.layers = nn.Sequential(*layers, *conv_norm(inner, outputs, 1))
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x) if self.adds else self.layers(x)


def network(labels: dict[str, str], classes: int) -> nn.Module:
    """The network of one label for each decision."""
    layers: list[nn.Module] = [*conv_norm(3, 32, 3, 2), nn.SiLU()]
    width = 32
    for stage, stride in enumerate(STRIDES):
        name = f"stages.{stage}"
        kernel, out = int(labels[f"{name}.block.kernel"]), int(labels[f"{name}.out"])
        expand, se = int(labels.get(f"{name}.block.expand_ratio", 1)), float(labels[f"{name}.block.se_ratio"])
        for index in range(int(labels[f"{name}.repeats"])):
            layers.append(MBConv(width, out, kernel, expand, se, stride if index == 0 else 1))
            width = out
    layers += [*conv_norm(width, 1280, 1), nn.SiLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1280, classes)]
    return nn.Sequential(*layers)


class Digits(Dataset[Any]):
    """8×8 grey images at ``SIDE`` pixels, three channels."""

    def __init__(self, images: Any, labels: Any, is_training: bool) -> None:
        self.images, self.labels = images, labels
        moved = [transforms.RandomAffine(6, translate=(0.05, 0.05), scale=(0.95, 1.05))] if is_training else []
        steps = [transforms.ToPILImage(), transforms.Grayscale(3), transforms.Resize(SIDE), *moved]
        self.transform = transforms.Compose(
            [*steps, transforms.ToTensor(), transforms.Normalize([0.3] * 3, [0.35] * 3)]
        )

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.transform(self.images[index]), int(self.labels[index])


def digits() -> tuple[Digits, Digits]:
    """1,078 images to train on and 359 to validate on."""
    loaded = load_digits()
    images = (loaded.images * 255 / 16).astype("uint8")
    x, _, y, _ = train_test_split(images, loaded.target, test_size=360, stratify=loaded.target, random_state=0)
    x, a, y, b = train_test_split(x, y, test_size=359, stratify=y, random_state=0)
    return Digits(x, y, True), Digits(a, b, False)


def count(labels: dict[str, str]) -> tuple[int, int]:
    """Parameters, and multiply-adds of convolutions and linear layers by fvcore, at 224 px and for 1,000 classes."""
    module = network(labels, 1000).eval()
    analysis = FlopCountAnalysis(module, torch.zeros(1, 3, 224, 224))
    analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    totals = analysis.by_operator()
    return sum(p.numel() for p in module.parameters()), int(totals["conv"] + totals["linear"])


def accuracy(module: nn.Module, loader: DataLoader[Any]) -> float:
    module.eval()
    with torch.inference_mode():
        right = sum(int((module(x).argmax(1) == y).sum()) for x, y in loader)
    return right / len(loader.dataset)  # type: ignore[arg-type]


def train(labels: dict[str, str], data: tuple[Digits, Digits], batch: int, epochs: int, loaders: int) -> float:
    """Train one network and return its last validation accuracy."""
    with spent("building"):
        module = network(labels, 10)
        train_loader = DataLoader(data[0], batch, shuffle=True, drop_last=True, num_workers=loaders)
        loader = DataLoader(data[1], 256, num_workers=loaders)
        optimiser = torch.optim.AdamW(module.parameters(), lr=0.006, weight_decay=0.02)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 0.006, total_steps=epochs * len(train_loader))
    top1 = 0.0
    for _ in range(epochs):
        module.train()
        batches = iter(train_loader)
        for _ in range(len(train_loader)):
            with spent("images"):
                x, y = next(batches)
            with spent("steps"):
                optimiser.zero_grad(set_to_none=True)
                F.cross_entropy(module(x), y, label_smoothing=0.1).backward()
                optimiser.step()
                schedule.step()
        with spent("validation"):
            top1 = accuracy(module, loader)
    return top1


def main() -> None:
    """Search and write what was trained, and where the time went."""
    options = json.loads(Path(sys.argv[1]).read_text())
    SPENT["imports"] = time.perf_counter() - BEGAN
    torch.set_num_threads(options["threads"])
    warnings.simplefilter("ignore")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with spent("data"):
        data = digits()
    trained: list[dict[str, Any]] = []

    def objective(trial: optuna.Trial) -> float:
        labels = {name: trial.suggest_categorical(name, choices) for name, choices in options["decisions"].items()}
        with spent("counting"):
            params, macs = count(labels)
        if macs > options["limit"]:
            raise optuna.TrialPruned
        top1 = train(labels, data, options["batch"], options["epochs"], options["loaders"])
        trained.append({"params": params, "macs": macs, "top1": top1})
        return top1

    study = optuna.create_study(direction="maximize")
    for labels in options["candidates"]:
        study.enqueue_trial(labels)
    study.optimize(objective, n_trials=len(options["candidates"]))
    SPENT["else"] = time.perf_counter() - BEGAN - sum(SPENT.values())
    Path(sys.argv[2]).write_text(json.dumps({"trained": trained, "spent": dict(SPENT)}))


if __name__ == "__main__":
    main()
