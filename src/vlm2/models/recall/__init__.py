"""Recall: what the memory holds of the things that a question names, told to the language model in words [choice].

A small language model finds it hard to gather from some five hundred tokens where two things are, and to compute how
far they are apart; the tokens say it plainly. So the memory's tokens are asked directly: those that show a named thing
give its places and times, from which distances and directions follow by geometry, and numbers by a small network.

Read in this order: `recognition` (what a token shows; trained), `recollection` (the tokens of a thing, and what follows
from their places and times), `counting` (how many there are; trained), `moments` (the camera's path), `reading`
(what a question asks for), `inference` (what is told for it), `vocabulary` (the names).
"""

from .camera_path import CameraPath
from .counting import Counting
from .inference import infer, told
from .object_evidence import Recollection
from .recognition import Recognition

__all__ = ["CameraPath", "Counting", "Recognition", "Recollection", "infer", "told"]
