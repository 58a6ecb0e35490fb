"""A small network, trained for a moment on the digits, as the files that a training leaves."""

from __future__ import annotations

import pytest

CLASSES = tuple("0123456789")


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory):
    """A folder of a training: network.yaml, at 224 px and 1000 classes, and weights.safetensors."""
    import torch
    from torch.nn import functional as F

    from nas.data.by_name import load_data
    from nas.module.files import Trained, save_weights
    from nas.module.network import build
    from nas.training.batches import normalised, statistics
    from search_spaces import Architecture, Conv, Head, Stage, save
    from search_spaces.files.codec import to_data

    deployed = Architecture(
        stem=(Stage(Conv(kernel=3), out=16, stride=2),), stages=(Stage(Conv(kernel=3), out=32, stride=2),), head=Head()
    )
    architecture, data = deployed.at(16, 10), load_data("digits")
    split = normalised(data.train, statistics(data, 3), 16, 3, "cpu")
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        module = build(architecture, training=True)
        optimiser = torch.optim.AdamW(module.parameters(), lr=0.01)
        for step in range(60):
            [chunk] = split.chunks([torch.arange(64) + 64 * (step % 16)])
            loss = F.cross_entropy(module(split.plain(chunk)), chunk.labels)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    trained = Trained(
        architecture=to_data(architecture),
        name="little",
        classes=data.classes,
        image_size=16,
        in_channels=3,
        mean=tuple(split.mean.flatten().tolist()) * 3,
        deviation=tuple(split.deviation.flatten().tolist()) * 3,
        provenance={"data": data.name, "data_digest": data.digest},
    )
    folder = tmp_path_factory.mktemp("little")
    save(deployed, folder / "network.yaml")
    save_weights(folder / "weights.safetensors", module.state_dict(), trained)
    return folder


@pytest.fixture(scope="session")
def study_folder(tmp_path_factory, run_folder):
    """The same as a study leaves it: base.yaml and a checkpoint."""
    import torch

    from nas.module.files import load_weights
    from search_spaces import load, save

    folder = tmp_path_factory.mktemp("study")
    state, trained = load_weights(run_folder / "weights.safetensors")
    torch.save({"key": "k", "model": state, "average": {}, "trained": trained.to_data()}, folder / "a.ckpt")
    torch.save({"key": "k", "model": state, "average": {}}, folder / "old.ckpt")
    save(load(run_folder / "network.yaml").at(16), folder / "base.yaml", provenance={"weights": "a.ckpt"})
    return folder
