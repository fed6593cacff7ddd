"""mini on the homes, killed thirty times at random moments and spread over processes: minutes, and the frozen parts."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from vlm2.evaluation.benchmarks.homes import SUITE

KILLS = 30
LINES = 6  # at most so many more answers before a kill


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """Return a function that starts `vlm2 eval homes --limit 6` into a folder of this name."""
    folder = tmp_path_factory.mktemp("runs")
    if not SUITE.pins.is_file():
        pytest.skip("the homes are not pinned yet: python tests/support/pin_homes.py --out runs/homes")

    def begin(name, *options):
        vlm2 = [sys.executable, "-c", "from vlm2.cli.main import main; main()"]
        command = [*vlm2, "eval", "homes", "--limit", "6", "--out", str(folder / name), *options]
        process = subprocess.Popen(command, start_new_session=True)
        return process, folder / name / "predictions.jsonl"

    return begin


@pytest.fixture(scope="module")
def whole(start):
    process, file = start("whole")
    assert process.wait() == 0
    return file.read_bytes()


def lines(file):
    return file.read_bytes().count(b"\n") if file.exists() else 0


@pytest.mark.full
def test_thirty_kills_change_nothing(start, whole):
    rng = random.Random(0)
    for _ in range(KILLS):
        process, file = start("broken")
        wanted, moment = lines(file) + rng.randint(0, LINES), rng.uniform(0, 2)
        while process.poll() is None and lines(file) < wanted:
            time.sleep(0.02)
        time.sleep(moment)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    process, file = start("broken")
    assert process.wait() == 0
    assert file.read_bytes() == whole


@pytest.mark.full
def test_two_processes_give_what_one_gives(start, whole):
    process, file = start("two", "--workers", "2")
    assert process.wait() == 0
    assert file.read_bytes() == whole
