"""The guide's programs run as they are written, apart from the address, the camera and the video."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from toyclient import small_video

GUIDE = Path(__file__).resolve().parents[2] / "docs/how-to/serve.md"


def program(word: str) -> str:
    """The program of the guide that holds a word."""
    (found,) = [code for code in re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.S) if word in code]
    return found


@pytest.mark.parametrize("word", ["from openai", "cv2.VideoCapture"])
def test_programs_of_the_guide_run(served_store, tmp_path, word) -> None:
    address, store = served_store
    (tmp_path / "room.mp4").write_bytes(small_video())
    code = (
        program(word).replace("http://127.0.0.1:8765", address).replace("VideoCapture(0)", "VideoCapture('room.mp4')")
    )
    assert len(code.splitlines()) <= 32
    code = code.replace('model="mini"', 'model="toy"').replace("> 10 and", "> 0.0 and")
    for run in (1, 2):  # the second one meets the session of the first
        done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        if word == "from openai":
            assert len(done.stdout.splitlines()) == 2
        else:
            assert store.get("robot-1").counts.received == 28 * run


def test_the_robot_shows_why_it_is_refused(served_store, tmp_path) -> None:
    code = program("cv2.VideoCapture").replace("http://127.0.0.1:8765", served_store[0]).replace("robot-1", "Robot 1")
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and done.stderr.strip().startswith("'Robot 1' is no id of a session")
