"""Files that would never end."""

from __future__ import annotations

import os

import pytest

from nas.module.files import load_weights
from search_spaces import UserError, load


def test_a_pipe_is_refused_before_it_is_read(tmp_path):
    for name, reader in (("net.yaml", lambda path: load(str(path))), ("net.safetensors", load_weights)):
        os.mkfifo(tmp_path / name)
        with pytest.raises(UserError, match=f"{name} is a pipe or a device, not a file"):
            reader(tmp_path / name)
