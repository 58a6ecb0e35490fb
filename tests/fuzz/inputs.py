"""What is tried: for each kind of input a function that makes a hostile one and hands it to the product."""

from __future__ import annotations

import io
import os
import pickle
import shutil
import zipfile
from contextlib import suppress
from functools import partial

import numpy as np
from materials import RECIPE, SPACE, safetensors_of, safetensors_parts
from mutations import SCRIPT, TEXTS, VALUES, as_json, broken, retyped
from stored_inputs import (
    network_with_weights,
    study_in_python,
    study_looked_at,
    study_page,
    study_resumed,
    training_looked_at,
)

import nas
from nas.data.by_name import load_data
from nas.module.files import load_weights
from nas.study import StudyError
from nas.training.recipes import recipe_of
from search_spaces import Budget, load


def architecture(trial):
    """A network or a space as a file."""
    name = trial.rng.choice(("network", "space"))
    data = trial.sound.data(name)
    content = (
        broken(getattr(trial.sound, name).read_bytes(), trial.rng)
        if trial.rng.random() < 0.3
        else as_json(retyped(data, trial.rng))
    )
    path = trial.write(trial.rng.choice(("net.yaml", "net.json")), content)
    words = ("cost {}", "cost {} --layers", "spaces {}", "spaces {} --budget 1MFLOPs", "scale {} --phi 1 --out s.yaml")
    trial.command(*trial.rng.choice(words).format(path).split())


def recipe(trial):
    """A recipe as a file."""
    path = trial.write("recipe.yaml", as_json(retyped(RECIPE, trial.rng)))
    if trial.rng.random() < 0.3:
        path.write_bytes(broken(path.read_bytes(), trial.rng))
    trial.refused_or_read(recipe_of, path)


def budget(trial):
    """A budget as text."""
    known = trial.rng.choice(("400MFLOPs", "350..400MFLOPs", "5.3Mparams", "20MB", "12ms", "64MBpeak"))
    text = broken(known.encode(), trial.rng).decode("utf-8", "replace")
    trial.refused_or_read(Budget.parse, trial.rng.choice((text, trial.rng.choice(TEXTS) + known, known + SCRIPT)))


OPTIONS = {
    "search --space SPACE --budget 1MFLOPs --data digits --dry-run": (
        *("space", "budget", "data", "image-size", "classes", "sampler", "pruner", "objective", "seed", "retrain"),
        *("seeds", "blocks", "recipe", "set", "epochs", "device", "trials", "time", "final", "baseline", "workers"),
        *("executor", "address", "keep", "out"),
    ),
    "spaces SPACE": ("budget", "image-size", "classes", "sample", "seed", "blocks"),
    "scale NETWORK --phi 1 --out s.yaml": (
        *("phi", "variant", "target", "rule", "coefficients", "image-multiple", "max-image-size", "phis", "targets"),
        *("blocks", "image-size"),
    ),
    "cost NETWORK": ("image-size", "classes", "blocks"),
    "train NETWORK --data npz:none": ("recipe", "set", "epochs", "batch", "seed", "weights", "freeze", "image-size"),
    "report STUDY --text": ("trial", "sort"),
    "studies": ("root",),
    "predict TRAINING": ("top", "weights", "image-size"),
}


def option(trial):
    """A value of an option."""
    base, names = trial.rng.choice(list(OPTIONS.items()))
    places = {"SPACE": trial.sound.space, "NETWORK": trial.sound.network, "STUDY": trial.sound.study}
    words = [str(places.get(word) or (trial.sound.training if word == "TRAINING" else word)) for word in base.split()]
    name, value = f"--{trial.rng.choice(names)}", trial.rng.choice((*TEXTS, "lr=" + trial.rng.choice(TEXTS)))
    trial.command(*words, name, value.replace("\x00", ""))


def coefficients(trial):
    """A file of coefficients."""
    data = {**trial.sound.coefficients, "schema": 1, "provenance": {"study": "mine"}}
    path = trial.write("c.yaml", as_json(retyped(data, trial.rng)))
    if trial.rng.random() < 0.3:
        path.write_bytes(broken(path.read_bytes(), trial.rng))
    trial.command("scale", trial.sound.network, "--phi", "1", "--coefficients", path, "--out", "s.yaml")


def npz(trial):
    """A file of NumPy arrays."""
    rng, path = trial.rng, trial.there / "images.npz"
    if rng.random() < 0.5:
        trial.write(path.name, broken(trial.sound.npz.read_bytes(), rng))
    else:
        shapes = ((24, 8, 8, 3), (24, 8, 8), (24, 3, 8, 8), (24, 8, 9), (0, 8, 8), (24,), (), (24, 8, 8, 7), (2, 0, 0))
        kinds = ("uint8", "float32", "int64", "U3", "bool", "complex64", "datetime64[s]")
        images = np.zeros(rng.choice(shapes), rng.choice(kinds))
        labels = np.resize(np.array([0, 1, rng.choice((-1, 2, 10**9))]), rng.choice((24, 0, 23))).astype(
            rng.choice(kinds)
        )
        classes = np.array([rng.choice(TEXTS).replace("\x00", "") for _ in range(rng.randrange(4))])
        names = rng.choice((("images", "labels"), ("train_images", "train_labels"), (SCRIPT, "labels")))
        np.savez(path, **dict(zip(names, (images, labels), strict=True)), classes=classes)
    trial.refused_or_read(load_data, f"npz:{path}")


def image(trial):
    """An image among others."""
    folder = trial.there / "photos"
    shutil.copytree(trial.sound.class_folders, folder)
    ending = trial.rng.choice(list(trial.sound.images))
    content = broken(trial.sound.images[ending], trial.rng)
    name = trial.rng.choice((f"x.{ending}", "x.png", "x", "x.jpg"))
    (folder / "cats" / name).write_bytes(content)
    trial.refused_or_read(load_data, f"folder:{folder}")


def class_folder(trial):
    """Folders and files with hostile names, and what is no image."""
    rng, folder = trial.rng, trial.there / "photos"
    shutil.copytree(trial.sound.class_folders, folder)
    name = rng.choice([text for text in TEXTS if text and "\x00" not in text and len(text) < 200]).replace("/", "_")
    place = folder / "cats" / name
    match rng.randrange(6):
        case 0 if name not in ("..", "."):
            (folder / "dogs").rename(folder / name)
        case 1:
            os.mkfifo(folder / "cats" / "pipe.png")
        case 2:
            (folder / "cats" / "loop").symlink_to(folder)
        case 3:
            (folder / "cats" / "gone.png").symlink_to("nowhere")
        case 4 if not place.exists():
            place.write_bytes(rng.choice((b"", b"\x89PNG\r\n\x1a\n", b"text")))
        case _:
            (folder / os.fsdecode(b"b\xff\xfe")).mkdir()
    words = ("search", "--space", trial.sound.space, "--budget", "1MFLOPs", "--recipe", "plain", "--dry-run")
    trial.command(*words, "--data", f"folder:{folder}")


def idx(trial):
    """One of the four files of Fashion-MNIST."""
    folder = trial.there / "data" / "fashion-mnist"
    name = trial.rng.choice(list(trial.sound.idx))
    for other, content in trial.sound.idx.items():
        data = content
        if other == name:
            at = trial.rng.randrange(20)
            data = (
                broken(data, trial.rng)
                if trial.rng.random() < 0.5
                else data[:at] + trial.rng.randbytes(4) + data[at + 4 :]
            )
        trial.write(folder / other, data)
    before = os.environ["NAS_DATA"]
    os.environ["NAS_DATA"] = str(trial.there / "data")
    try:
        trial.refused_or_read(load_data, "fashion-mnist")
    finally:
        os.environ["NAS_DATA"] = before


def weights(trial):
    """A file of weights, by safetensors or by torch; none runs code."""
    rng = trial.rng
    marker = trial.there / "ran"
    match rng.randrange(4):
        case 0:
            path = trial.write(
                "w.safetensors", broken((trial.sound.training / "weights.safetensors").read_bytes(), rng)
            )
        case 1:
            header, tensors = safetensors_parts((trial.sound.training / "weights.safetensors").read_bytes())
            path = trial.write("w.safetensors", safetensors_of(retyped(header, rng), tensors))
        case 2:
            path = trial.write("w.pt", broken((trial.sound.training / "last.ckpt").read_bytes(), rng))
        case _:
            path = trial.write("w.pt", checkpoint_that_runs(trial.sound.training / "last.ckpt", marker, rng))
    trial.refused_or_read(load_weights, path)
    assert not marker.exists()


class Runs:
    """Makes a folder when it is unpickled."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.mkdir, (str(self.marker),)


def checkpoint_that_runs(path, marker, rng):
    """A torch checkpoint whose pickle calls a function; or the pickle alone."""
    program = pickle.dumps({"model": Runs(marker)}, protocol=2)
    if rng.random() < 0.3:
        return program
    packed = io.BytesIO()
    with zipfile.ZipFile(path) as sound, zipfile.ZipFile(packed, "w") as hostile:
        for name in sound.namelist():
            hostile.writestr(name, program if name.endswith("data.pkl") else sound.read(name))
    return packed.getvalue()


def evaluator(trial):
    """What an evaluator returns, reports and raises."""
    rng = trial.rng
    values = (*VALUES, float("nan"), float("inf"), np.float32(0.5), np.array([1.0]), np.array(0.1), object, b"1", 1j)

    def hostile(architecture, seed, report):
        if rng.random() < 0.3:
            report(rng.choice((1, 2, 0, -1, "1", None, True)), rng.choice(values))
        if rng.random() < 0.2:
            raise rng.choice(
                (RuntimeError(SCRIPT), KeyError(), SystemExit(3), Exception("\ud800"), MemoryError(), OSError(28, "x"))
            )
        return rng.choice(values) if rng.random() < 0.7 else 0.5

    with suppress(StudyError):  # nothing was trained, or too much failed
        trial.refused_or_read(partial(nas.search, SPACE, evaluate=hostile, out=trial.there / "s", trials=2, retrain=0))


def onnx(trial):
    """An exported file."""
    path = trial.write("net.onnx", broken(trial.sound.onnx.read_bytes(), trial.rng))
    trial.command("predict", path, trial.write("photo.png", trial.sound.images["png"]))


def library(trial):
    """`load` of a file in Python."""
    content = broken(getattr(trial.sound, trial.rng.choice(("network", "space"))).read_bytes(), trial.rng)
    trial.refused_or_read(load, trial.write("net.yaml", content))


KINDS = {
    study_looked_at: 1500,
    study_in_python: 1000,
    study_page: 100,
    study_resumed: 300,
    training_looked_at: 400,
    architecture: 1600,
    library: 700,
    recipe: 700,
    budget: 1000,
    option: 600,
    coefficients: 300,
    npz: 400,
    image: 400,
    class_folder: 200,
    idx: 300,
    weights: 400,
    evaluator: 200,
    network_with_weights: 100,
    onnx: 50,
}
"""What is tried, and how many of it in the long form."""
