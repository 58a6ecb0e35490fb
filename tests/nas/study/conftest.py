"""A tiny space and quick evaluators for studies."""

from __future__ import annotations

import pytest

from nas.study.records import Record
from search_spaces import Architecture, Conv, Head, Space, Stage, choice, cost


@pytest.fixture(scope="session")
def space():
    """36 decision vectors, 62,624 to 255,136 MACs."""
    return Space(
        "tiny",
        Architecture(
            image_size=32,
            classes=10,
            stem=(Stage(Conv(kernel=3), out=8, stride=2),),
            stages=(
                Stage(Conv(kernel=choice(1, 3)), out=choice(8, 16, 24), stride=2),
                Stage(Conv(kernel=choice(1, 3)), out=choice(8, 16, 24), stride=2),
            ),
            head=Head(out=16),
        ),
    )


@pytest.fixture
def by_cost():
    """An evaluator: the more MACs, the better; without noise."""
    return lambda architecture, seed, report: cost(architecture).macs / 1e7


def make(trial, state="complete", top1=0.5, curve=None, **fields):
    """A record."""
    curve = tuple(curve or ((top1,) if top1 is not None else ()))
    return Record(trial=trial, state=state, top1=top1, top1_by_epoch=curve, epochs=len(curve), **fields)


@pytest.fixture(scope="session")
def record():
    return make
