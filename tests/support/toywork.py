"""Work for processes that other processes can import."""

import os


def squares(*numbers):
    for number in numbers:
        if number < 0:
            raise ValueError(f"{number} is below zero")
        yield number**2, os.getpid(), os.environ.get("OMP_NUM_THREADS")
