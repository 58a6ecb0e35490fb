"""From a graph to a torch module: one ordinary class that walks the nodes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from nas.module.operations import operation
from search_spaces import Architecture
from search_spaces.network import ops
from search_spaces.network.architecture import trace_network
from search_spaces.network.drop_rates import drop_rates
from search_spaces.network.graph import Graph
from search_spaces.network.memory import in_place


def build(
    architecture: Architecture,
    *,
    training: bool = False,
    dropout: float | None = None,
    drop_path: float | None = None,
) -> Network:
    """The architecture as a module with torch's default initialisation.

    It maps (N, in_channels, height, width) to logits (N, classes); with ``training`` it has the auxiliary
    classifiers too and, in train mode, returns (logits, [logits of each aux]). ``dropout`` and ``drop_path``
    override the architecture's rates. Without ``training``, parameters equal ``cost(architecture).params``.
    """
    g = trace_network(architecture, training)
    return Network(g, drop_rates(architecture, g, dropout, drop_path))


@dataclass(frozen=True, eq=False)
class _Step:
    """The computation of one node from the values of ``inputs``; ``last`` are those that no later step reads."""

    index: int
    inputs: tuple[int, ...]
    last: tuple[int, ...]
    function: Callable[..., Tensor] | tuple[nn.Module, str]

    def __call__(self, *inputs: Tensor) -> Tensor:
        """A layer is looked up by its name in its parent, so that one that has been replaced is used."""
        function = getattr(*self.function) if isinstance(self.function, tuple) else self.function
        value: Tensor = function(*inputs)
        return value


class Network(nn.Module):
    """A graph as a module. Submodules nest by the trace's scopes, in the order of execution.

    The forward pass walks the nodes and frees each value after its last reader; activations overwrite their
    input where it has no other reader.
    """

    def __init__(self, graph: Graph, rates: dict[int, float]) -> None:
        super().__init__()
        self.outputs = tuple(graph.outputs)
        self._steps: list[_Step] = []
        overwriting = in_place(graph)
        last = _last_readers(graph)
        for index, node in enumerate(graph.nodes):
            if isinstance(node.op, ops.Input):
                continue
            function = operation(node, index in overwriting, rates.get(index, 0.0))
            computation = self._add(node.name, function) if isinstance(function, nn.Module) else function
            freed = tuple(source for source in set(node.inputs) if last[source] == index)
            self._steps.append(_Step(index, node.inputs, freed, computation))

    def _add(self, path: str, layer: nn.Module) -> tuple[nn.Module, str]:
        """Put the layer where its path says; returns its parent and its name there."""
        *scope, name = path.split(".")
        parent: nn.Module = self
        for part in scope:
            if part not in parent._modules:
                parent.add_module(part, nn.Module())
            parent = parent.get_submodule(part)
        parent.add_module(name, layer)
        return parent, name

    def forward(self, x: Tensor) -> Any:
        values: dict[int, Tensor] = {0: x}
        auxiliary = self.outputs[1:]
        for step in self._steps:
            values[step.index] = step(*[values[source] for source in step.inputs])
            for source in step.last:
                del values[source]
            if step.index == self.outputs[0] and not (auxiliary and self.training):
                return values[step.index]
        return values[self.outputs[0]], [values[output] for output in auxiliary]

    def values(self, x: Tensor) -> dict[int, Tensor]:
        """What every node computes, by node index; nothing is overwritten."""
        values: dict[int, Tensor] = {0: x}
        for step in self._steps:
            values[step.index] = step(*[values[source].clone() for source in step.inputs])
        return values


def _last_readers(graph: Graph) -> dict[int, int]:
    """For each node the last that reads it; outputs are read after all."""
    last = {source: index for index, node in enumerate(graph.nodes) for source in node.inputs}
    return {**last, **dict.fromkeys(graph.outputs, len(graph.nodes))}
