"""A network with the weights that a command line names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nas.cli.parser import Parser
from nas.module.loading import ARCH_HELP, BLOCKS_HELP, load_architecture, weights_of
from search_spaces.errors import UserError

if TYPE_CHECKING:
    from nas.module.files import State, Trained
    from nas.module.network import Network
    from nas.training.settings import Settings
    from search_spaces import Architecture


@dataclass(frozen=True, eq=False)
class Weighted:
    """``module`` is ``architecture`` in evaluation mode with its weights, on the CPU; ``trained`` says what they
    were trained as, where their file does."""

    name: str
    architecture: Architecture
    module: Network
    path: Path
    trained: Trained | None


def add_options(p: Parser) -> None:
    """`ARCH`, `--weights` and `--blocks`."""
    p.add_argument("network", metavar="ARCH", help=ARCH_HELP)
    p.add_argument(
        "--weights", type=Path, metavar="FILE", help="safetensors or checkpoint; by default those in the folder ARCH"
    )
    p.add_argument("--blocks", metavar="MODULE", help=BLOCKS_HELP)


def add_device(p: Parser) -> None:
    """`--device`."""
    p.add_argument(
        "--device", default="auto", metavar="D", help="auto, cpu or cuda; auto takes a GPU where there is one"
    )


def find_weights(source: str, weights: Path | None) -> Path:
    """The file named by `--weights`, or the one in the folder ``source``; raises UserError where there is none."""
    found = weights or weights_of(source)
    if found is None:
        raise UserError(f"{source} comes without weights; --weights names a file of them")
    return found


def load_weighted(
    source: str,
    weights: Path,
    blocks: str | None = None,
    *,
    image_size: int | None = None,
    classes: int | None = None,
) -> Weighted:
    """The network ``source`` with ``weights``, as trained; ``image_size`` replaces the trained one's.

    Where the file does not say what was trained, ``source`` is taken with ``classes`` instead. Raises UserError
    where the weights are not those of ``source``.
    """
    from nas.module.files import fit_weights, load_weights
    from nas.module.network import build
    from search_spaces.files.load import outside_blocks

    name, architecture = load_architecture(source, blocks)
    state, trained = load_weights(weights)
    architecture = architecture.at(classes=len(trained.classes) if trained else classes)
    try:
        if trained is not None:
            _check_same(architecture, state)
            architecture = trained.network(outside_blocks(blocks))
        architecture = architecture.at(image_size)
        module = build(architecture)
        fit_weights(module, state)
    except UserError as error:
        raise UserError(f"{weights} does not fit {source}: {error}") from None
    return Weighted(name, architecture, module.eval(), weights, trained)


def _check_same(architecture: Architecture, state: State) -> None:
    """Training may have changed strides and the image size, and nothing that the tensors tell of."""
    import torch

    from nas.module.files import fit_weights
    from nas.module.network import build

    with torch.device("meta"):
        module = build(architecture)
    fit_weights(module, {name: each.to("meta") for name, each in state.items()})


def settings_for(loaded: Weighted, device: str, batch: int) -> Settings:
    """Settings of an evaluation on a device; on a GPU in the precision that the network was trained in."""
    from dataclasses import replace

    from nas.training import Recipe
    from nas.training.settings import settings

    fixed = settings(Recipe("evaluation", epochs=1, batch=batch, image_size=loaded.architecture.image_size), device)
    on_gpu = fixed.device.startswith("cuda")
    return replace(fixed, dtype=loaded.trained.dtype) if loaded.trained and on_gpu else fixed
