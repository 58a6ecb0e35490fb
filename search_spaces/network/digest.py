"""Identity of networks: what is computed (``digest``) and what is trained (``training_key``).

Both hash the data flow, not the spelling. Each node hashes its operation, its shape and its inputs' hashes
(in any order for sums and products); a network is the sorted list of all its nodes' hashes, so that two
convolutions on one input are not one convolution used twice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields
from functools import lru_cache
from typing import Any, NamedTuple

from search_spaces.network import ops
from search_spaces.network.architecture import Architecture, trace_network
from search_spaces.network.graph import Graph
from search_spaces.network.places import place_rates

NETWORK_VERSION = "n1"
TRAINING_VERSION = "t1"
_UNORDERED = (ops.Add, ops.Mul)


class _Hashes(NamedTuple):
    """Sorted hashes of all nodes, and those of the outputs in order."""

    nodes: list[str]
    outputs: list[str]


def digest(architecture: Architecture) -> str:
    """Digest of the network as deployed, ``n1-`` and 32 hexadecimal digits.

    Names, the places of dropout and drop-path, auxiliary heads and what matters in training only (the
    momentum of a norm) are left out: two spellings of one network have one digest. It holds shapes, so take
    it at the deployment image size.
    """
    hashes = _node_hashes(trace_network(architecture), {}, training=False)
    return f"{NETWORK_VERSION}-{_hash(hashes.nodes)[:32]}"


def training_key(
    architecture: Architecture,
    facts: Mapping[str, Any],
    *,
    dropout: float | None = None,
    drop_path: float | None = None,
) -> str:
    """Key of a training, ``t1-`` and 32 hexadecimal digits: equal keys, equal training but for the seed.

    ``architecture`` is the network as trained (proxy image size, the data's classes); ``dropout`` and
    ``drop_path`` are the recipe's overrides; ``facts`` says all else as JSON values: digests of recipe and
    data, epochs, dtype, batch.
    """
    g = trace_network(architecture, training=True)
    rates = place_rates(architecture, g, dropout, drop_path)
    hashes = _node_hashes(g, rates, training=True)
    return f"{TRAINING_VERSION}-{_hash([hashes.nodes, hashes.outputs, dict(facts)])[:32]}"


def _node_hashes(g: Graph, rates: Mapping[int, float], training: bool) -> _Hashes:
    """Places without a rate pass their input's hash on and are no node of their own."""
    by_index: list[str] = []
    own: list[str] = []
    for index, node in enumerate(g.nodes):
        inputs = [by_index[source] for source in node.inputs]
        if isinstance(node.op, ops.PLACES) and index not in rates:
            by_index.append(inputs[0])
            continue
        inputs = sorted(inputs) if isinstance(node.op, _UNORDERED) else inputs
        by_index.append(_node_hash(_described(node.op, training), node.shape, tuple(inputs), rates.get(index)))
        own.append(by_index[-1])
    return _Hashes(sorted(own), [by_index[index] for index in g.outputs])


@lru_cache(maxsize=65536)
def _node_hash(op: tuple[Any, ...], shape: ops.Shape, inputs: tuple[str, ...], rate: float | None) -> str:
    return _hash([op, shape, inputs, rate])


@lru_cache(maxsize=65536)
def _described(op: ops.Op, training: bool) -> tuple[Any, ...]:
    own = [
        getattr(op, each.name)
        for each in fields(op)
        if (training or not each.metadata.get("training")) and not isinstance(op, ops.PLACES)
    ]
    return (type(op).__name__, *own)


def _hash(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
