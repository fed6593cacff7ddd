"""Recall: answers that follow from where and when the memory saw the named things, in words for the language model.

A small language model rarely gathers from some five hundred tokens where two things are and how far apart they are
[choice]. The recall finds the tokens that show a named thing; geometry gives distances and directions from their places
and times, and a small network gives counts.

Read in this order: `recognition` (what a token shows; trained), `object_evidence` (the tokens of a thing, and what
follows from their places and times), `counting` (how many there are; trained), `camera_path`, `question_parsing` (what
a question is about), `inference` (the answer that follows).
"""

from .camera_path import CameraPath
from .counting import Counting
from .inference import append_recalled, infer
from .object_evidence import ObjectEvidence
from .recognition import Recognition

__all__ = ["CameraPath", "Counting", "ObjectEvidence", "Recognition", "append_recalled", "infer"]
