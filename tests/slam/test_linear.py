"""Products and solutions are numpy's."""

import numpy as np
import pytest

from vlm2.slam.linear import product, solve

MATRIX = np.random.default_rng(0).normal(size=(40, 40))


def test_products_and_solutions():
    right = MATRIX[0]
    np.testing.assert_allclose(product(MATRIX.T, MATRIX), MATRIX.T @ MATRIX, atol=1e-9)
    np.testing.assert_allclose(solve(MATRIX, right), np.linalg.solve(MATRIX, right), atol=1e-9)


def test_equations_without_one_solution_are_refused():
    with pytest.raises(np.linalg.LinAlgError):
        solve(np.zeros((3, 3)), np.ones(3))
