"""Threads of a training on the CPU: part of what it is, and chosen without a trace."""

from __future__ import annotations

import pytest
import torch

from nas.training.loop import train
from nas.training.settings import settings_for
from nas.training.threads import faster_threads
from search_spaces import load


@pytest.fixture
def trained(network, noisy, quick, tmp_path):
    def weights(threads, name):
        path = tmp_path / name
        settings = settings_for(quick, "cpu", epochs=1, image_size=32, threads=threads)
        train(network, noisy, quick, settings=settings, checkpoint=path)
        return torch.load(path, weights_only=True)

    return weights


@pytest.mark.parametrize("threads", [1, 2])
def test_the_same_number_of_threads_gives_the_same_bits(trained, threads):
    one, again = trained(threads, "one")["model"], trained(threads, "again")["model"]
    assert all(torch.equal(one[name], again[name]) for name in one)


def test_another_number_of_threads_is_another_training(trained):
    """Sums that are shared out among threads round in another order, so that weights differ: it is in the key."""
    assert trained(1, "one")["key"] != trained(2, "two")["key"]


@pytest.mark.parametrize(("name", "side"), [("mobilenet-v2", 32), ("googlenet", 96)])  # without and with auxiliaries
def test_the_choice_leaves_random_numbers_and_threads_as_they_were(name, side):
    before = torch.get_rng_state(), torch.get_num_threads()
    assert faster_threads(load(name).at(side, 10), 4, 2) in (1, 2)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert torch.get_num_threads() == before[1]
