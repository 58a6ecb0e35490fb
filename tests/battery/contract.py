"""What must hold for every block; ``check_block(MyBlock)`` holds a block of your own to it."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import MISSING, Field, fields
from itertools import product
from typing import Any

import torch

from nas.module.fvcore import fvcore_macs
from nas.module.network import build
from scaling.compound import compound
from search_spaces import Architecture, Block, Conv, Defaults, Stage, UserError, cost, digest
from search_spaces.files.codec import from_data, to_data
from search_spaces.files.strict_yaml import dump, parse
from search_spaces.network import ops
from search_spaces.network.architecture import trace_network
from search_spaces.network.graph import Graph
from search_spaces.network.heads import HEADS
from search_spaces.values import Value

MAX_DRAWS = 100
LINEAR = (ops.Conv, ops.Linear, ops.Add, ops.Concat, ops.Scale, ops.Gain, ops.Pool, ops.AdaptivePool, *ops.DROPS)
OUTS = (16, 48, None)  # widths of a stage: the first at which the block can be traced is taken


def check_block(block: type[Block], count: int = 20, seed: int = 0) -> None:
    """Hold ``count`` random networks of the block to every check; its fields take the examples of their rules.

    Raises AssertionError with what does not hold, UserError where no random network can be traced, and LookupError
    for a field without any example.
    """
    rng = random.Random(seed)
    for _ in range(count):
        network = _fitting(block, rng)
        for check in CHECKS:
            check(network)


def _fitting(block: type[Block], rng: random.Random) -> Architecture:
    """The first of many random networks whose fields fit together."""
    for _ in range(MAX_DRAWS - 1):
        with suppress(UserError):
            return random_network(block, rng)
    return random_network(block, rng)


def random_network(block: type[Block], rng: random.Random) -> Architecture:
    """A small network: a strided stage of the block, an unstrided one, any head and defaults.

    Raises UserError where the fields drawn do not fit together, LookupError for a field without any example.
    """
    stages = [
        {"block": _random(block, rng), "stride": rng.choice((1, 2)), "repeats": rng.choice((1, 2))},
        {"block": _random(block, rng)},
    ]
    network = {
        "image_size": rng.randint(11, 16),
        "classes": 5,
        "stem": (Stage(Conv(), out=16),),
        "head": _random(rng.choice(tuple(HEADS.values())), rng),
        "defaults": _random(Defaults, rng),
    }
    reason = UserError(f"no stage of {block.kind} can be traced")
    for outs in product(OUTS, repeat=2):
        try:
            rows = tuple(Stage(**stage, out=out) for stage, out in zip(stages, outs, strict=True))
            architecture = Architecture(**network, stages=rows)
            trace_network(architecture)
            return architecture
        except UserError as error:
            reason = error
    raise reason


def _random(kind: type[Value], rng: random.Random) -> Any:
    examples = {field.name: examples_of(field) for field in fields(kind)}
    for name, values in examples.items():
        if not values:
            raise LookupError(f"{kind.kind}.{name} has no examples to try it with: say some, ruled(…, examples=(…))")
    return kind(**{name: rng.choice(values) for name, values in examples.items()})


def examples_of(field: Field[Any]) -> tuple[Any, ...]:
    """A few values that the field may hold: its own, or its default and those of its rule."""
    if field.metadata.get("examples") is not None:
        return tuple(field.metadata["examples"])
    default = () if field.default is MISSING else (field.default,)
    return tuple(dict.fromkeys((*default, *getattr(field.metadata.get("rule"), "examples", ()))))


def check_counts(network: Architecture) -> None:
    """Parameters, multiply-adds and the shape of every node equal those of torch and fvcore, exactly."""
    module = build(network).eval()
    x = _images(network)
    nodes = trace_network(network).nodes
    with torch.no_grad():
        _equal("shape of the outputs", tuple(module(x).shape), (len(x), network.classes))
        shapes = {index: tuple(value.shape[1:]) for index, value in module.values(x).items()}
    _equal("shapes", {index: node.shape for index, node in enumerate(nodes)}, shapes)
    _equal("parameters", cost(network).params, sum(weight.numel() for weight in module.parameters()))
    _equal("multiply-adds", cost(network).macs, fvcore_macs(network).macs)
    _equal("parameters of the nodes", sum(node.params for node in nodes), cost(network).params)
    _equal("multiply-adds of the nodes", sum(node.macs for node in nodes), cost(network).macs)


def check_files(network: Architecture) -> None:
    """A file gives the same value, hash and digest back."""
    kinds = {block.kind: type(block) for stage in network.stages for block in stage.sequence}
    again = from_data(parse(dump(to_data(network))), kinds)
    _equal("what a file holds", (again, hash(again)), (network, hash(network)))
    _equal("digest", digest(again), digest(network))  # type: ignore[arg-type]


def check_image_sizes(network: Architecture) -> None:
    """Nodes and weights are the same at every image size."""

    def nodes(size: int) -> list[Any]:
        return [(node.op, node.inputs, node.weights) for node in trace_network(network.at(size)).nodes[1:]]

    for size in (24, 33):
        _equal(f"nodes at {size} px", nodes(size), nodes(network.image_size))


def check_scaling(network: Architecture) -> None:
    """A wider and a deeper network, on larger images, can be traced and has no fewer parameters."""
    for depth, width in ((2, 1), (1, 1.3), (1, 2)):
        scaled = compound(network, depth, width, resolution=4)
        if cost(scaled).params < cost(network).params:
            raise AssertionError(f"depth × {depth} and width × {width} lose parameters: {network}")


def check_gradients(network: Architecture) -> None:
    """Gradients reach every parameter, but for a bias whose constant a later norm takes away.

    Smaller and smaller weights are tried: an activation may be flat where its inputs are large or negative.
    """
    module = build(network, dropout=0.0, drop_path=0.0).double().train()
    x = _images(network, 4).double()
    silent = {name for name, _ in module.named_parameters()} - _vanishing_biases(trace_network(network))
    for attempt in range(6):
        generator = torch.Generator().manual_seed(attempt)
        for weight in module.parameters():
            fan_in = weight[0].numel() if weight.dim() > 1 else 1
            weight.data.uniform_(0.1, 1.0, generator=generator).mul_(0.3**attempt / fan_in)
        module.zero_grad()
        outputs = module(x)
        (outputs * torch.randn(outputs.shape, generator=generator)).sum().backward()
        silent &= {name for name, weight in module.named_parameters() if weight.grad is None or not weight.grad.any()}
    _equal("parameters without a gradient", silent, set())


def _vanishing_biases(g: Graph) -> set[str]:
    """Biases between which and the next norm everything is linear: the norm subtracts them with the mean."""
    vanishing: dict[int, bool] = {}
    for index in reversed(range(len(g.nodes))):
        readers = [reader for reader, node in enumerate(g.nodes) if index in node.inputs]
        vanishing[index] = bool(readers) and all(
            _centres(g.nodes[reader].op) or (isinstance(g.nodes[reader].op, LINEAR) and vanishing[reader])
            for reader in readers
        )
    return {f"{g.nodes[index].name}.bias" for index, vanishes in vanishing.items() if vanishes}


def _centres(op: ops.Op) -> bool:
    return isinstance(op, ops.BatchNorm) or (isinstance(op, ops.Conv) and op.standardize is not None)


def check_layouts(network: Architecture) -> None:
    """channels_last changes nothing but rounding, and bfloat16 runs."""
    module, x = build(network).eval(), _images(network)
    with torch.no_grad():
        outputs = module(x)
        last = module.to(memory_format=torch.channels_last)(x.to(memory_format=torch.channels_last))
        half = module.to(torch.bfloat16)(x.to(torch.bfloat16))
    torch.testing.assert_close(last, outputs, rtol=1e-3, atol=1e-4)
    _equal("bfloat16", (half.dtype, bool(half.isfinite().all())), (torch.bfloat16, True))


def check_in_place(network: Architecture) -> None:
    """Activations in place change nothing: what they overwrite is not read again."""
    module, x = build(network).double().eval(), _images(network).double()
    with torch.no_grad():
        _equal("outputs", torch.equal(module(x.clone()), module.values(x)[module.outputs[0]]), True)


CHECKS: tuple[Callable[[Architecture], None], ...] = (
    check_counts,
    check_files,
    check_image_sizes,
    check_scaling,
    check_gradients,
    check_layouts,
    check_in_place,
)


def _images(network: Architecture, count: int = 2) -> torch.Tensor:
    shape = (count, network.in_channels, network.image_size, network.image_size)
    return torch.rand(shape, generator=torch.Generator().manual_seed(0))


def _equal(what: str, ours: Any, expected: Any) -> None:
    if ours != expected:
        raise AssertionError(f"{what}: {ours} is not {expected}")
