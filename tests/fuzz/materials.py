"""The sound files that hostile ones are made of, made once."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image

import nas
from search_spaces import Architecture, BatchNorm, Conv, Defaults, Head, MBConv, Space, Stage, choice, cost, save
from search_spaces.files.codec import read

NETWORK = Architecture(
    image_size=8,
    classes=10,
    stem=(Stage(Conv(kernel=3), out=8),),
    stages=(Stage(Conv(kernel=3), out=8, stride=2), Stage(MBConv(expand_ratio=2, se_ratio=0.25), out=8, repeats=2)),
    head=Head(out=16),
    defaults=Defaults(act="silu", norm=BatchNorm(eps=1e-5)),
)
SPACE = Space(
    "small",
    Architecture(
        image_size=8,
        classes=10,
        stem=(Stage(Conv(kernel=3), out=8),),
        stages=(
            Stage(Conv(kernel=choice(1, 3)), out=choice(8, 16, 24), repeats=choice(1, 2), stride=2),
            Stage(choice(Conv(kernel=3), MBConv(expand_ratio=2)), out=choice(8, 16), repeats=1, stride=1),
        ),
        head=Head(out=16),
    ),
)
RECIPE = {"optimizer": "sgd", "lr": 0.1, "batch": 64, "epochs": 3, "weight_decay": 0.0005, "flip": False}


def evaluate(architecture, seed, report):
    """Quick, deterministic, without training."""
    return cost(architecture).macs / 1e7


@dataclass(frozen=True)
class Materials:
    """Sound inputs below one folder."""

    folder: Path

    @cached_property
    def network(self):
        return save(NETWORK, self.folder / "network.yaml")

    @cached_property
    def space(self):
        return save(SPACE, self.folder / "space.yaml")

    @cached_property
    def study(self):
        """The folder of a study of an evaluator, with retrainings and tables."""
        folder = self.folder / "study"
        options = {"trials": 6, "retrain": 1, "seeds": 2, "evaluator_name": "mine"}
        nas.search(SPACE, evaluate=evaluate, out=folder, **options)
        return folder

    @cached_property
    def training(self):
        """The folder of a training on the digits."""
        folder = self.folder / "training"
        nas.train(NETWORK, "digits", "plain", out=folder, epochs=1, threads=1, image_size=8, device="cpu")
        return folder

    @cached_property
    def onnx(self):
        path = self.folder / "net.onnx"
        nas.export(self.training, path)
        return path

    @cached_property
    def npz(self):
        path = self.folder / "images.npz"
        rng = np.random.default_rng(0)
        np.savez(path, images=rng.integers(0, 255, (24, 8, 8, 3), dtype=np.uint8), labels=np.arange(24) % 2)
        return path

    @cached_property
    def images(self):
        """One image in each of some formats, as bytes by ending."""
        rng, images = np.random.default_rng(1), {}
        for name in ("png", "jpg", "bmp", "gif", "webp", "tiff", "ppm"):
            path = self.folder / f"image.{name}"
            Image.fromarray(rng.integers(0, 255, (12, 12, 3), dtype=np.uint8)).save(path)
            images[name] = path.read_bytes()
        return images

    @cached_property
    def class_folders(self):
        """Two classes of four images."""
        folder = self.folder / "photos"
        rng = np.random.default_rng(2)
        for name in ("cats", "dogs"):
            (folder / name).mkdir(parents=True)
            for index in range(4):
                Image.fromarray(rng.integers(0, 255, (8, 8, 3), dtype=np.uint8)).save(folder / name / f"{index}.png")
        return folder

    @cached_property
    def idx(self):
        """The four files of a very small Fashion-MNIST, as bytes by name."""
        files = {}
        for part, count in (("train", 40), ("t10k", 20)):
            pixels = bytes(range(256)) * (count * 28 * 28 // 256 + 1)
            head = struct.pack(">4B3I", 0, 0, 8, 3, count, 28, 28)
            files[f"{part}-images-idx3-ubyte"] = head + pixels[: count * 28 * 28]
            files[f"{part}-labels-idx1-ubyte"] = struct.pack(">4BI", 0, 0, 8, 1, count) + bytes(
                i % 10 for i in range(count)
            )
        return files

    @cached_property
    def coefficients(self):
        """What `nas scale-fit` leaves, and what a person writes."""
        return {"alpha": 1.2, "beta": 1.1, "gamma": 1.15}

    def data(self, name):
        """The plain data of the network or the space."""
        return read(getattr(self, name))


def safetensors_parts(data):
    """The header as plain data, and the bytes of the tensors."""
    length = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def safetensors_of(header, tensors):
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + tensors
