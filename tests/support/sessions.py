"""What tests of sessions share: watching, and comparing what was seen and said."""

from __future__ import annotations

import numpy as np

from vlm2.streaming import Session
from vlm2.streaming.memory_file import pack

QUESTION = "How many chairs are in this room?"


def observe(session: Session, images: np.ndarray, start: int = 0) -> Session:
    """Show a session frames, two a second."""
    for index, image in enumerate(images, start):
        session.observe(image, index / 2)
    return session


def contents(session: Session) -> tuple:
    """All that a session has seen, in a form that can be compared bit for bit."""
    tensors, record = pack(session._stream)
    values = {k: (str(v.dtype), tuple(v.shape), v.numpy().tobytes()) for k, v in tensors.items()}
    return values, record


def told(session: Session) -> tuple:
    """What a session answers, without the time and the work it took."""
    answer = session.ask(QUESTION)
    return answer.text, answer.evidence
