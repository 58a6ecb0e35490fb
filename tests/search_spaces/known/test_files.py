"""Known networks and spaces that are files: each is named in its table, and none lies there unnamed."""

from __future__ import annotations

from pathlib import Path

import pytest

import search_spaces.known
from search_spaces import Architecture, Space
from search_spaces.files.codec import load_file
from search_spaces.known.networks import NETWORKS, network
from search_spaces.known.spaces import SPACES, space

KNOWN = Path(search_spaces.known.__file__).parent
NETWORK_FILES = sorted(path for path in (KNOWN / "networks").glob("*.yaml") if path.stem != "published")
SPACE_FILES = sorted((KNOWN / "spaces").glob("*.yaml"))


@pytest.mark.parametrize("path", NETWORK_FILES, ids=lambda path: path.stem)
def test_a_networks_file_is_the_network_of_its_name(path):
    assert path.stem in NETWORKS
    assert isinstance(network(path.stem), Architecture)
    assert network(path.stem) == load_file(path)


def test_a_spaces_file_is_the_space_of_its_name():
    assert sorted(SPACES) == [path.stem for path in SPACE_FILES]
    for path in SPACE_FILES:
        assert isinstance(space(path.stem), Space)
        assert (space(path.stem).name, space(path.stem)) == (path.stem, load_file(path))


@pytest.mark.parametrize("path", [*NETWORK_FILES, *SPACE_FILES], ids=lambda path: path.stem)
def test_a_file_begins_with_what_it_is_and_its_source(path):
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# ")
