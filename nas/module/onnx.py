"""A network as an ONNX file, compared with torch before it is handed over."""

from __future__ import annotations

import importlib.util
import json
import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from nas.module.files import Trained
from nas.module.loading import LoadedNetwork
from nas.storage.files import replacing
from search_spaces.errors import UserError

PACKAGES = ("onnx", "onnxscript", "onnxruntime")
OPSET = 18  # what torch's exporter writes by itself
INPUT, OUTPUT = "images", "logits"
BATCHES = (1, 3)  # compared; 3 shows that the batch is free
MAX_BYTES = 2 * 10**9  # an ONNX file is one protobuf message of less than 2 GiB

# Largest difference allowed, in shares of the largest logit. Both sides compute in float32 (24 bits, 6e-8) but sum
# in other orders and merge batch norms into convolutions: a few hundred roundings, 1e-6 to 2e-5 as measured on
# known networks. A wrong padding, weight or order of channels changes logits by 1e-2 and more.
TOLERANCE = 1e-4


class ExportFailed(RuntimeError):
    """The exported file does not compute what torch computes."""


@dataclass(frozen=True)
class Exported:
    """The network ``name`` at ``image_size`` pixels as the file ``path``; without weights it has random ones.

    ``absolute`` is the largest difference between logits of onnxruntime and torch, ``relative`` the same in shares of
    the largest logit. ``spread``: how far logits of different images lie apart, in the same shares; where it is near 0
    the comparison says little. ``normalised``: the file takes pixels of 0 to 255.
    """

    name: str
    image_size: int
    random_weights: bool
    path: Path
    bytes: int
    opset: int
    absolute: float
    relative: float
    spread: float
    normalised: bool


class Pixels(nn.Module):
    """A network behind its normalisation: takes float32 pixels (N, C, H, W) of 0 to 255."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, network: nn.Module, trained: Trained) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.tensor(trained.mean).view(1, -1, 1, 1))
        self.register_buffer("deviation", torch.tensor(trained.deviation).view(1, -1, 1, 1))

    def forward(self, x: Tensor) -> Any:
        return self.network((x - self.mean) / self.deviation)


def write_onnx(module: nn.Module, example: Tensor, path: Path, opset: int) -> None:
    """Write any ``module`` of an ``example`` (N, C, H, W), N free, as torch's exporter does."""
    with _quiet():
        torch.onnx.export(
            module,
            (example,),
            path,
            input_names=[INPUT],
            output_names=[OUTPUT],
            opset_version=opset,
            dynamo=True,
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            external_data=False,
            verbose=False,
        )


def export_onnx(
    network: LoadedNetwork,
    path: Path,
    opset: int = OPSET,
    write: Callable[[nn.Module, Tensor, Path, int], None] = write_onnx,
) -> Exported:
    """Write a network (float32, on the CPU) as ONNX: ``images`` (N, in_channels, image_size, image_size) to
    ``logits`` (N, classes), N free.

    Where it is known what was trained, images are pixels of 0 to 255, normalised inside the file, which has classes,
    mean and deviation as its metadata. The file appears only once onnxruntime agrees with torch. Raises UserError for
    packages that are missing, an opset that cannot be written, a network too large or a path that cannot be written;
    ExportFailed where onnxruntime cannot load it or the outputs differ.
    """
    require("export", *PACKAGES)
    _check(network.module, opset)
    module = (Pixels(network.module, network.trained) if network.trained else network.module).eval()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            draft = Path(file.name)
            write(module, _images(network, 2), draft, opset)
            _describe(draft, network, opset)
            absolute, relative, spread = _compared(module, network, draft)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}") from None
    return Exported(
        name=network.name,
        image_size=network.architecture.image_size,
        random_weights=network.weights is None,
        path=path,
        bytes=path.stat().st_size,
        opset=opset,
        absolute=absolute,
        relative=relative,
        spread=spread,
        normalised=network.trained is not None,
    )


def require(purpose: str, *packages: str) -> None:
    """Raises UserError that names the packages of the extra ``onnx`` which are missing for a purpose."""
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise UserError(f'{purpose} needs {" and ".join(missing)}: pip install "nas-and-scaling[onnx]"')


def _check(module: nn.Module, opset: int) -> None:
    import onnx

    latest = onnx.defs.onnx_opset_version()
    if not OPSET <= opset <= latest:
        raise UserError(f"must be {OPSET} to {latest}, got {opset}", "opset")
    size = sum(tensor.numel() * tensor.element_size() for tensor in module.state_dict().values())
    if size > MAX_BYTES:
        raise UserError(f"the weights take {size:,} bytes; an ONNX file holds at most {MAX_BYTES:,}")


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporter's remarks on its own parts."""
    logger = logging.getLogger("onnxscript")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _describe(path: Path, network: LoadedNetwork, opset: int) -> None:
    """Put what a user of the file must know into its metadata, as JSON where it is no plain text."""
    import onnx

    model = onnx.load(path)
    written = next(entry.version for entry in model.opset_import if not entry.domain)
    if written != opset:
        raise UserError(f"torch can write this network only as opset {written}, not {opset}", "opset")
    pixels = "0 to 255" if network.trained else "as the weights expect them, normalised"
    about = {"input": f"RGB or grey, NCHW, float32, {pixels}", "image_size": str(network.architecture.image_size)}
    if network.trained:
        known = about.keys() | {"architecture"}
        facts = {name: value for name, value in network.trained.to_data().items() if name not in known}
        about |= {name: value if isinstance(value, str) else json.dumps(value) for name, value in facts.items()}
    onnx.helper.set_model_props(model, about)
    onnx.save(model, path)


def _compared(module: nn.Module, network: LoadedNetwork, path: Path) -> tuple[float, float, float]:
    """Largest difference, absolute and in shares of the largest logit, and the spread of the logits."""
    try:
        session = opened(path)
    except UserError as error:
        raise ExportFailed(str(error)) from None
    ours, theirs = [], []
    with torch.random.fork_rng([]), torch.inference_mode():
        torch.manual_seed(1)
        for batch in BATCHES:
            x = _images(network, batch)
            ours.append(module(x))
            theirs.append(logits(session, x))
    return judged(torch.cat(ours), torch.cat(theirs))


def opened(path: Path) -> Any:
    """The ONNX file as a session of onnxruntime on the CPU. Raises UserError for a file that it cannot load."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = torch.get_num_threads()
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own classes have no public base
        reason = str(error).splitlines()[0]
        raise UserError(f"onnxruntime {onnxruntime.__version__} cannot load the file: {reason}") from None


def logits(session: Any, x: Tensor) -> Tensor:
    """What a session of :func:`export_onnx`'s file says of images (N, C, H, W): logits (N, classes)."""
    return torch.from_numpy(session.run([OUTPUT], {INPUT: x.contiguous().numpy()})[0])


def judged(ours: Tensor, theirs: Tensor) -> tuple[float, float, float]:
    """Absolute and relative difference and spread of logits (N, classes); raises ExportFailed over the tolerance."""
    largest = float(ours.abs().max())
    absolute = float((ours - theirs).abs().max())
    spread = float((ours - ours[:1]).abs().max())
    scale = max(largest, torch.finfo(torch.float32).tiny)
    if not absolute <= TOLERANCE * scale:
        raise ExportFailed(
            f"onnxruntime and torch differ by {absolute:.3g}, the largest logit being {largest:.3g}; "
            f"at most {TOLERANCE:g} of it is allowed"
        )
    return absolute, absolute / scale, spread / scale


def _images(network: LoadedNetwork, batch: int) -> Tensor:
    """Random images: pixels of 0 to 255 where the network normalises them, else normal."""
    architecture = network.architecture
    shape = (batch, architecture.in_channels, architecture.image_size, architecture.image_size)
    return torch.randn(shape) if network.trained is None else torch.randint(0, 256, shape).float()
