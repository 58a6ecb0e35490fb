from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Browser, program
from made_up_study import made_up

from nas.study import Study


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """The made-up study in a folder of its own."""
    return made_up(tmp_path)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser without a window; skips where none is installed."""
    if program() is None:
        pytest.skip("no Chromium or Chrome on this machine, in which the page is opened")
    opened = Browser(tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()
