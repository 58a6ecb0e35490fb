"""What is installed is what is in the repository: the wheel holds every module and every file that they read."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("search_spaces", "scaling", "nas")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from a copy without what earlier builds left."""
    folder = tmp_path_factory.mktemp("wheel")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    build = "import sys; from setuptools.build_meta import build_wheel; print(build_wheel('.'))"
    done = subprocess.run([sys.executable, "-c", build], cwd=folder, capture_output=True, text=True, check=True)
    return folder / done.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The wheel unpacked in a folder that is not the repository."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as file:
        file.extractall(folder)
    return folder


def python(folder, *words):
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    command = [sys.executable, *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True).stdout


def test_every_file_of_the_packages_is_in_the_wheel(installed):
    for package in PACKAGES:
        files = {path.relative_to(ROOT) for path in (ROOT / package).rglob("*") if path.is_file()}
        missing = {str(path) for path in files if "__pycache__" not in path.parts and not (installed / path).is_file()}
        assert not missing


def test_the_commands_run_from_the_wheel(installed):
    assert python(installed, "-c", "import nas; print(nas.__file__)") == f"{installed / 'nas' / '__init__.py'}\n"
    assert "nas COMMAND [options]" in python(installed, "-m", "nas", "--help")
    assert json.loads(python(installed, "-m", "nas", "cost", "efficientnet-b0", "--json"))["macs"] == 385_814_752
    (entry,) = installed.glob("*.dist-info/entry_points.txt")
    assert "nas = nas.cli:main" in entry.read_text()
