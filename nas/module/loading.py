"""What a user may name: a known network, a file, the folder of a study or of a training; with weights or without."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nas.storage import layout
from search_spaces.errors import UserError

if TYPE_CHECKING:
    from nas.module.files import State, Trained
    from nas.module.network import Network
    from search_spaces import Architecture, Space


@dataclass(frozen=True, eq=False)
class LoadedNetwork:
    """``module`` is ``architecture`` in evaluation mode on the CPU, with the weights of the file ``weights`` (None:
    random ones); ``trained`` says what they were trained as, where their file does."""

    name: str
    architecture: Architecture
    module: Network
    weights: Path | None
    trained: Trained | None

    @property
    def image_size(self) -> int:
        return self.architecture.image_size

    @property
    def in_channels(self) -> int:
        return self.architecture.in_channels


def load_architecture(source: str | Path, blocks: str | None = None) -> tuple[str, Architecture]:
    """(name, architecture) of a known network, a file, a study folder (its base), or a folder of ``nas train``.

    ``blocks`` is a module whose table BLOCKS names further blocks. Raises UserError for anything else, a study
    without a base, and a space.
    """
    from search_spaces import Architecture, load
    from search_spaces.files.outside import outside_blocks

    value = load(str(_network_file(source)), blocks=outside_blocks(blocks))
    if not isinstance(value, Architecture):
        raise UserError(f"{source} is a space, not a network; `nas spaces {source}` describes it")
    path = Path(source)
    return path.resolve().name if path.is_dir() else path.stem if path.is_file() else str(source), value


def load_space(source: str | Path, blocks: str | None = None) -> Space:
    """A space from a ready space's name or a file. Raises UserError for anything else, and for a network."""
    from search_spaces import Space, load
    from search_spaces.files.outside import outside_blocks

    value = load(source, blocks=outside_blocks(blocks))
    if not isinstance(value, Space):
        raise UserError(f"{source} is a network, not a space; `nas cost {source}` describes it")
    return value


def load_network(
    source: str | Path,
    weights: str | Path | None = None,
    blocks: str | None = None,
    *,
    image_size: int | None = None,
    classes: int | None = None,
) -> LoadedNetwork:
    """The network ``source`` as it was trained, with the ``weights`` that :func:`weights_file` finds, or those in the
    folder ``source``.

    ``image_size`` (pixels) replaces that of the training; where a study trained its base at another size than that of
    its deployment, it must be given. Where neither the file nor the one beside it
    (:func:`nas.module.weights_info.weights_info`) says what was trained, ``source`` is taken, with so many ``classes``.
    Raises UserError where there are no weights, or those of another network.
    """
    from nas.module.files import fit_weights, load_weights
    from nas.module.network import build
    from nas.module.weights_info import weights_info
    from search_spaces.files.outside import outside_blocks

    path = weights_file(weights, source) if weights is not None else weights_of(source)
    if path is None:
        raise UserError(f"{source} comes without weights; --weights names a file of them")
    name, architecture = load_architecture(source, blocks)
    state, trained = load_weights(path)
    info = None if trained else weights_info(path)
    known = trained or info
    architecture = architecture.at(classes=len(known.classes) if known else classes)
    try:
        if trained is None:
            state = as_ours(str(source), architecture, state)
        _check_tensors(architecture, state)
        trained = info.trained(name, architecture) if info else trained
        deployed, architecture = architecture, trained.network(outside_blocks(blocks)) if trained else architecture
    except UserError as error:
        raise UserError(f"{path} does not fit {source}: {error}") from None
    if image_size is None and _base_file(source) is not None:
        _check_deployed(path, deployed, architecture)
    architecture = architecture.at(image_size)
    module = build(architecture)
    fit_weights(module, state)
    return LoadedNetwork(name, architecture, module.eval(), path, trained)


def _check_deployed(weights: Path, deployed: Architecture, trained: Architecture) -> None:
    """Raise UserError where weights were trained at another image size than the base is for, or with other strides."""
    if deployed.at(classes=trained.classes) == trained:
        return
    side, searched = deployed.image_size, trained.image_size
    raise UserError(
        f"{weights} was trained at {searched} px, its base is for {side} px: `nas search … --final` or `nas train` "
        f"trains it there; --image-size {searched} takes it as it is"
    )


def as_ours(source: str, architecture: Architecture, state: State) -> State:
    """Weights of a library's own names under ours, where the source is a known network; others as they are. Raises
    UserError where the library's network computes something else."""
    from nas.module.libraries import LIBRARIES, translated

    if source not in LIBRARIES:
        return state
    with suppress(UserError):
        _check_tensors(architecture, state)
        return state
    try:
        return translated(source, architecture, state) or state
    except ValueError as error:
        raise UserError(str(error)) from None


def _check_tensors(architecture: Architecture, state: State) -> None:
    """Raises UserError for tensors of another network; training may have changed strides and the image size."""
    import torch

    from nas.module.files import fit_weights
    from nas.module.network import build

    with torch.device("meta"):
        module = build(architecture)
    fit_weights(module, {name: tensor.to("meta") for name, tensor in state.items()})


def weights_file(weights: str | Path, source: str | Path) -> Path:
    """The file that ``weights`` names: itself, that in the folder of a study or of a training, or, by the name of a
    library, its weights of the known network ``source``. Raises UserError where there are none."""
    from nas.module.library_weights import DOWNLOAD, library_file

    if str(weights) in DOWNLOAD:
        return library_file(str(source), str(weights))
    path = Path(weights)
    if not path.is_dir():
        return path
    file = weights_of(path)
    if file is None:
        best = f"; {path / layout.BEST} are its best so far" if (path / layout.BEST).is_file() else ""
        raise UserError(f"{path} holds no weights: no training or search has finished there{best}", "weights")
    return file


def weights_of(source: str | Path) -> Path | None:
    """The weights that a folder holds: those of a study's base, or of a training; or those of the base whose file in a
    study this is; None without any."""
    from search_spaces.files.codec import read

    base, name = _base_file(source), None
    folder = Path(source) if base is None else base.parent
    if base is None:
        name = layout.WEIGHTS if (folder / layout.NETWORK).is_file() else None
    else:
        provenance = read(base).get("provenance")
        name = provenance.get("weights") if isinstance(provenance, dict) else None
    path = folder / name if isinstance(name, str) else None
    return path if path is not None and path.is_file() else None


def _base_file(source: str | Path) -> Path | None:
    """The file of a study's base, where ``source`` is the study or one of these files."""
    path = Path(source)
    if path.is_dir():
        return path / layout.BASE if (path / layout.BASE).is_file() else None
    is_base = path.name.partition(".")[0].partition("-")[0] == layout.BASE.partition(".")[0]
    return path if is_base and path.is_file() and (path.parent / layout.STUDY).is_file() else None


def latest_base(root: Path = Path("studies")) -> str | None:
    """Folder of the study that finished last under ``root``, of those that trained networks on images, not those of a
    user's own function; or None where no study has a base yet."""
    bases = sorted(root.glob(f"*/{layout.BASE}"), key=lambda path: (path.stat().st_mtime_ns, str(path)))
    return next((str(path.parent) for path in reversed(bases) if not _is_evaluated(path.parent)), None)


def _is_evaluated(study: Path) -> bool:
    """Whether the study's scores are those of a user's own function."""
    from search_spaces.files.codec import read

    path = study / layout.STUDY
    return path.is_file() and read(path).get("evaluator") is not None


def _network_file(source: str | Path) -> str | Path:
    """The file of the network in a folder; what is no folder stays as it is."""
    folder = Path(source)
    if not source or not folder.is_dir():
        return source
    for name in (layout.BASE, layout.NETWORK):
        if (folder / name).is_file():
            return folder / name
    raise UserError(f"{source}: a folder without {layout.BASE}: it is no study, or its search has not finished")
