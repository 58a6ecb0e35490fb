"""How many threads a training takes on the CPU."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import torch

from nas.module import thread_choice
from nas.module.thread_choice import measured_threads, threads_by_size
from search_spaces import load

SMALL = load("efficientnet-b0").at(32, 10)


@pytest.mark.parametrize(("several", "count"), [(0.5, 4), (0.89, 4), (0.95, 1), (3.0, 1)])
def test_the_faster_of_one_and_all_and_one_where_they_are_close(monkeypatch, several, count):
    monkeypatch.setattr(thread_choice._Step, "seconds", lambda step, threads: 1.0 if threads == 1 else several)
    assert measured_threads(SMALL, 4, 64) == count


def test_one_core_and_large_networks_are_not_measured(monkeypatch):
    monkeypatch.setattr(thread_choice, "_Step", None)
    assert measured_threads(SMALL, 1, 64) == 1
    assert measured_threads(load("efficientnet-b0"), 4, 64) == 4
    assert (threads_by_size(SMALL, 4), threads_by_size(load("resnet-50"), 4)) == (1, 4)


def test_measuring_leaves_threads_and_random_numbers_as_they_were():
    torch.manual_seed(3)
    expected, before = torch.rand(2), torch.get_num_threads()
    torch.manual_seed(3)
    assert measured_threads(SMALL, 2, 4) in (1, 2)
    assert torch.equal(torch.rand(2), expected)
    assert torch.get_num_threads() == before


@pytest.mark.parametrize(("given", "policy"), [({}, "PASSIVE"), ({"OMP_WAIT_POLICY": "ACTIVE"}, "ACTIVE")])
def test_threads_wait_passively_unless_the_user_says_otherwise(given, policy):
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    code = "import os, sys, nas; assert 'torch' not in sys.modules; print(os.environ['OMP_WAIT_POLICY'])"
    done = subprocess.run([sys.executable, "-c", code], env={**environment, **given}, capture_output=True, text=True)
    assert done.stdout.strip() == policy, done.stderr
