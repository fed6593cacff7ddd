"""The tutorial's loop over a camera runs as it is written, and does not wait for the model."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import numpy as np
from toyhome import seeing_toy

from vlm2.streaming import Session

TUTORIAL = Path(__file__).resolve().parents[2] / "docs/tutorials/live-camera.md"


class Camera:
    """Gives ten pictures, then none."""

    def __init__(self) -> None:
        self.left, self.ended = 10, threading.Event()

    def read(self) -> tuple[bool, np.ndarray | None]:
        if not self.left:
            self.ended.set()
            return False, None
        self.left -= 1
        return True, np.full((32, 48, 3), (200, 100, 0), np.uint8)


def test_a_camera_is_read_while_a_frame_is_watched(monkeypatch, capsys) -> None:
    (code,) = [code for code in re.findall(r"```python\n(.*?)```", TUTORIAL.read_text(), re.S) if "cv2" in code]
    camera, watched, observe = Camera(), [], Session.observe

    def slow(session: Session, image: np.ndarray, time: float) -> None:
        assert camera.ended.wait(20), "the camera is read meanwhile"
        watched.append(image)
        observe(session, image, time)

    loaded = seeing_toy()
    monkeypatch.setattr(Session, "observe", slow)
    monkeypatch.setattr("vlm2.load", lambda name: loaded, raising=False)
    monkeypatch.setattr("cv2.VideoCapture", lambda number: camera)
    exec(code, {})
    assert len(watched) == 1 and watched[0][0, 0].tolist() == [0, 100, 200], "red and blue are in their places"
    assert capsys.readouterr().out.strip()
