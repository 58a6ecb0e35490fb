"""Who may import whom: arrows point down, no two files import each other, and heavy libraries have few users."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("search_spaces", "scaling", "nas")

# Rooms from the bottom to the top, and the third-party packages that each may import, at the top of a file or inside a
# function. A file is in the room of the longest name that fits; it imports from its own room and from those before it.
ROOMS: dict[str, set[str]] = {
    "search_spaces.errors": set(),
    "search_spaces.choice": set(),
    "search_spaces.values": set(),
    "search_spaces.network": set(),
    "search_spaces.space": set(),
    "search_spaces.counting": {"numpy"},
    "search_spaces.files": {"yaml"},
    "search_spaces.known": set(),
    "search_spaces": set(),
    "scaling": set(),
    "nas.machine": {"joblib", "threadpoolctl"},
    "nas.storage": set(),
    "nas.data": {"numpy", "PIL", "sklearn", "torchvision"},
    "nas.module": {"torch", "numpy", "fvcore", "safetensors", "onnx", "onnxruntime"},
    "nas.training": {"torch", "torchvision", "numpy", "scipy", "sklearn", "tensorboardX"},
    "nas.text": set(),
    "nas.study": {"optuna", "torch", "numpy", "scipy", "sklearn", "pandas", "ray", "submitit"},
    "nas.proxies": {"torch"},
    "nas.report": {"plotly", "pandas"},
    "nas.families": {"scipy"},
    "nas.search": set(),
    "nas": set(),
    "nas.cli": {"rich", "torch", "numpy"},
    "nas.__main__": set(),
}
ORDER = list(ROOMS)
BEHIND_ONE_FILE = ("fvcore", "onnx", "onnxruntime", "safetensors", "submitit", "tensorboardX", "yaml")


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {module_name(path): path for package in PACKAGES for path in ROOT.glob(f"{package}/**/*.py")}


def imports(path: Path) -> set[str]:
    """Modules that a file imports, anywhere in it, also where it only names types."""
    modules = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            modules |= {name if name in FILES else str(node.module) for name in names}
    return modules


IMPORTS = {module: imports(path) for module, path in FILES.items()}


def room_of(module: str) -> str:
    return max((room for room in ROOMS if f"{module}.".startswith(f"{room}.")), key=len)


@pytest.mark.parametrize("room", ROOMS)
def test_arrows_point_down(room):
    above = {
        f"{module} imports {other}"
        for module in FILES
        for other in IMPORTS[module] & FILES.keys()
        if room_of(module) == room and ORDER.index(room_of(other)) > ORDER.index(room)
    }
    assert not above


def test_no_files_import_each_other_in_a_circle():
    graph = {module: (IMPORTS[module] & FILES.keys()) - {module} for module in FILES}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" is imported by ".join(error.args[1]))


def test_third_party_packages_are_imported_where_they_may_be():
    known = sys.stdlib_module_names | set(PACKAGES)
    for module in FILES:
        for name in {name.partition(".")[0] for name in IMPORTS[module]} - known:
            assert name in ROOMS[room_of(module)], f"{module} imports {name}"


@pytest.mark.parametrize("package", BEHIND_ONE_FILE)
def test_a_package_that_could_be_exchanged_is_behind_one_file(package):
    users = {module for module, names in IMPORTS.items() if package in {name.partition(".")[0] for name in names}}
    assert len(users) == 1


def test_the_language_and_scaling_need_neither_torch_nor_numpy():
    program = (
        "import sys; from search_spaces import load, cost, save, digest, least; from scaling import scale, family\n"
        "from search_spaces.network.cost import layers\n"
        "family(load('efficientnet-b0')); least(load('mbconv'))\n"
        "cost(load('efficientnet-l2')); layers(load('senet-154'))\n"
        "print([name for name in ('torch', 'numpy', 'optuna', 'pandas', 'plotly') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_a_command_that_only_counts_starts_without_studies_and_pages():
    program = (
        "import sys; from nas.cli import main; main(['cost', 'efficientnet-b7', '--json'])\n"
        "print([name for name in ('yaml', 'nas.study', 'nas.report.page') if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stderr.strip() == "[]"
