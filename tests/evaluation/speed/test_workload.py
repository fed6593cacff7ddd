"""A workload that is impossible is refused."""

from __future__ import annotations

import pytest

from vlm2.evaluation.speed.workload import Workload


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"frames": 0}, "frames must be above 0"),
        ({"fps": -1.0}, "fps must be above 0"),
        ({"pooling": 0}, "pooling must be above 0"),
        ({"dtype": "int3"}, "no dtype 'int3'"),
        ({"quantize": "2bit"}, "choose 8bit or 4bit"),
    ],
)
def test_impossible_values_are_explained(options, message):
    with pytest.raises(ValueError, match=message):
        Workload(**options)
