from __future__ import annotations

from pathlib import Path

import pytest
from made_up_study import made_up

from nas.study import Study


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """The made-up study in a folder of its own."""
    return made_up(tmp_path)
