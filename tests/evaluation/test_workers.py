"""Work in several processes: all results arrive, errors too."""

import os

import pytest
from toywork import squares

from vlm2.evaluation.workers import stream


def test_all_results_arrive_from_other_processes_of_one_thread():
    jobs = [tuple(range(start, start + 50)) for start in range(0, 500, 50)]
    found = list(stream(squares, jobs, workers=2))
    assert sorted(value for value, _, _ in found) == [number**2 for number in range(500)]
    assert os.getpid() not in {process for _, process, _ in found}
    assert {threads for _, _, threads in found} == {"1"}
    assert [value for value, _, _ in stream(squares, [(3,), (2,)], workers=1)] == [9, 4]


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_is_raised_here(workers):
    with pytest.raises(ValueError, match="-1 is below zero"):
        list(stream(squares, [(1, 2), (3, -1), (5,)], workers))
