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
from search_spaces.network.drop_rates import drop_rates
from search_spaces.network.graph import Graph

NETWORK_VERSION = "n1"
TRAINING_VERSION = "t1"
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True)


class _Hashes(NamedTuple):
    """Sorted hashes of all nodes, and those of the outputs in order."""

    nodes: list[str]
    outputs: list[str]


def digest(architecture: Architecture) -> str:
    """Digest of the network as deployed, ``n1-`` and 32 hexadecimal digits.

    Names, dropout and drop-path, auxiliary heads and what matters in training only (the
    momentum of a norm) are left out: two spellings of one network have one digest. It holds shapes, so take
    it at the deployment image size.
    """
    hashes = _node_hashes(_traced(architecture, False), {}, training=False)
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
    g = _traced(architecture, bool(architecture.aux))
    rates = drop_rates(architecture, g, dropout, drop_path)
    hashes = _node_hashes(g, rates, training=True)
    return f"{TRAINING_VERSION}-{_hash([hashes.nodes, hashes.outputs, dict(facts)])[:32]}"


@lru_cache(maxsize=1)
def _traced(architecture: Architecture, training: bool) -> Graph:
    """The graph, traced once where both keys of a network are asked for at one size; nothing may change it."""
    return trace_network(architecture, training)


def _node_hashes(g: Graph, rates: Mapping[int, float], training: bool) -> _Hashes:
    """Hash of each node; what never drops passes its input's hash on and is no node."""
    by_index: list[str] = []
    nodes: list[str] = []
    for index, node in enumerate(g.nodes):
        inputs = [by_index[source] for source in node.inputs]
        if index not in rates and isinstance(node.op, ops.DROPS):
            by_index.append(inputs[0])
            continue
        if isinstance(node.op, ops.UNORDERED):
            inputs.sort()
        nodes.append(_node_hash(_attributes(node.op, training), node.shape, tuple(inputs), rates.get(index)))
        by_index.append(nodes[-1])
    return _Hashes(sorted(nodes), [by_index[index] for index in g.outputs])


@lru_cache(maxsize=65536)
def _node_hash(op: str, shape: ops.Shape, inputs: tuple[str, ...], rate: float | None) -> str:
    """Hash of the JSON list of all four, ``op`` being JSON already."""
    sources = ",".join(f'"{source}"' for source in inputs)
    return _hash_text(f"[{op},{_shape(shape)},[{sources}],{'null' if rate is None else _ENCODER.encode(rate)}]")


@lru_cache(maxsize=65536)
def _attributes(op: ops.Op, training: bool) -> str:
    """Name and attributes of an operation as JSON, without those that only training looks at unless ``training``."""
    if isinstance(op, ops.DROPS):
        return _ENCODER.encode([type(op).__name__])
    relevant = (field.name for field in fields(op) if training or not field.metadata.get("training"))
    return _ENCODER.encode([type(op).__name__, *(getattr(op, name) for name in relevant)])


@lru_cache(maxsize=65536)
def _shape(shape: ops.Shape) -> str:
    return _ENCODER.encode(shape)


def _hash(value: Any) -> str:
    return _hash_text(_ENCODER.encode(value))


def _hash_text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
