"""Linear algebra of large matrices with torch's threads: numpy has its own, which would go on spinning beside them."""

from __future__ import annotations

import numpy as np
import torch


def product(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Multiply matrices, or a matrix and a vector."""
    return (torch.from_numpy(first) @ torch.from_numpy(second)).numpy()


def solve(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solve linear equations. Raises LinAlgError for a singular matrix."""
    found, singular = torch.linalg.solve_ex(torch.from_numpy(matrix), torch.from_numpy(right))
    if singular:
        raise np.linalg.LinAlgError("The equations have no one solution.")
    return found.numpy()
