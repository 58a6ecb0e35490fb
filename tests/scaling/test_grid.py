from __future__ import annotations

import pytest

from scaling import Coefficients, read_coefficients
from scaling.coefficients import coefficients_data
from scaling.grid import grid
from search_spaces import UserError
from search_spaces.files.strict_yaml import dump


@pytest.mark.parametrize("step", [0.05, 0.1, 0.2])
def test_every_point_of_the_grid_doubles_the_cost_within_the_tolerance(step):
    points = grid(step, 0.1)
    assert len(set(points)) == len(points)
    for c in points:
        assert abs(c.nominal - 2) <= 0.1 + 1e-9
        assert all(
            round(value / step * 1e6) % 1e6 == round(1 / step * 1e6) % 1e6 for value in (c.alpha, c.beta, c.gamma)
        )


def test_the_published_coefficients_are_a_point_of_the_default_grid():
    assert Coefficients(1.2, 1.1, 1.15) in grid()
    assert {Coefficients(2, 1, 1), Coefficients(1, 1.4, 1), Coefficients(1, 1, 1.4)} <= set(grid())


@pytest.mark.parametrize(
    ("step", "tolerance", "message"),
    [(0, 0.1, "step: must be a number from 0.01"), (0.1, 1, "tolerance: must be"), (0.01, 0.1, ".* has .* points")],
)
def test_wrong_grids_are_refused(step, tolerance, message):
    with pytest.raises(UserError, match=f"^{message}"):
        grid(step, tolerance)


def test_a_file_of_coefficients_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text(dump(coefficients_data(Coefficients(1.3, 1.1, 1.05), {"study": "mine"})))
    assert read_coefficients(path) == Coefficients(1.3, 1.1, 1.05)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("alpha: 1.2\nbeta: 1.1\n", "gamma is missing"),
        ("{alpha: 0.9, beta: 1.1, gamma: 1}", "alpha: must be a number from 1 to 4, got 0.9"),
        ("{alpha: true, beta: 1.1, gamma: 1}", "alpha: must be a number from 1 to 4, got True"),
    ],
)
def test_a_wrong_file_of_coefficients_is_named(tmp_path, text, message):
    path = tmp_path / "c.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=f"c.yaml: {message}"):
        read_coefficients(path)
