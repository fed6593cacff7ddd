"""The package's own names: light to import, each from its room."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import vlm2


def test_every_name_is_there() -> None:
    assert set(vlm2.ROOMS) | {"__version__"} == set(vlm2.__all__)
    assert all(getattr(vlm2, name).__name__ == name for name in vlm2.ROOMS)
    with pytest.raises(AttributeError, match=r"no attribute 'Objects'; it has ObjectMap, Session"):
        _ = vlm2.Objects


def test_the_object_map_needs_no_torch() -> None:
    code = (
        "import sys, vlm2\n"
        "assert not {'vlm2.objects', 'vlm2.streaming', 'numpy', 'torch'} & set(sys.modules)\n"
        "print(vlm2.ObjectMap().ask('How many chairs are there?').sentence)\n"
        "assert not {'vlm2.streaming', 'torch', 'transformers'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "I have not seen a chair.\n"), done.stderr


@pytest.mark.parametrize(
    ("given", "spins"), [({}, "2000"), ({"GOMP_SPINCOUNT": "9"}, "9"), ({"OMP_WAIT_POLICY": "active"}, "None")]
)
def test_threads_that_wait_hardly_spin_unless_it_is_set_otherwise(given: dict[str, str], spins: str) -> None:
    own = {name: value for name, value in os.environ.items() if name not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")}
    code = "import os, vlm2; print(os.environ.get('GOMP_SPINCOUNT'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=own | given)
    assert (done.returncode, done.stdout) == (0, f"{spins}\n"), done.stderr
