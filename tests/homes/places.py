"""Homes that several tests look at, built once."""

from functools import cache

from vlm2.homes.build import build_home
from vlm2.homes.home import Home


@cache
def home(seed: int, rooms: int | None = None) -> Home:
    return build_home(seed, "train", rooms)
