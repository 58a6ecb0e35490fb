from __future__ import annotations

from pathlib import Path

import pytest
from made_up_study import made_up

from nas.report.source import Facts


@pytest.fixture
def facts(tmp_path: Path) -> Facts:
    """The made-up study in a folder of its own."""
    return made_up(tmp_path)
