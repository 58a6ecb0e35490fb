"""Who may import whom: arrows point down only."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STDLIB = set(sys.stdlib_module_names)
# For each folder: first-party packages and third-party ones that its modules may import, at the top or inside.
TRAINING = {"nas.data", "nas.training", "nas.module", "nas.storage", "search_spaces"} | {
    *("numpy", "torch", "sklearn", "scipy", "torchvision", "tensorboardX")
}
MAY = {
    "search_spaces": {"search_spaces", "yaml"},
    "search_spaces/counting": {"search_spaces", "numpy"},
    "scaling": {"scaling", "search_spaces"},
    "nas/data": {"nas.data", "nas.storage", "search_spaces", "numpy", "PIL", "sklearn", "torchvision"},
    "nas/training": TRAINING,
    "nas/storage": {"nas.storage", "search_spaces"},
    "nas/study": {*TRAINING, "nas.conduct", "nas.study", "optuna"},
    "nas/report": {
        "nas.report",
        "nas.study",
        "nas.storage",
        "nas.training.reference",
        "search_spaces",
        "scaling",
        "pandas",
        "plotly",
    },
    "nas/cli": {"nas", "search_spaces", "scaling", "rich", "torch", "numpy", "PIL"},
}


def imported(path: Path) -> set[str]:
    """Modules that a file names in its imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


@pytest.mark.parametrize("folder", MAY)
def test_arrows_point_down(folder):
    inner = [ROOT / other for other in MAY if other.startswith(f"{folder}/")]
    files = [path for path in (ROOT / folder).rglob("*.py") if not any(map(path.is_relative_to, inner))]
    assert files
    for path in files:
        for module in imported(path):
            fits = module.split(".")[0] in STDLIB or any(
                module == own or module.startswith(f"{own}.") for own in MAY[folder]
            )
            assert fits, f"{path.relative_to(ROOT)} imports {module}"


def test_optuna_only_in_study_and_plotly_only_in_report():
    for path in ROOT.glob("nas/**/*.py"):
        roots = {module.split(".")[0] for module in imported(path)}
        assert "optuna" not in roots or path.is_relative_to(ROOT / "nas/study"), path
        assert "plotly" not in roots or path.is_relative_to(ROOT / "nas/report"), path


def test_onnx_only_in_export():
    for path in ROOT.glob("nas/**/*.py"):
        roots = {module.split(".")[0] for module in imported(path)}
        assert not roots & {"onnx", "onnxscript", "onnxruntime"} or path == ROOT / "nas/module/onnx.py", path


def test_the_language_and_scaling_need_neither_torch_nor_numpy():
    program = (
        "import sys; from search_spaces import load, cost, save, digest, least; from scaling import scale, family\n"
        "from search_spaces.network.cost import layers\n"
        "family(load('efficientnet-b0')); least(load('mbconv'))\n"
        "cost(load('efficientnet-l2')); layers(load('senet-154'))\n"
        "print([name for name in ('torch', 'numpy', 'optuna', 'pandas', 'plotly') if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert told.stdout.strip() == "[]"
