"""Shared by all tests."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from hypothesis import settings

pytest_plugins = ["command"]

settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("ci")

DATA = Path(__file__).parent / "data"


def pytest_addoption(parser):
    parser.addoption("--blocks", help="Python module whose table BLOCKS names blocks of your own to test, too")


@pytest.fixture(autouse=True)
def one_thread():
    """Tests share two cores: a second thread per process makes all of them slower."""
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)


@pytest.fixture(scope="session")
def decoded_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("decoded")


@pytest.fixture(autouse=True)
def no_own_data(decoded_folder, monkeypatch):
    """Tests neither read nor fill the folders of the person who runs them."""
    monkeypatch.setenv("NAS_CACHE", str(decoded_folder))
    monkeypatch.setenv("NAS_DATA", str(decoded_folder / "no-data"))


@pytest.fixture(scope="session")
def library_counts():
    """Counts measured on the libraries' own models, by name of the network."""
    return json.loads((DATA / "library_counts.json").read_text())["networks"]


@pytest.fixture(scope="session")
def macro_rows():
    """200 rows of NAS-Bench-Macro: code to (parameters, multiply-adds)."""
    return json.loads((DATA / "nas_bench_macro_200.json").read_text())["rows"]
